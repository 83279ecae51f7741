"""Counts and connections of whole regions: what is read, shown, listed and refused."""

from __future__ import annotations

import pytest
from brian2.units import Hz, ms, mV, nS, um

import dualframe as df
from dualframe import catalogue
from dualframe.core.errors import CatalogueError, UnknownName

NAMES = catalogue.names("population data")
MINIMAL = """
name = "mine"
title = "mine"
region = "a region"
source = "dualframe"
status = "assumed"

[[counts]]
population = "cells"
cell = "ctx_pv"
n = 10

[[connections]]
pre = "cells"
post = "cells"
conductance = "1 nS"
"""


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_shows_every_connection_and_names_known_cells(name: str) -> None:
    entry = df.population_data(name)
    text = catalogue.describe(entry)
    for row in entry.connections:
        assert f"{row.pre} -> {row.post}" in text
    for count in entry.counts:
        assert not count.cell or count.cell in catalogue.names("cell type")
    ends = {end for row in entry.connections for end in (row.pre, row.post)}
    assert ends - {"CTX"} <= {count.population for count in entry.counts}


def test_list() -> None:
    table = df.populations().set_index("name")
    assert set(table.index) == set(NAMES)
    assert table.connections["ca1_bezaire"] == 42


def test_numbers_of_the_sources() -> None:
    """Typed here from the sources that each entry names."""
    ca3 = df.population_data("ca3_hippocampome")
    recurrent = ca3.connection("Pyramidal", "Pyramidal").numbers
    assert ca3.count("Pyramidal").numbers.value("n") == 743
    assert recurrent.value("probability") == 0.0250664662231983
    assert recurrent.value("tau_recovery") / ms == pytest.approx(318.510891)
    reduced = df.population_data("ca1_reduced_pyr_pv").connection("PV", "PYR").numbers
    assert (reduced.value("conductance"), reduced.value("opening")) == (8.7 * nS, 3333 * Hz)
    assert reduced.value("reversal") / mV == pytest.approx(-85)
    cerebellum = df.population_data("cerebellar_cortex")
    assert cerebellum.count("granule").numbers.value("density") * um**3 == pytest.approx(0.0039)
    assert cerebellum.connection("basket", "purkinje").numbers.value("conductance") / nS == 0.44
    snudda = df.population_data("striatum_snudda")
    assert snudda.count("ChIN").numbers.value("fraction") == 0.011
    neurogliaform = df.population_data("ca1_bezaire").connection("ngf", "pyramidal").numbers
    assert neurogliaform.value("gaba_b_rise") / ms == pytest.approx(180)


def test_a_row_that_is_not_there() -> None:
    with pytest.raises(UnknownName, match="Pyramidal"):
        df.population_data("ca3_hippocampome").count("Pyramidals")
    with pytest.raises(UnknownName, match="connection of striatum_snudda"):
        df.population_data("striatum_snudda").connection("FS", "LTS")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"1 nS"', '"1 mV"', "conductance"),
        ("n = 10", "m = 10", "unknown key"),
        ('status = "assumed"', "", "status"),
    ],
)
def test_what_is_refused(tmp_path, old: str, new: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINIMAL)
    assert df.population_data(path).connection("cells", "cells").numbers.value("conductance")
    path.write_text(MINIMAL.replace(old, new))
    with pytest.raises((CatalogueError, df.DualframeError), match=message):
        df.population_data(path)
