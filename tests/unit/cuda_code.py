"""Writes and compiles the CUDA code of a network, on a machine that may have no device.

python cuda_code.py TARGET NETWORK PRECISION FOLDER [--spoil]

`cuda_without_device.cc` must be loaded before the driver. Sizes of blocks are given: their choice
would ask the driver what kernels need.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from brian2 import Hz, ms

import dualframe as df
from dualframe.core.errors import BuildError
from dualframe.targets.brian.raw_results import RunOptions
from dualframe.targets.genn import run as genn_run
from dualframe.targets.genn5 import compiled_models
from dualframe.targets.genn5.assemble_model import assemble_model, import_pygenn
from dualframe.targets.genn5.network_needs import find_needs
from dualframe.targets.genn5.visits import add_visits
from dualframe.targets.lowering.lower_network import lower_network
from dualframe.targets.lowering.lowered_network import LoweredNetwork
from dualframe.targets.lowering.poisson_counts import count_by_uniform_numbers

_LEAKY = "dv/dt = (drive - v)/(10*ms) : 1\ndx/dt = -x/(20*ms) : 1"
_NOISY = """
dv/dt = (rand() - v)/(10*ms) + 0.1*randn()/ms : 1
n = poisson(0.5) : 1 (constant over dt)
"""


def deterministic() -> df.Network:
    """Delays of every kind: of a spike, of what it brings, of a rule, of what reads a neuron.

    A sum takes two of GeNN's steps for one, and remainders and powers have two arguments.
    """
    cells = df.Population(
        "cells",
        30,
        f"{_LEAKY}\ntotal : 1",
        threshold="v + total > 1 + 0.01*(x**3 + (t % (5*ms))/ms)",
        reset="v = 0; x += 1",
        refractory=2 * ms,
        parameters={"drive": np.linspace(0.9, 1.3, 30)},
    )
    inputs = df.SpikeInput("inputs", 5, np.arange(20) % 5, np.arange(20) * ms)
    own = {"delay": np.linspace(0, 2, 30) * ms, "delay_groups": None}
    ring = {"pairs": (np.arange(30), (np.arange(30) + 7) % 30)}
    rule = df.Projection(
        "cells",
        "cells",
        "recent += 1; v += w",
        on_post="w = clip(w + 0.01*recent, 0, 1)",
        weight=0.1,
        equations="drecent/dt = -recent/(20*ms) : 1 (event-driven)",
        name="rule",
        **ring,
        **own,
    )
    projections = [
        df.Projection("inputs", "cells", "v += w", weight=0.2, pairs="all_to_all", name="input"),
        df.Projection("cells", "cells", "v += w", weight=0.1, name="outputs", **ring, **own),
        df.Projection("cells", "cells", "v += 0.1*(x_pre - v_post)", name="reads", **ring, **own),
        df.Projection(
            "cells", "cells", equations="total_post = 0.1*x_pre : 1 (summed)", name="sum", **ring
        ),
        rule,
    ]
    return df.Network((cells,), (inputs,), projections)


def noisy() -> df.Network:
    """Uniform and normal numbers, counts, and Poisson sources, all drawn on the device."""
    cells = df.Population(
        "cells",
        50,
        _NOISY,
        threshold="v > 1 + 0.1*n",
        reset="v = 0",
    )
    sources = df.PoissonInput("sources", 20, rate=40 * Hz, drawn="target")
    onto = df.Projection("sources", "cells", "v += w", weight=0.2, probability=0.3, name="onto")
    return df.Network((cells,), (sources,), (onto,))


def plain() -> df.Network:
    """Cells with a rule and a delay, as both packages take them."""
    cells = df.Population(
        "cells", 30, _LEAKY, threshold="v > 1", reset="v = 0; x += 1", parameters={"drive": 1.1}
    )
    rule = df.plasticity_rule("pair_stdp", w_max=1)
    among = df.Projection(
        "cells", "cells", "v += w", probability=0.2, weight=0.3, delay=1 * ms, plasticity=rule
    )
    return df.Network((cells,), (), (among,))


NETWORKS: Mapping[str, Callable[[], df.Network]] = {
    "plain": plain,
    "deterministic": deterministic,
    "noisy": noisy,
    "l23_dendrites": lambda: df.biological.build(df.circuit("l23").scaled(0.02)),
    "l23_points": lambda: df.task_driven.build(df.circuit("l23").scaled(0.02), model="glif"),
    "distal_reward": lambda: df.task_driven.build(df.task("distal_reward")),
}


def compile_with_pygenn(lowered: LoweredNetwork, precision: str, folder: Path) -> Path:
    """Return the library into which PyGeNN's CUDA code of a network was compiled.

    Parameters
    ----------
    lowered
        The network.
    precision
        ``"float64"`` or ``"float32"``.
    folder
        Where everything goes.
    """
    lowered = count_by_uniform_numbers(lowered)
    assembled = assemble_model(lowered, find_needs(lowered), backend="cuda", precision=precision)
    blocks = import_pygenn().cuda_backend.BlockSizeSelect.MANUAL
    assembled.model._preference_kwargs["block_size_select_method"] = blocks
    for _ in add_visits(assembled):
        pass
    compiled_models.build_model(assembled.model, folder, strict=True, use_gpu=True)
    return folder / f"{assembled.model.name}_CODE" / compiled_models.LIBRARY


class CompiledError(Exception):
    """Raised where a compiled program would run."""


def compile_with_brian2genn(lowered: LoweredNetwork, precision: str, folder: Path) -> Path:
    """Return the library into which Brian2GeNN's CUDA code of a network was compiled.

    Parameters
    ----------
    lowered
        The network.
    precision
        ``"float64"`` or ``"float32"``.
    folder
        Where everything goes.
    """
    from brian2genn.device import GeNNDevice

    select = ("device_select", "blocksize_select_method")
    manual = {f"devices.genn.cuda_backend.{name}": "MANUAL" for name in select}
    session = genn_run.brian_session

    def given_session(target: str, preferences: dict[str, Any], **options: Any) -> Any:
        return session(target, preferences | manual, **options)

    def keep_code(device: GeNNDevice, directory: str, *_: Any) -> None:
        shutil.copytree(directory, folder / "project")
        raise CompiledError

    options = RunOptions(strict=True, use_gpu=True, precision=precision)
    with (
        patch.object(genn_run, "missing_requirements", lambda use_gpu: []),
        patch.object(genn_run, "brian_session", given_session),
        patch.object(GeNNDevice, "run", keep_code),
        suppress(CompiledError),
    ):
        genn_run.run(lowered, options)
    return folder / "project" / "magicnetwork_model_CODE" / "librunner.so"


COMPILE = {"genn5": compile_with_pygenn, "genn": compile_with_brian2genn}


def main() -> None:
    """Print what the library is called, or why there is none."""
    target, name, precision, folder, *spoil = sys.argv[1:]
    lowered = lower_network(NETWORKS[name](), dt=0.1 * ms, duration=10 * ms, seed=1)
    seedless_source = compiled_models.seedless_source
    end = "\n#ifdef __CUDACC__\n#error spoilt\n#endif\n" if spoil else ""
    try:
        with patch.object(compiled_models, "seedless_source", lambda s: seedless_source(s) + end):
            library = COMPILE[target](lowered, precision, Path(folder))
        sys.stdout.write(f"{library}\n")
    except BuildError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
