"""Repeat the run of a manifest, and compare what both did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from dualframe.core.errors import OutputError
from dualframe.core.user_paths import expand_user
from dualframe.results.results import Results
from dualframe.simulation.run_specification import RunSpecification


@dataclass(frozen=True)
class Replay:
    """A run compared with the one that a manifest describes.

    Attributes
    ----------
    specification
        What was run.
    spikes
        Number of spikes of the earlier run.
    same_network
        Whether the description of the network is the same as then.
    first_difference
        Time (s) of the first spike that only one of them has; None if all are equal.
    versions
        Packages whose version has changed: ``{"brian2": ("2.9.0", "2.10.1")}``.
    """

    specification: RunSpecification
    spikes: int
    same_network: bool
    first_difference: float | None
    versions: Mapping[str, tuple[Any, Any]]


def replay(manifest: str | Path, progress: bool | None = None) -> Replay:
    """Repeat the run of a manifest with its seed and target, and compare the spikes.

    Parameters
    ----------
    manifest
        The ``manifest.json`` that ``dualframe run --out`` wrote, or its folder.
    progress
        As in `dualframe.run`.

    Raises
    ------
    OutputError
        If it cannot be read, or does not say how to repeat the run.
    DualframeError
        If this run was interrupted, or the other run's target does not exist here.
    """
    path = expand_user(manifest)
    before = Results.load(path.parent if path.name == "manifest.json" else path)
    arguments = before.provenance.get("arguments")
    if not isinstance(arguments, Mapping):
        raise OutputError(
            f"{str(path)!r} does not say how to repeat the run: only `dualframe run --out` "
            f"records its arguments."
        )
    specification = RunSpecification.from_dict(arguments)
    after = specification.run(progress)
    if not after.provenance["completed"]:
        raise KeyboardInterrupt
    return Replay(
        specification=specification,
        spikes=len(before.spikes),
        same_network=before.provenance["network_hash"] == after.provenance["network_hash"],
        first_difference=first_difference(before, after),
        versions=changed_versions(before.provenance["versions"], after.provenance["versions"]),
    )


def first_difference(before: Results, after: Results) -> float | None:
    """Return the time (s) of the first spike that one result has and the other has not.

    The end of ``before``, which may have been interrupted, is the end of the comparison.
    """
    columns = ["population", "neuron", "t"]
    tables = [result.spikes[columns].astype({"population": str}) for result in (before, after)]
    tables[1] = tables[1][tables[1]["t"] < before.duration]
    single = pd.concat(tables).drop_duplicates(keep=False)
    return None if single.empty else float(single["t"].min())


def changed_versions(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """Return the packages whose version has changed, with both versions.

    Parameters
    ----------
    before, after
        Versions by package; None stands for one that is not installed.
    """
    names: Sequence[str] = sorted({*before, *after})
    pairs = {name: (before.get(name), after.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
