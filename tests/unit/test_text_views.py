"""What is printed fits a screen, and what a notebook shows has nothing in it that runs."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest
from brian2 import ms

import dualframe as df
from dualframe.core.text_views import fit_screen, table_as_html, text_as_html
from dualframe.results.results import Results

EVIL = "<script>alert('x')</script>"


class Tags(HTMLParser):
    """The tags of a text, and whether all that were opened were closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.open: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[Any]) -> None:
        self.names.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def shown(thing: Any) -> Tags:
    tags = Tags(thing._repr_html_())
    assert not tags.open
    assert "script" not in tags.names
    return tags


def network(name: str = "", n: int = 2) -> df.Network:
    cell = {"equations": "dv/dt = -v/(10*ms) : volt", "voltage": "v", "threshold": "v > 1*volt"}
    populations = [df.Population(name=f"p{k}", n=1, cell_type=name, **cell) for k in range(n)]
    projections = [
        df.Projection(source=f"p{k}", target="p0", on_pre="v += mV", name=f"from{k}", probability=1)
        for k in range(1, n)
    ]
    return df.Network(populations=populations, projections=projections, name="net")


@pytest.mark.parametrize("name", df.circuits()["name"])
def test_a_circuit_fits_the_screen(name: str) -> None:
    circuit = df.circuit(name)
    lines = str(circuit).splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "describe() has everything."
    assert all(population.name in str(circuit) for population in circuit.populations[:4])


def test_a_network_fits_the_screen() -> None:
    lines = str(network(n=60)).splitlines()
    assert len(lines) <= 40
    assert lines[0] == "Network 'net'"
    assert [line for line in lines if line.startswith("  and ")] == [
        "  and 45 more",
        "  and 44 more",
    ]
    assert str(network()) == (
        "Network 'net'\n\npopulations\n  p0: 1 x neuron\n  p1: 1 x neuron\n\n"
        "projections\n  p1 -> p0: from1"
    )


def test_what_fits_stays_as_it_is() -> None:
    assert fit_screen("a\n\nb\n  c", "more") == "a\n\nb\n  c"
    assert fit_screen("a" * 81, "more") == "a" * 77 + "...\n\nmore"


def test_everything_is_escaped() -> None:
    circuit = df.circuit("l23")
    assert EVIL in shown(replace(circuit, title=EVIL, note=EVIL)).words
    assert EVIL in shown(replace(df.cell("ctx_pv"), title=EVIL, region=EVIL)).words
    evil = text_as_html(f"{EVIL}\n{EVIL}\n\n{EVIL}\n  {EVIL}\n\n{EVIL}", EVIL)
    assert evil.count("<script>") == 0
    assert Tags(evil).words.count(EVIL) == 5
    assert "<script>" not in table_as_html(EVIL, pd.DataFrame({EVIL: [EVIL]}))
    assert EVIL in shown(network(EVIL)).words


def test_each_record_shows_what_it_is() -> None:
    assert "pyr_to_pv" in shown(df.circuit("l23")).words
    assert "105.2 Mohm" in shown(df.cell("ctx_pv")).words
    assert "w_max" in shown(df.task("bandit")).words
    assert "from1" in shown(network()).words


def test_results_show_their_rates() -> None:
    results = df.run(network(EVIL), 5 * ms, target="runtime", seed=1)
    assert isinstance(results, Results)
    tags = shown(results)
    assert "mean_rate_Hz" in tags.words
    assert "table" in tags.names


def test_long_tables_are_cut() -> None:
    text = table_as_html("many", pd.DataFrame({"n": range(100)}))
    assert "and 80 more rows" in text
    assert text.count("<tr") == 21
