"""Agents that have learned: tables, weights, provenance; on disk a folder.

================  ==================================================================================
manifest.json     provenance, and what the other files hold; written last
trials.csv        a row per agent and trial (tasks with trials)
outcomes.csv      a row per agent
curves.csv        a row per agent and time (tasks without trials)
agents.h5         learned synapses: a group per projection with pre, post, weight and its unit
network.json      the network of one agent
task.json         the task
figures/*.png     learning curves, outcomes
================  ==================================================================================
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import pandas as pd

from dualframe.analysis.learning import learning_curve
from dualframe.catalogue.schema import Origin, Sourced
from dualframe.core.errors import OutputError
from dualframe.core.serialisation import decode, encode
from dualframe.network import Network
from dualframe.results.archive import DAMAGE, ensure_writable
from dualframe.task import Section, Task

FORMAT, FORMAT_VERSION = "dualframe agents", 1
_CLASSES = {kind.__name__: kind for kind in (Task, Section, Sourced, Origin)}
_TABLES = ("trials", "outcomes", "curves")


@dataclass(frozen=True, eq=False, repr=False)
class TrainedAgents:
    """Agents that have learned a task side by side.

    Attributes
    ----------
    task, network
        The task, and the network of one agent.
    n
        Number of agents.
    trials
        DataFrame (agent, trial, success, timed_out, duration_s, reward, ..., end_s); trials count
        from one. Empty for tasks without trials.
    outcomes
        DataFrame with a row per agent.
    curves
        DataFrame (agent, t_s, ...) of what a task without trials follows in time.
    weights
        DataFrame (pre, post, weight) by projection, of all agents together, in base units.
    weight_units
        Unit of the weights by projection.
    provenance
        As of `dualframe.Results`.
    """

    task: Task
    network: Network
    n: int
    trials: pd.DataFrame
    outcomes: pd.DataFrame
    curves: pd.DataFrame
    weights: Mapping[str, pd.DataFrame]
    weight_units: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def learning_curve(self, value: str = "success", **options: Any) -> pd.DataFrame:
        """Return quartiles over agents, trial by trial: see `dualframe.analysis.learning_curve`."""
        return learning_curve(self.trials, value, **options)

    def save(self, directory: str | Path, *, figures: bool = True) -> Path:
        """Write the agents into a folder; those that stand there are replaced.

        Raises
        ------
        OutputError
            If the folder cannot be written, or holds a manifest that dualframe did not write.
        """
        folder = ensure_writable(directory)
        try:
            _write(self, folder)
        except (OSError, RuntimeError) as problem:
            rescue = Path(tempfile.mkdtemp(prefix="dualframe-agents-"))
            _write(self, rescue)
            raise OutputError(
                f"cannot write into {str(folder)!r}: {problem}. The agents are in {rescue}."
            ) from problem
        if figures:
            from dualframe.training.figures import write_figures

            write_figures({self.task.condition: self}, folder / "figures")
        return folder

    def __repr__(self) -> str:
        task = self.task
        return f"<TrainedAgents: {self.n} of task {task.name!r}, modulators {task.condition}>"


def load_agents(directory: str | Path) -> TrainedAgents:
    """Read agents that `TrainedAgents.save` wrote.

    Parameters
    ----------
    directory
        The folder.

    Raises
    ------
    OutputError
        If there are no agents, or a file is missing or damaged.
    """
    folder = Path(directory).expanduser()
    manifest = _json(folder / "manifest.json")
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise OutputError(
            f"{str(folder)!r} holds no agents: expected a folder of `dualframe train --out`."
        )
    try:
        weights, units = _read_weights(folder / "agents.h5")
        tables = {name: _table(folder / f"{name}.csv") for name in _TABLES}
        return TrainedAgents(
            task=_read_task(folder / "task.json"),
            network=Network.from_dict(_json(folder / "network.json")),
            n=int(manifest["agents"]),
            weights=weights,
            weight_units=units,
            provenance=manifest["provenance"],
            **tables,
        )
    except DAMAGE as problem:
        raise OutputError(f"agents in {str(folder)!r} cannot be read: {problem}") from problem


def _write(agents: TrainedAgents, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".dualframe-") as name:
        aside = Path(name)
        for table in _TABLES:
            getattr(agents, table).to_csv(aside / f"{table}.csv", index=False)
        with h5py.File(aside / "agents.h5", "w") as file:
            for projection, weights in agents.weights.items():
                group = file.create_group(projection)
                group.attrs["unit"] = agents.weight_units.get(projection, "1")
                for column in ("pre", "post", "weight"):
                    group[column] = weights[column].to_numpy()
        _dump(aside / "network.json", agents.network.to_dict())
        _dump(aside / "task.json", encode(agents.task))
        facts = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "task": agents.task.name,
            "agents": agents.n,
            "modulators": list(agents.task.modulators),
            "heterogeneity": agents.task.heterogeneity,
            **{k: agents.provenance.get(k) for k in ("seed", "target", "completed", "command")},
            "provenance": dict(agents.provenance),
        }
        _dump(aside / "manifest.json", facts)
        for path in sorted(aside.iterdir(), key=lambda p: p.name == "manifest.json"):
            path.replace(folder / path.name)


def _dump(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, default=str), encoding="utf-8")


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise OutputError(f"{path} cannot be read: {problem}") from problem


def _read_task(path: Path) -> Task:
    task = decode(_json(path), _CLASSES)
    if not isinstance(task, Task):
        raise TypeError(f"{path.name} holds no task")
    return task


def _table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path) if path.stat().st_size > 1 else pd.DataFrame()


def _read_weights(path: Path) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    with h5py.File(path, "r") as file:
        weights = {
            name: pd.DataFrame({c: group[c][()] for c in ("pre", "post", "weight")})
            for name, group in file.items()
        }
        return weights, {name: str(group.attrs["unit"]) for name, group in file.items()}
