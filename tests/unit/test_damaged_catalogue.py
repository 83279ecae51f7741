"""Files of calibrations and fits that were damaged: one error that names the entry."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import tomli_w

import dualframe as df
from dualframe.building.calibrated_weights import load_calibration
from dualframe.catalogue import fitted_models
from dualframe.core.errors import DualframeError

SHIPPED = Path(df.__file__).parents[1] / "circuits" / "calibration" / "l23_human.toml"
ABSURD = ("text", -1.0, float("nan"), True, [], {"x": [1]}, "1e400 nS", "-3 nS", "9**9**9 nS")


def places_within(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, item in items:
        yield (*path, key)
        if isinstance(item, (dict, list)):
            yield from places_within(item, (*path, key))


def damages_of(data: Any) -> Iterator[Any]:
    """Yield copies of a table in which an entry is missing or is another."""
    for path in places_within(data):
        for value in (None, *ABSURD):
            changed = place = deepcopy(data)
            for step in path[:-1]:
                place = place[step]
            if value is None:
                del place[path[-1]]
            else:
                place[path[-1]] = value
            yield changed


def test_a_damaged_calibration_is_one_error(tmp_path: Path) -> None:
    circuit, path = df.circuit("l23_human"), tmp_path / "mine.toml"
    whole = tomllib.loads(SHIPPED.read_text())["biological"]
    names = ("background_pyr", "pyr_to_pyr")
    whole["contacts"] = {name: whole["contacts"][name] for name in names}
    path.write_text(tomli_w.dumps({"biological": whole}))
    assert set(load_calibration(circuit, "biological", path).weights) == set(names)
    for changed in damages_of({"biological": whole}):
        path.write_text(tomli_w.dumps(changed))
        try:
            calibration = load_calibration(circuit, "biological", path)
        except DualframeError as error:
            message = str(error)
        else:
            assert all(float(weight) >= 0 for weight in calibration.weights.values())
            continue
        assert "\n" not in message


@pytest.mark.parametrize("content", [b"\xff\xfe\x00" * 99, b"a = " + b"[" * 9000, b"\x00", b"x"])
def test_a_calibration_that_is_none_is_one_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(DualframeError, match=r"mine.toml"):
        load_calibration(df.circuit("l23_human"), "biological", path)


def test_a_damaged_fit_is_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cell, path = df.cell("ctx_pv"), tmp_path / "ctx_pv.toml"
    tables = tomllib.loads(fitted_models.file_of(cell).read_text())
    model = next(iter(tables))
    monkeypatch.setattr(fitted_models, "file_of", lambda cell: path)
    for changed in damages_of({model: tables[model]}):
        path.write_text(tomli_w.dumps(changed))
        try:
            fitted_models.stored(cell, model)
        except DualframeError as error:
            message = str(error)
        else:
            continue
        assert "ctx_pv" in message
        assert "\n" not in message
