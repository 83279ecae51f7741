"""Names of the user that Brian2 or dualframe could make as well."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from brian2 import Hz, ms

import dualframe as df

from .attempts import EITHER, Case
from .calls import add_call, eq, go


def cases(place: Path) -> list[Case]:
    """Return the cases; what they start from is made in a place."""
    collected: list[Case] = []
    a = functools.partial(add_call, collected)

    def collide(id: str, call: Callable[[], Any]) -> None:
        def run() -> Any:
            found = call()
            n = int((found.spikes["population"] == "cells").sum())
            assert n > 0, "no spikes"
            return n

        a(f"collision/{id}", run, expect=EITHER)

    def cells() -> Any:
        return df.Population(name="cells", n=4, equations=eq, threshold="v > 1", reset="v = 0")

    def drive(name: str = "drive") -> Any:
        return df.PoissonInput(name, 4, 500 * Hz)

    def proj(name: str, source: str = "drive") -> Any:
        return df.Projection(
            source=source, target="cells", on_pre="v += 0.6", pairs="one_to_one", name=name
        )

    for name in (
        "cells_spikes",
        "drive",
        "cells",
        "cells_trace",
        "cells_pre",
        "drive_pre",
        "x_pre",
        "cells_thresholder",
        "cells_spike_thresholder",
        "N",
        "defaultclock",
        "magicnetwork",
    ):
        collide(
            f"projection_{name}",
            lambda name=name: go(
                df.Network([cells()], [drive()], [proj(name)]), 50 * ms, record={"cells": ["v"]}
            ),
        )
    for name in (
        "cells_spikes",
        "cells_trace",
        "cells_resetter",
        "cells_spike_resetter",
        "cells_stateupdater",
        "defaultclock",
    ):
        collide(
            f"input_{name}",
            lambda name=name: go(
                df.Network([cells()], [drive(name)], [proj("d2c", name)]),
                50 * ms,
                record={"cells": ["v"]},
            ),
        )
    return collected
