"""Every effect of every receptor against its direction in the catalogue, in both branches.

The table is made once and compared with the one that the documentation shows.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from brian2.units import pA

from dualframe.catalogue.lookup import HERE
from dualframe.circuit import Drug
from dualframe.experiments import current_clamp, sign_table
from dualframe.experiments import electrophysiology as measures
from dualframe.experiments.receptor_signs.sign_table import MODELS, UNTESTED
from dualframe.experiments.receptor_signs.tested_effects import effects_to_test

SAVED = Path(__file__).parents[2] / "docs" / "receptor_signs.csv"
KEY = ["receptor", "cell", "kind", "effect", "model", "measure"]
ENTRIES = effects_to_test()
POINT = tuple(model for model in MODELS if model != "biological")

#: Of late rates. How far above its peak an Izhikevich cell is reset depends on rounding, and with
#: it the next intervals: in 64 copies of str_d1_msn whose currents (300 to 500 pA) differ by 1e-9
#: of their size, late rates differ by up to 2.2 %, as do those of processors that round otherwise.
LATE = 0.03

#: Effects that no model can show: the terminal autoreceptor acts on release of dopamine, not on a
#: synapse. A circuit in which mid_da releases dopamine has it.
NO_PLACE = {("D2", "mid_da", "release")}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return sign_table()


def of(table: pd.DataFrame, entry_index: int) -> pd.DataFrame:
    entry = ENTRIES[entry_index]
    same = (
        (table["receptor"] == entry.receptor.name)
        & (table["cell"] == entry.cell.name)
        & (table["kind"] == entry.effect.kind)
        & (table["effect"] == entry.effect.target)
    )
    return table[same]


@pytest.mark.parametrize(
    "index",
    range(len(ENTRIES)),
    ids=[f"{e.tag}_{e.cell.name}_{e.effect.kind}" for e in ENTRIES],
)
def test_an_effect_goes_the_catalogued_way_in_both_branches(
    table: pd.DataFrame, index: int
) -> None:
    entry = ENTRIES[index]
    rows = of(table, index)
    assert set(rows["model"]) == set(MODELS)  # nothing is left out without a word
    untested = rows[rows["verdict"] == UNTESTED]
    assert untested["reason"].str.len().gt(0).all()
    tested = set(rows["model"]) - set(untested["model"])
    if (entry.receptor.name, entry.cell.name, entry.effect.kind) in NO_PLACE:
        assert not tested
        return
    assert tested & set(POINT), untested["reason"].tolist()
    if "biological" not in tested:
        assert "does not adapt" in untested.set_index("model").at["biological", "reason"]
    for row in rows[rows["verdict"] != UNTESTED].itertuples():
        found = (row.model, row.measure, row.control, row.agonist)
        assert row.verdict == "as catalogued", found
        assert row.knockout == "exact", found


def test_all_of_a_receptor_goes_the_way_of_its_parts_where_these_agree(
    table: pd.DataFrame,
) -> None:
    rows = table[(table["kind"] == "all") & (table["direction"] != "mixed")]
    assert len(rows)
    assert set(rows["verdict"]) == {"as catalogued"}
    assert set(table[table["kind"] == "all"]["knockout"]) == {"exact"}


def test_the_saved_table_is_this_one(table: pd.DataFrame) -> None:
    """The documentation's table: to be made again by ``python docs/receptor_signs.py``."""
    saved = pd.read_csv(SAVED, keep_default_na=False, na_values=["nan"])
    keys = [list(map(tuple, found[KEY].fillna("").to_numpy())) for found in (saved, table)]
    assert sorted(keys[0]) == sorted(keys[1])
    order = [
        found.assign(key=key).sort_values("key", kind="stable", ignore_index=True)
        for found, key in zip((saved, table), keys, strict=True)
    ]
    assert order[0]["verdict"].tolist() == order[1]["verdict"].tolist()
    assert order[0]["status"].tolist() == order[1]["status"].tolist()
    late = (order[0]["measure"] == "late rate").to_numpy()
    for column in ("control", "agonist"):
        ours, theirs = (pd.to_numeric(found[column]).to_numpy() for found in order)
        # four digits are saved; other compilers move a rheobase by a part of its resolution
        np.testing.assert_allclose(ours[~late], theirs[~late], rtol=0.01, atol=0.02)
        np.testing.assert_allclose(ours[late], theirs[late], rtol=LATE)


def test_a_gain_and_a_release_change_a_potential_by_the_catalogued_factor(
    table: pd.DataFrame,
) -> None:
    """But for the driving force that a potential uses up."""
    for index, entry in enumerate(ENTRIES):
        if not entry.synaptic:
            continue
        scale = float(entry.effect.numbers.value("scale"))
        for row in of(table, index).itertuples():
            if row.verdict == UNTESTED:
                continue
            ratio = row.agonist / row.control
            near = 0.1 * abs(scale - 1)
            assert ratio == pytest.approx(scale, abs=near), (row.receptor, row.cell, row.model)


@pytest.mark.parametrize("model", MODELS)
def test_what_a_user_measures_is_what_the_table_says(table: pd.DataFrame, model: str) -> None:
    """One cell with a drug, as anyone would build it, has the table's rheobase on either side."""
    row = table[
        (table["receptor"] == "5HT1A") & (table["cell"] == "ctx_pv") & (table["model"] == model)
    ].iloc[0]
    around = row["agonist"] + 0.01 * abs(row["agonist"]) * np.array([-1, 1])
    response = current_clamp(
        "ctx_pv", model, around * pA, drugs=[Drug("agonist", "5HT1A")], delay="400 ms"
    )
    assert (measures.spike_counts(response) > 0).tolist() == [False, True]


def test_a_users_receptor_is_tested_from_its_file(tmp_path: Path) -> None:
    """The same receptor with a wrong direction: the table must say so."""
    text = (HERE / "receptors" / "M4.toml").read_text().replace('name = "M4"', 'name = "mine"', 1)
    (tmp_path / "mine.toml").write_text(text.replace('"inhibit"', '"excite"'))
    rows = sign_table([tmp_path / "mine.toml"], ["ctx_l4_exc"], ["glif"])
    own = rows[rows["kind"] != "all"]
    assert own.set_index("kind")["verdict"].to_dict() == {
        "conductance": "opposite",
        "release": "opposite",
        "adaptation": "as catalogued",
    }
    assert set(rows["knockout"]) == {"exact"}
