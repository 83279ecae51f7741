"""Agents that have learned: tables, weights, provenance; on disk a folder.

================  ==================================================================================
manifest.json     provenance with the specification that `dualframe replay` repeats, the number of
                  rows of each table, and the SHA-256 of the other files; written last
trials.csv        a row per agent and trial (tasks with trials)
outcomes.csv      a row per agent
curves.csv        a row per agent and time (tasks without trials)
agents.h5         learned synapses: a group per projection with pre, post, weight and its unit
traces.h5         recorded variables of all agents side by side, as those of a run, if there are any
spikes.h5         recorded spikes, likewise
task.json         the task
figures/*.png     learning curves, outcomes
================  ==================================================================================

The network is built from the task again: no equation is stored, and none is read.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import pandas as pd
from matplotlib.figure import Figure

from dualframe.core.descriptions import decode
from dualframe.core.errors import CatalogueError, OutputError, UnknownName
from dualframe.core.json_files import COUNTS, SIZE, TABLE, TEXT, check_entries, optional, read_json
from dualframe.core.output_folder import added_output, check_output, replaced_output
from dualframe.core.output_manifest import FOLDERS, MANIFEST
from dualframe.core.serialisation import encode
from dualframe.core.text_views import table_as_html
from dualframe.core.user_paths import expand_user
from dualframe.core.user_warnings import warn_user
from dualframe.results.hdf5_files import note_weights_not_finite, read_synapses, read_unit
from dualframe.results.saved_results import PROVENANCE_ENTRIES, as_folder, reporting_damage
from dualframe.task import Task
from dualframe.training.agent_checks import check_files, check_synapses, check_tables
from dualframe.training.agent_figure import agent_overview
from dualframe.training.agent_record import AgentRecord
from dualframe.training.figures import write_figures
from dualframe.training.recorded_files import (
    SPIKES,
    TRACES,
    describe_recordings,
    read_recordings,
    write_recordings,
)
from dualframe.training.training_specification import SPECIFICATION_CLASSES

FORMAT, FORMAT_VERSION = "dualframe agents", 4
CONDITIONS_FORMAT = "dualframe conditions"
_HEAD = ("format", "format_version", "agents", "rows", "recorded", "files")
_ENTRIES = {
    "agents": SIZE,
    "branch": TEXT,
    "model": optional(TEXT),
    "arguments": TABLE,
    "rows": COUNTS,
    "recorded": TABLE,
}
_TABLES = ("trials", "outcomes", "curves")
#: The files of agents, without their figures.
FILES = (*(f"{table}.csv" for table in _TABLES), "agents.h5", "task.json", TRACES, SPIKES)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TrainedAgents(AgentRecord):
    """Agents that have learned a task side by side.

    Attributes
    ----------
    task, n, trials, outcomes, curves
        As in `dualframe.training.learning_record.LearningRecord`.
    weights
        DataFrame (pre, post, weight) by projection, of all agents together, in base units.
    weight_units
        Unit of the weights by projection.
    recorded
        Recorded variables and spikes, as the results of a run of all agents side by side: neuron
        ``i`` of agent ``k`` of a population of ``n`` has index ``k*n + i``.
    provenance
        As of `dualframe.Results`; ``arguments`` is the specification that repeats the training.
    folder
        Where they were read from; empty if they were not.
    """

    def plot(self, agent: int = 0) -> Figure:
        """Draw one agent, as `dualframe.plots.agent_overview` does.

        Parameters
        ----------
        agent
            Its number.
        """
        return agent_overview(self, agent)

    def save(self, directory: str | Path, *, figures: bool = True, force: bool = False) -> Path:
        """Write the agents into a folder.

        Parameters
        ----------
        directory
            The folder. Other files in it stay as they are.
        figures
            Whether learning curves are drawn too.
        force
            Whether an earlier output of dualframe in the folder is replaced, which it is whole.

        Raises
        ------
        OutputError
            If the folder cannot be written, holds an earlier output and ``force`` is not given, or
            a file of somebody else that has the name of one of these.
        """
        folder = check_output(directory, FILES, force=force)
        try:
            _write_folder(self, folder, force)
        except (OSError, RuntimeError) as problem:
            rescue = Path(tempfile.mkdtemp(prefix="dualframe-agents-"))
            _write_folder(self, rescue)
            raise OutputError(
                f"cannot write into {str(folder)!r}: {problem}. The agents are in {rescue}."
            ) from problem
        if figures:
            with added_output(folder) as stage:
                write_figures({self.task.condition: self}, stage / "figures")
        return folder

    def __repr__(self) -> str:
        task = self.task
        return f"<TrainedAgents: {self.n} of task {task.name!r}, modulators {task.condition}>"

    def _repr_html_(self) -> str:
        return table_as_html(repr(self).strip("<>"), self.outcomes)


def load_agents(directory: str | Path) -> TrainedAgents:
    """Read agents that `TrainedAgents.save` wrote; their network is built from their task.

    Parameters
    ----------
    directory
        The folder.

    Raises
    ------
    OutputError
        If there are no agents, or a file is missing or damaged: it names the file and the entry.
    """
    folder = as_folder(directory)
    manifest = _read_manifest(folder)
    check_files(folder, (*(f"{table}.csv" for table in _TABLES), "agents.h5", "task.json"))
    with reporting_damage(folder / "task.json"):
        task = _read_task(folder / "task.json")
    with reporting_damage(folder / "agents.h5"):
        weights, units = _read_weights(folder / "agents.h5")
    tables = {name: _read_table(folder / f"{name}.csv") for name in _TABLES}
    agents = TrainedAgents(
        task=task,
        n=manifest["agents"],
        trials=tables["trials"],
        outcomes=tables["outcomes"],
        curves=tables["curves"],
        weights=weights,
        weight_units=units,
        provenance={key: fact for key, fact in manifest.items() if key not in _HEAD},
        folder=str(folder.absolute()),
    )
    check_tables(agents, folder, manifest["rows"])
    with reporting_damage(folder / "manifest.json"):
        network = agents.network
    with reporting_damage(folder / "agents.h5"):
        check_synapses(network, agents.n, weights, units)
    _warn_of_another_network(agents)
    return replace(
        agents, recorded=read_recordings(folder, manifest["recorded"], network, agents.n)
    )


def _warn_of_another_network(agents: TrainedAgents) -> None:
    """Say so where the task's network is no longer the one that learned."""
    if agents.provenance.get("agent_hash") != agents.network.digest:
        version = agents.provenance["versions"].get("dualframe")
        warn_user(
            [
                f"task {agents.task.name!r} makes another network than the one that learned (with "
                f"dualframe {version}): numbers of the catalogue, or of a file, have changed."
            ]
        )


def holds_agents(manifest: str | Path) -> bool:
    """Tell whether a folder, or its ``manifest.json``, is one of agents.

    Parameters
    ----------
    manifest
        The folder or its manifest.
    """
    return _read_content(manifest).get("format") == FORMAT


def folders_of_conditions(folder: str | Path) -> list[Path]:
    """Return the folders of agents below one of several conditions; none if it is not one.

    Parameters
    ----------
    folder
        As `dualframe train --out` writes it.
    """
    content = _read_content(folder)
    names = content.get(FOLDERS) if content.get("format") == CONDITIONS_FORMAT else None
    places = [expand_user(folder) / str(name) for name in names or ()]
    return [place for place in places if holds_agents(place)]


def _read_content(manifest: str | Path) -> dict[str, Any]:
    """Return what a manifest says, or nothing where there is none."""
    path = expand_user(manifest)
    try:
        content = read_json(path if path.is_file() else path / MANIFEST)
    except OutputError:
        return {}
    return content if isinstance(content, dict) else {}


def _write_folder(agents: TrainedAgents, folder: Path, force: bool = False) -> None:
    with replaced_output(folder, force=force) as stage:
        for table in _TABLES:
            getattr(agents, table).to_csv(stage / f"{table}.csv", index=False)
        _write_weights(agents, stage / "agents.h5")
        write_recordings(agents.recorded, stage)
        _write_json(stage / "task.json", encode(agents.task))
        _write_json(stage / MANIFEST, _manifest_of(agents))


def _manifest_of(agents: TrainedAgents) -> dict[str, Any]:
    rows = {table: len(getattr(agents, table)) for table in _TABLES}
    head = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "agents": agents.n,
        "rows": rows,
    }
    return {**head, **agents.provenance, "recorded": describe_recordings(agents.recorded)}


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, default=str), encoding="utf-8")


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    manifest = read_json(path)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        conditions = sorted(str(path.parent) for path in folder.glob("*/agents.h5"))
        remedy = (
            f"give one of its conditions, {conditions}"
            if conditions
            else ("expected a folder of `dualframe train --out`")
        )
        raise OutputError(f"{str(folder)!r} holds no agents: {remedy}.")
    check_entries(manifest, {**PROVENANCE_ENTRIES, **_ENTRIES}, repr(str(path)))
    return manifest


def _read_task(path: Path) -> Task:
    try:
        return _decode_task(path)
    except CatalogueError as problem:
        if isinstance(unknown := problem.__cause__, UnknownName) and "environment" in str(unknown):
            raise OutputError(f"{str(path)!r} cannot be read here: {problem}") from problem
        raise


def _decode_task(path: Path) -> Task:
    task = decode(read_json(path), SPECIFICATION_CLASSES, "task")
    if not isinstance(task, Task):
        raise TypeError("it holds no task")
    task.with_modulators(*task.modulators).with_heterogeneity(task.heterogeneity)  # can they be?
    return task


def _read_table(path: Path) -> pd.DataFrame:
    with reporting_damage(path):
        if path.read_bytes().strip() == b"" and path.stat().st_size:
            return pd.DataFrame()  # a table without columns is an empty line
        return pd.read_csv(path, float_precision="round_trip")


def _write_weights(agents: TrainedAgents, path: Path) -> None:
    with h5py.File(path, "w") as file:
        for projection, weights in agents.weights.items():
            group = file.create_group(projection)
            group.attrs["unit"] = agents.weight_units.get(projection, "1")
            note_weights_not_finite(group, weights)
            for column in ("pre", "post", "weight"):
                group[column] = weights[column].to_numpy()


def _read_weights(path: Path) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    with h5py.File(path, "r") as file:
        weights = {name: read_synapses(group) for name, group in file.items()}
        return weights, {name: read_unit(group) for name, group in file.items()}
