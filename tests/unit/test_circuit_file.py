"""Circuits from files: what is read, and what is refused."""

from __future__ import annotations

import contextlib
import tomllib
from datetime import date
from functools import reduce
from operator import getitem

import pytest
import tomli_w
from brian2.units import Hz, ms, mV, nS, second, um

from dualframe.circuit import circuit, circuits
from dualframe.core.errors import CatalogueError, UnknownName
from dualframe.network.distributions import GaussianKernel

SMALL = """
name = "small"
title = "two cells"
source = "dualframe"
status = "assumed"

[space]
shape = "disc"
radius = "100 um"

[holding]
AMPA = { value = "-70 mV", note = "held" }

[[populations]]
name = "pyr"
cell = "ctx_l23_pyr"
region = "slice"
n = 80
rate_low = "1 Hz"
rate_high = "2 Hz"

[[populations]]
name = "pv"
cell = "ctx_pv"
region = "slice"
n = 20

[[projections]]
pre = "pyr"
post = "pv"
synapse = ["AMPA", "NMDA"]
ratio = { NMDA = { value = 0.5, note = "half" } }
compartment = { value = ["soma", "dend"], note = "both" }
kernel = { p_max = 0.5, sigma = "50 um" }
kinetics = { kind = "dual_exponential", tau_rise = "0.5 ms", tau_decay = "3 ms" }
reversal = { NMDA = { value = "5 mV", note = "shifted" } }
delay = "1 ms"
psp = "0.5 mV"

[[projections]]
pre = "pv"
post = "pyr"
synapse = "GABA_A"
compartment = "soma"
in_degree = 10
reversal = "-70 mV"
delay = { value = "1.5 ms", note = "why" }
conductance = "1 nS"

[[background]]
post = "pyr"
synapse = "AMPA"
compartment = "dist"
psp = { value = "1 mV", holding = "rest" }

[[modulations]]
modulator = "ACh"
schedule = [["0 s", 0.0], ["1 s", 0.8]]
region = "slice"
clearance = "2 s"
exchange = { bath = "0.1 /s" }
pulses = [{ start = "1 s", interval = "20 ms", count = 3, rise = "1 uM" }, ["2 s", 0.1]]

[[regions]]
name = "slice"
volume = "1 mm**3"

[[regions]]
name = "bath"
volume = "1000 mm**3"

[[drugs]]
kind = "antagonist"
receptor = "M1"
cells = ["ctx_l23_pyr"]

[[drugs]]
kind = "agonist"
receptor = "M1"
dose = "1 uM"
affinity = "2 uM"
"""


def places(data, above=()):
    """Return the path of every value below a TOML table or array."""
    found = []
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        found.append((*above, key))
        if isinstance(value, (dict, list)):
            found += places(value, (*above, key))
    return found


def changed(place, value):
    data = tomllib.loads(SMALL)
    *above, last = place
    reduce(getitem, above, data)[last] = value
    return data


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


class TestReading:
    def test_small_file(self, file):
        small = circuit(file)
        pyr = small.population("pyr")
        assert (pyr.n, pyr.cell, pyr.rate_low, pyr.rate_high) == (80, "ctx_l23_pyr", 1 * Hz, 2 * Hz)
        first, second_ = small.projections
        assert dict(first.synapses) == {"AMPA": 1.0, "NMDA": 0.5}
        assert first.compartments == ("soma", "dend")
        assert first.kernel == GaussianKernel(0.5, 50 * um)
        assert dict(first.kinetics["AMPA"]) == {
            "kind": "dual_exponential",
            "tau_rise": 0.5 * ms,
            "tau_decay": 3 * ms,
        }
        assert dict(first.reversal) == {"NMDA": 5 * mV}
        assert dict(second_.reversal) == {"GABA_A": -70 * mV}
        assert (second_.in_degree, second_.conductance, second_.psp) == (10, 1 * nS, None)
        assert (first.holding, second_.holding) == (-70 * mV, None)
        assert small.background[0].holding == "rest"
        held = first.sources["holding"]
        assert (held.written, held.status, held.note) == ("-70 mV", "assumed", "held")
        assert second_.sources["delay"].note == "why"
        assert small.background[0].name == "background_pyr"
        assert small.modulations[0].schedule == ((0 * second, 0.0), (1 * second, 0.8))
        assert small.modulations[0].exchange["bath"] == 0.1 / second
        assert [pulses.count for pulses in small.modulations[0].pulses] == [3, 1]
        assert {p.region for p in small.populations} == {"slice"}
        assert [region.name for region in small.regions] == ["slice", "bath"]
        assert small.drugs[0].cells == ("ctx_l23_pyr",)
        assert (small.drugs[0].saturating, small.drugs[1].relative) == (True, 0.5)

    def test_origin_stands_on_every_number(self, file):
        table = circuit(file).numbers()
        assert set(table.status) == {"assumed"}
        assert {
            "kernel.p_max",
            "ratio.NMDA",
            "kinetics.AMPA.tau_rise",
            "compartments",
            "reversal.NMDA",
            "reversal.GABA_A",
        } <= set(table.number)

    def test_own_cell_file_lies_beside_the_circuit(self, tmp_path):
        from dualframe.catalogue.lookup import HERE

        (tmp_path / "mine.toml").write_text((HERE / "cells" / "ctx_pv.toml").read_text())
        path = tmp_path / "small.toml"
        path.write_text(SMALL.replace('"ctx_pv"', '"mine.toml"'))
        assert circuit(path).population("pv").cell == str(tmp_path / "mine.toml")

    @pytest.mark.parametrize(
        ("name", "populations"),
        [("l23", 4), ("ca1", 6), ("l23_human", 4), ("striatum", 4), ("pd14", 8)],
    )
    def test_shipped(self, name, populations):
        found = circuit(name)
        assert found.name == name
        assert len(found.populations) == populations
        assert {b.target for b in found.background} == set(found.sizes)
        ranges = [p for p in found.populations if p.rate_low is not None]
        assert all(p.rate_low < p.rate_high for p in ranges)
        assert (name == "pd14") == (not ranges)
        assert all(number for number in found.numbers().source)

    def test_table_of_circuits(self):
        table = circuits()
        assert list(table.name) == ["ca1", "l23", "l23_human", "pd14", "striatum"]
        assert set(table.columns) >= {"title", "populations", "n", "cells"}

    def test_unknown_circuit(self):
        with pytest.raises(UnknownName, match="Did you mean 'l23'"):
            circuit("l24")


BAD = {
    "negative count": ("n = 80", "n = -80", r"populations.1\], key 'n'.*whole number"),
    "fractional count": ("n = 80", "n = 80.5", "whole number"),
    "count as code": ("n = 80", "n = \"__import__('os')\"", "expected a number"),
    "code for a rate": ('"1 Hz"', '"exec(1) Hz"', "expected a number"),
    "probability above one": ("p_max = 0.5", "p_max = 1.5", "'p_max'.*probability"),
    "wrong dimension": ('delay = "1 ms"', 'delay = "1 mV"', "'delay'.*expected a time"),
    "no unit": ('delay = "1 ms"', "delay = 1", "no unit"),
    "wrong dimension of sigma": ('"50 um"', '"50 ms"', "'sigma'.*expected a length"),
    "negative delay": ('delay = "1 ms"', 'delay = "-1 ms"', "projections.1.*zero or more"),
    "unknown key": ("in_degree = 10", "indegree = 10", "'indegree'.*Did you mean 'in_degree'"),
    "unknown top key": ('title = "two', 'titel = "two', "Did you mean 'title'"),
    "no rule": ("in_degree = 10", "", "no rule.*exactly one"),
    "two rules": ("in_degree = 10", "in_degree = 10\nprobability = 0.1", "in_degree.*exactly one"),
    "no strength": ('conductance = "1 nS"', "", "exactly one of psp"),
    "no delay": ('delay = "1 ms"', "", "'delay'.*missing"),
    "no compartment": ('compartment = "soma"', "", "'compartment'.*missing"),
    "too many partners": (
        "in_degree = 10",
        "in_degree = 21",
        "small.toml.*only 20 possible",
    ),
    "unknown compartment": ('"dist"', '"dost"', "small.toml.*'background_pyr'.* 'dist'"),
    "Dale": ('synapse = "GABA_A"', 'synapse = "AMPA"', "small.toml.*Dale"),
    "no ratio": ("ratio = {", "#", "'ratio'.*missing"),
    "unknown source": ('source = "dualframe"', 'source = "dualfrome"', "Did you mean 'dualframe'"),
    "unknown status": ('status = "assumed"', 'status = "guessed"', "unknown status"),
    "unknown kinetics": ('"dual_exponential"', '"dual_exponentil"', "mean 'dual_exponential'"),
    "reversal of no synapse": (
        "reversal = { NMDA",
        "reversal = { GABA_A",
        "mean 'AMPA'|mean 'NMDA'|Known: AMPA, NMDA",
    ),
    "reversal of which": (
        'reversal = { NMDA = { value = "5 mV", note = "shifted" } }',
        'reversal = "5 mV"',
        "'reversal'.*AMPA, NMDA",
    ),
    "reversal is no voltage": ('reversal = "-70 mV"', 'reversal = "-70 ms"', "expected a voltage"),
    "missing time": (', tau_decay = "3 ms"', "", "tau_decay.*missing"),
    "level above one": ('["1 s", 0.8]', '["1 s", 1.8]', "modulations.1.*between 0 and 1"),
    "no region": ('cell = "ctx_pv"\nregion = "slice"', 'cell = "ctx_pv"', "lies in no region"),
    "dose without affinity": ('affinity = "2 uM"', "", "drugs.2.*needs affinity"),
    "no space": ('[space]\nshape = "disc"\nradius = "100 um"', "", "depends on distance"),
    "not TOML": ("[space]", "[space", "not valid TOML"),
    "name twice": ('pre = "pyr"', 'name = "pv_to_pyr"\npre = "pyr"', "used twice"),
    "cell is no text": ('cell = "ctx_pv"', "cell = 1", "not a text"),
}
UNKNOWN = {
    "cell": ('"ctx_pv"', '"ctx_pvb"', "Did you mean 'ctx_pv'"),
    "population": ('pre = "pyr"', 'pre = "pyrr"', "small.toml.*Did you mean 'pyr'"),
    "synapse": ('synapse = "GABA_A"', 'synapse = "GABAA"', "Did you mean 'GABA_A'"),
    "modulator": ('"ACh"', '"AChh"', "Did you mean 'ACh'"),
    "pulses": ("interval = ", "every = ", "key in the pulses of .*start"),
    "region": ("exchange = { bath", "exchange = { bat", "Did you mean 'bath'"),
    "receptor": ('"M1"', '"M11"', "Did you mean 'M1'"),
}


class TestBadFiles:
    @pytest.mark.parametrize(("old", "new", "message"), BAD.values(), ids=BAD)
    def test_one_clear_error(self, file, old, new, message):
        assert old in SMALL
        file.write_text(SMALL.replace(old, new, 1))
        with pytest.raises(CatalogueError, match=f"(?s){message}"):
            circuit(file)

    @pytest.mark.parametrize(("old", "new", "message"), UNKNOWN.values(), ids=UNKNOWN)
    def test_unknown_names(self, file, old, new, message):
        file.write_text(SMALL.replace(old, new, 1))
        with pytest.raises(UnknownName, match=message):
            circuit(file)

    def test_anything_anywhere_is_read_or_refused(self, file):
        """Every value of the file in turn is replaced by values of every other kind."""
        odd = [
            True,
            [],
            {},
            "",
            "x",
            "1 mV",
            float("nan"),
            -1,
            [[1]],
            {"value": [1]},
            {"kind": 3},
            [{"x": 1}],
            date(2020, 1, 1),
            "__import__('os').abort()",
        ]
        refused = 0
        for place in places(tomllib.loads(SMALL)):
            for value in odd:
                file.write_text(tomli_w.dumps(changed(place, value)))
                with contextlib.suppress(CatalogueError, UnknownName):
                    circuit(file)
                    refused -= 1
                refused += 1
        assert refused > 900

    def test_not_text(self, file):
        file.write_bytes(b"\xff\xfe name")
        with pytest.raises(CatalogueError, match="no text in UTF-8"):
            circuit(file)
