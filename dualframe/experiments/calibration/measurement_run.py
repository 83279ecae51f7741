"""A run that measures something: a part of it is no measurement."""

from __future__ import annotations

from typing import Any

from dualframe.network import Network
from dualframe.results.results import Results
from dualframe.simulation.run import run


def run_measurement(network: Network, duration: Any, **options: Any) -> Results:
    """Run a network to its end.

    Parameters
    ----------
    network, duration, options
        As of `dualframe.run`.

    Raises
    ------
    KeyboardInterrupt
        If it was interrupted: `dualframe.run` returns what was simulated until then.
    """
    results = run(network, duration, progress=False, **options)
    if not results.provenance["completed"]:
        raise KeyboardInterrupt
    return results
