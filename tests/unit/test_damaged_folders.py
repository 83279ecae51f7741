"""Folders that were damaged, or written by somebody else: one error, or the same data."""

from __future__ import annotations

import copy
import json
import re
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from brian2 import ms, mV
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_task import small

import dualframe as df
from dualframe.core.errors import DualframeError, DualframeWarning, OutputError
from dualframe.network import Network, Population, Projection, SpikeInput
from dualframe.results.results import Results
from dualframe.training.agents import TrainedAgents
from dualframe.training.training_specification import TrainingSpecification

ABSURD = (None, "text", -1, 1e300, float("nan"), True, [], {"x": [1]})


def places_within(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all entries of a JSON file."""
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, item in items:
        yield (*path, key)
        if isinstance(item, (dict, list)):
            yield from places_within(item, (*path, key))


def damaged(data: Any, path: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Any:
    changed = copy.deepcopy(data)
    place = changed
    for step in path[:-1]:
        place = place[step]
    change(place, path[-1])
    return changed


def damaged_value(data: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        data = data[step]
    return data


def remove_entry(place: Any, key: Any) -> None:
    del place[key]


def replace_entry(value: Any) -> Callable[[Any, Any], None]:
    def change(place: Any, key: Any) -> None:
        place[key] = value

    return change


CHANGES = (remove_entry, *map(replace_entry, ABSURD))


# --- results ------------------------------------------------------------------------------------


def network_of_results() -> Network:
    cells = Population(
        "cells",
        3,
        "dV/dt = (20*mV - V)/(5*ms) : volt",
        threshold="V > 15*mV",
        reset="V = 0*mV",
        cell_type="toy",
    )
    learns = Projection(
        "drive",
        "cells",
        "V += w",
        name="learns",
        pairs="all_to_all",
        weight=1 * mV,
        plasticity=df.plasticity_rule("pair_stdp", w_max=2 * mV),
    )
    return Network((cells,), (SpikeInput("drive", 1, [0, 0], [1, 5] * ms),), (learns,))


@pytest.fixture(scope="module")
def results() -> Results:
    options: dict[str, Any] = {"record": {"cells": ["V"], "learns": ["w"]}, "progress": False}
    return df.run(network_of_results(), 30 * ms, target="runtime", seed=1, dt=1 * ms, **options)


@pytest.fixture(scope="module")
def saved(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return results.save(tmp_path_factory.mktemp("results") / "saved", figures=False)


def copied(folder: Path, name: str = "copy") -> Path:
    target = folder.parent / name
    shutil.rmtree(target, ignore_errors=True)
    return Path(shutil.copytree(folder, target))


def load_or_say(work: Callable[[], Any], folder: Path) -> Any:
    """Return what was loaded, or None where one clear line says why not."""
    try:
        return work()
    except OutputError as error:
        message = str(error)
    assert str(folder) in message
    assert "\n" not in message
    assert len(message) < 700
    return None


def loads_the_same(folder: Path, results: Results) -> bool:
    """Tell whether a folder is read as the same data; an error of ours is no data."""
    back = load_or_say(lambda: Results.load(folder), folder)
    if back is None:
        return False
    assert back.rates().equals(results.rates())
    assert back.state_lines() == results.state_lines()
    assert replace(back, provenance={}) == replace(results, provenance={})
    return True


def test_every_entry_of_a_manifest_is_checked(saved: Path, results: Results) -> None:
    assert len(results.spikes) > 3
    assert loads_the_same(saved, results)
    folder, text = copied(saved), (saved / "manifest.json").read_text()
    manifest, unchanged = json.loads(text), set()
    for path in places_within(manifest):
        for number, change in enumerate(CHANGES):
            if path[-1] in ("cell_type", "sign"):  # any text, and any sign, could be
                continue
            (folder / "manifest.json").write_text(json.dumps(damaged(manifest, path, change)))
            if loads_the_same(folder, results):
                unchanged.add((path[0], number))
    assert {entry for entry, number in unchanged if number == 0} <= {
        *("files", "format", "platform", "asked_s", "strict", "network", "results", "versions"),
    }


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00" * 99, b"[" * 100_000, b'{"a":' * 100_000, b"1" * 5000, b"null", b"[]"],
)
@pytest.mark.parametrize("name", ["manifest.json", "spikes.h5", "traces.h5", "weights.h5"])
def test_a_file_of_something_else_is_refused(
    saved: Path, results: Results, name: str, content: bytes
) -> None:
    folder = copied(saved)
    (folder / name).write_bytes(content)
    assert not loads_the_same(folder, results)


def names_within(path: Path) -> list[str]:
    names: list[str] = []
    with h5py.File(path) as file:
        file.visit(names.append)
    return names


def rewrite(file: h5py.File, name: str, values: Any) -> None:
    attributes = dict(file[name].attrs)
    del file[name]
    file[name] = values
    file[name].attrs.update(attributes)


def damages_of(file: h5py.File, name: str) -> list[Callable[[], object]]:
    """Return what can happen to a group or dataset."""
    attributes = [
        partial(file[name].attrs.__setitem__, attribute, value)
        for attribute in file[name].attrs
        for value in (7, "text", np.zeros(3), "volt**9**9**9", "__import__('os')")
    ]
    gone = [partial(file.__delitem__, name)]
    gone += [partial(file[name].attrs.__delitem__, key) for key in file[name].attrs]
    if isinstance(file[name], h5py.Group):
        return [*gone, *attributes, partial(rewrite, file, name, [1.0, 2.0])]
    values = file[name][()]
    others = [values[..., :-1], values[None], np.append(values.ravel(), 1e9), np.array(7.0)]
    others += [np.zeros(0), values.astype("S"), -1 - values.astype(np.int64), values + 10**6]
    others += [values * np.nan, np.full(values.shape, np.inf)]
    return [*gone, *attributes, *(partial(rewrite, file, name, other) for other in others)]


#: What could be so, for all that a file says: voltages and weights of any size, other synapses.
POSSIBLE = ("cells/V", "learns/weight", "learns/pre", "learns/post")


@pytest.mark.parametrize("name", ["spikes.h5", "traces.h5", "weights.h5"])
def test_every_dataset_is_checked(saved: Path, results: Results, name: str) -> None:
    for part in names_within(saved / name):
        with h5py.File(saved / name) as file:
            number_of_damages = len(damages_of(file, part))
        for number in range(number_of_damages):
            folder = copied(saved)
            with h5py.File(folder / name, "r+") as file:
                damages_of(file, part)[number]()
            try:
                loads_the_same(folder, results)
            except AssertionError:
                if part not in POSSIBLE:
                    raise


def test_a_file_cannot_claim_more_than_it_holds(saved: Path, results: Results) -> None:
    folder = copied(saved)
    with h5py.File(folder / "weights.h5", "r+") as file:
        del file["learns/weight"]
        file["learns"].create_dataset("weight", (10**12,), "f8", chunks=(1024,))
    assert not loads_the_same(folder, results)


# --- agents -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def agents(tmp_path_factory: pytest.TempPathFactory) -> TrainedAgents:
    task = small(tmp_path_factory.mktemp("task"))
    return df.train(task, seed=1, duration="0.3 s", target="runtime", progress=False)


@pytest.fixture(scope="module")
def kept_agents(agents: TrainedAgents, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return agents.save(tmp_path_factory.mktemp("agents") / "saved", figures=False)


def loads_the_same_agents(folder: Path, agents: TrainedAgents) -> bool:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        back = load_or_say(lambda: df.load_agents(folder), folder)
    if back is None:
        return False
    said = any("another network" in str(warning.message) for warning in caught)
    assert said or back.network.digest == agents.network.digest
    assert back.outcomes.equals(agents.outcomes)
    assert len(back.trials) == len(agents.trials)
    return True


def test_agents_hold_no_equations(kept_agents: Path, agents: TrainedAgents) -> None:
    assert loads_the_same_agents(kept_agents, agents)
    for path in kept_agents.glob("*.json"):
        assert "dt =" not in path.read_text()


TASK = ("type", "tables", "file", "modulators_set", "heterogeneity")


@pytest.mark.parametrize("name", ["manifest.json", "task.json"])
def test_every_entry_of_agents_is_checked(
    kept_agents: Path, agents: TrainedAgents, name: str
) -> None:
    folder, content = copied(kept_agents), json.loads((kept_agents / name).read_text())
    for entry in {"agents", "branch", "model", "versions", "agent_hash", *TASK} & {*content}:
        for change in CHANGES:
            (folder / name).write_text(json.dumps(damaged(content, (entry,), change)))
            loads_the_same_agents(folder, agents)


def test_a_task_of_agents_is_data(kept_agents: Path, tmp_path: Path) -> None:
    folder, content = copied(kept_agents), json.loads((kept_agents / "task.json").read_text())
    tables = json.loads(content["tables"])
    canary = tmp_path / "canary"
    text = f"__import__('pathlib').Path({str(canary)!r}).touch()"
    for path in places_within(tables):
        if not isinstance(damaged_value(tables, path), str):
            continue
        changed = damaged(tables, path, replace_entry(text))
        (folder / "task.json").write_text(json.dumps({**content, "tables": json.dumps(changed)}))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load_or_say(lambda: df.load_agents(folder), folder)
    assert not canary.exists()


@pytest.mark.parametrize("name", ["outcomes.csv", "trials.csv", "agents.h5"])
@pytest.mark.parametrize(
    "content", [b"", b"\xff\x00" * 99, b"agent\nx\n", b"agent\n-7\n", b"a,b\n1\n"]
)
def test_tables_of_agents_are_checked(
    kept_agents: Path, agents: TrainedAgents, name: str, content: bytes
) -> None:
    folder = copied(kept_agents)
    (folder / name).write_bytes(content)
    assert not loads_the_same_agents(folder, agents)
    (folder / name).unlink()
    with pytest.raises(OutputError, match=f"{name}' is missing: restore it"):
        df.load_agents(folder)


def cut(text: str) -> str:
    return "".join(text.splitlines(keepends=True)[:-1])


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("trials.csv", cut, "trials.csv' is damaged .it has 5 rows, 6 were saved"),
        ("trials.csv", lambda text: text.replace("\n0,1,1,", "\n0,1,7,"), "neither 0 nor 1"),
        ("trials.csv", lambda text: text.replace("\n1,3,", "\n0,4,"), "outcomes.csv says 3"),
        ("outcomes.csv", lambda text: text.replace("\n0,3,2,", "\n0,3,9,"), "9 successes in 3"),
        ("curves.csv", lambda text: "agent,t_s\n0,1\n", "it has 1 rows, 0 were saved"),
        ("curves.csv", lambda text: "", "curves.csv' is damaged"),
    ],
)
def test_tables_that_were_cut_or_changed_are_refused(
    kept_agents: Path, name: str, change: Callable[[str], str], message: str
) -> None:
    folder = copied(kept_agents)
    (folder / name).write_text(change((folder / name).read_text()))
    with pytest.warns(DualframeWarning, match="not as saved"), pytest.raises(OutputError) as caught:
        df.load_agents(folder)
    assert re.search(message, str(caught.value))


@pytest.mark.parametrize("column", ["agent", "trials", "last_success_rate"])
@pytest.mark.parametrize("value", ["", "text", "1e400", "-5", "inf"])
def test_numbers_of_agents_are_checked(
    kept_agents: Path, agents: TrainedAgents, column: str, value: str
) -> None:
    folder = copied(kept_agents)
    table = pd.read_csv(folder / "outcomes.csv").astype(object)
    table.loc[0, column] = value
    table.to_csv(folder / "outcomes.csv", index=False)
    possible = value == "" or (value == "-5" and column != "agent")
    try:
        assert not loads_the_same_agents(folder, agents)
    except AssertionError:
        if not possible:
            raise


def test_synapses_of_agents_are_checked(kept_agents: Path, agents: TrainedAgents) -> None:
    for part in names_within(kept_agents / "agents.h5"):
        with h5py.File(kept_agents / "agents.h5") as file:
            number_of_damages = len(damages_of(file, part))
        for number in range(number_of_damages):
            folder = copied(kept_agents)
            with h5py.File(folder / "agents.h5", "r+") as file:
                damages_of(file, part)[number]()
            loads_the_same_agents(folder, agents)


# --- descriptions -------------------------------------------------------------------------------


def check_descriptions(data: Any, rebuild: Callable[[Any], Any]) -> None:
    for path in places_within(data):
        for change in CHANGES:
            with suppress(DualframeError):
                rebuild(damaged(data, path, change))


def test_a_damaged_description_of_a_network_is_one_error(results: Results) -> None:
    check_descriptions(network_of_results().to_dict(), Network.from_dict)


def test_a_damaged_specification_is_one_error(agents: TrainedAgents) -> None:
    arguments = agents.provenance["arguments"]
    assert TrainingSpecification.from_dict(arguments).task == agents.task
    check_descriptions(arguments, TrainingSpecification.from_dict)


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck])
def test_any_bytes_are_damage_or_data(saved: Path, results: Results, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["manifest.json", "spikes.h5", "traces.h5", "weights.h5"]))
    folder = copied(saved)
    content = bytearray((folder / name).read_bytes())
    start = data.draw(st.integers(0, len(content) - 1))
    patch = data.draw(st.binary(min_size=0, max_size=40))
    content[start : start + data.draw(st.integers(0, 40))] = patch
    (folder / name).write_bytes(bytes(content))
    load_or_say(lambda: Results.load(folder), folder)
