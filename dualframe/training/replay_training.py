"""Repeat the training that a manifest describes, and compare what was learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from dualframe.core.errors import OutputError
from dualframe.core.user_paths import expand_user
from dualframe.simulation.replay_run import changed_versions
from dualframe.training.agents import TrainedAgents, load_agents
from dualframe.training.train import digest_weights, train_as_specified
from dualframe.training.training_specification import TrainingSpecification

_TABLES = ("trials", "outcomes", "curves")


@dataclass(frozen=True, kw_only=True)
class TrainingReplay:
    """A training compared with the one that a manifest describes.

    Attributes
    ----------
    specification
        What was trained.
    differences
        Tables and weights that are not the same: ``"trials"``, ``"weights of 'learned'"``.
    same_network
        Whether the description of the network is the same as then.
    versions
        Packages whose version has changed: ``{"brian2": ("2.9.0", "2.10.1")}``.
    """

    specification: TrainingSpecification
    differences: tuple[str, ...]
    same_network: bool
    versions: Mapping[str, tuple[Any, Any]]


def replay_training(manifest: str | Path, progress: bool | None = None) -> TrainingReplay:
    """Repeat the training of a manifest, with its seed and target, and compare.

    Parameters
    ----------
    manifest
        The ``manifest.json`` that `TrainedAgents.save` wrote, or its folder.
    progress
        As in `dualframe.run`.

    Raises
    ------
    OutputError
        If it cannot be read, was interrupted, or went on from agents that are not there any more.
    DualframeError
        If the other training's target does not exist here.
    """
    path = expand_user(manifest)
    before = load_agents(path.parent if path.name == "manifest.json" else path)
    if "arguments" not in before.provenance:
        raise OutputError(f"{str(path)!r} does not say how to repeat the training: train anew.")
    if not before.provenance["completed"]:
        raise OutputError(f"the training in {str(path)!r} was interrupted: there is no end.")
    specification = TrainingSpecification.from_dict(before.provenance["arguments"])
    after = train_as_specified(specification, progress, _load_earlier(specification))
    if not after.provenance["completed"]:
        raise KeyboardInterrupt
    facts = (before.provenance, after.provenance)
    return TrainingReplay(
        specification=specification,
        differences=tuple(_differences(before, after)),
        same_network=facts[0]["network_hash"] == facts[1]["network_hash"],
        versions=changed_versions(facts[0]["versions"], facts[1]["versions"]),
    )


def _load_earlier(specification: TrainingSpecification) -> TrainedAgents | None:
    """Return the agents that go on, as they were then."""
    if not specification.goes_on:
        return None
    if not specification.earlier_agents:
        raise OutputError(
            "these agents went on from others that had not been saved: replay the first training, "
            "and train its agents further."
        )
    earlier = load_agents(specification.earlier_agents)
    if digest_weights(earlier.weights) != specification.earlier_weights:
        raise OutputError(
            f"the agents in {specification.earlier_agents!r} are not those that went on: their "
            f"weights have changed since."
        )
    return earlier


def _differences(before: TrainedAgents, after: TrainedAgents) -> Iterator[str]:
    for name in _TABLES:
        text = getattr(after, name).to_csv(index=False)  # read as the earlier one was
        again = pd.DataFrame()
        if len(text) > 1:
            again = pd.read_csv(StringIO(text), float_precision="round_trip")
        if not _equal_tables(getattr(before, name), again):
            yield name
    for name in sorted({*before.weights, *after.weights}):
        missing = name not in before.weights or name not in after.weights
        if missing or not _equal_tables(before.weights[name], after.weights[name]):
            yield f"weights of {name!r}"
    traces = (before.recorded.traces, after.recorded.traces)
    for name in sorted({*traces[0], *traces[1]}):
        if traces[0].get(name) != traces[1].get(name):
            yield f"traces of {name!r}"
    for name in ("spikes", "dspikes"):
        if not getattr(before, name).equals(getattr(after, name)):
            yield name


def _equal_tables(before: pd.DataFrame, after: pd.DataFrame) -> bool:
    """Tell whether two tables are equal; an empty one has no columns in a file."""
    if before.empty and after.empty:
        return True
    try:
        pd.testing.assert_frame_equal(before, after, check_dtype=False, check_exact=True)
    except AssertionError:
        return False
    return True
