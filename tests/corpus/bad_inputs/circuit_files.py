"""Keys of a circuit's file with wrong types, sizes and names, and files that are no circuit."""

from __future__ import annotations

import functools
import json
import os
from copy import deepcopy
from pathlib import Path

from .attempts import CLEAR, EITHER, OK, Case
from .command_lines import (
    DELETE,
    INF,
    MINI,
    NAN,
    RUN,
    add_circuit_case,
    add_file_case,
    changed,
    cli,
    toml,
)


def cases(place: Path) -> list[Case]:  # noqa: C901 - a table
    """Return the cases; what they start from is made in a place."""
    collected: list[Case] = []
    add = collected.append
    file_case = functools.partial(add_file_case, collected)
    circuit_case = functools.partial(add_circuit_case, collected)
    for path in (
        "name",
        "title",
        "synapse_mode",
        "populations.0.name",
        "populations.0.cell",
        "projections.0.pre",
        "projections.0.post",
        "projections.0.synapse",
        "source",
        "status",
        "note",
    ):
        for label, value in (
            ("int", 3),
            ("bool", True),
            ("list", [1]),
            ("table", {"a": 1}),
            ("nan", NAN),
        ):
            circuit_case(path, label, value)
    for path in (
        "populations.0.name",
        "populations.0.cell",
        "projections.0.pre",
        "projections.0.synapse",
        "source",
        "status",
        "name",
    ):
        circuit_case(path, "empty", "", expect=EITHER if path == "name" else CLEAR)
        if path not in ("source", "status"):
            circuit_case(path, "deleted", DELETE)
    for path in ("populations.0.n", "background.0.afferents"):
        for label, value in (
            ("text", "many"),
            ("negative", -3),
            ("zero", 0),
            ("nan", NAN),
            ("inf", INF),
            ("fraction", 2.5),
            ("bool", True),
            ("list", [20]),
            ("unit", "20 mV"),
            ("code", "__import__('os').getpid()"),
            ("huge_text", "1e400"),
        ):
            circuit_case(path, label, value)
    circuit_case("populations.0.n", "1e12", 10**12, r"\bn\b|memory|neurons", limit=90)
    circuit_case("populations.0.n", "1e9", 10**9, r"\bn\b|memory|neurons", limit=90)
    circuit_case("populations.0.n", "2**63", 2**63 - 1, r"\bn\b|memory|neurons", limit=90)
    for path, unit in (
        ("projections.0.probability", ""),
        ("projections.0.delay", " ms"),
        ("projections.0.current", " pA"),
        ("background.0.rate", " Hz"),
    ):
        for label, value in (
            ("text", "lots"),
            ("negative", f"-1{unit}"),
            ("nan", NAN),
            ("inf", INF),
            ("nan_text", f"nan{unit}"),
            ("inf_text", f"inf{unit}"),
            ("wrong_unit", "1 kg"),
            ("empty", ""),
            ("bool", True),
            ("list", [1]),
            ("huge", f"1e400{unit}"),
            ("code", "exec('1')"),
        ):
            circuit_case(path, label, value)
    circuit_case("projections.0.probability", "above_one", 1.5)
    circuit_case("projections.0.delay", "no_unit", 1.5)
    circuit_case("projections.0.delay", "a_day", "86400 s", "delay", limit=90)
    circuit_case("projections.0.delay", "1e9s", "1e9 s", "delay", limit=90)
    circuit_case("projections.0.current", "no_unit", 200)
    circuit_case("projections.0.current", "zero", "0 pA", expect=EITHER)
    circuit_case("background.0.rate", "1e12Hz", "1e12 Hz", "rate", expect=EITHER)
    circuit_case("projections.0.in_degree", "beside_probability", 3, "in_degree", "probability")
    circuit_case("projections.0.in_degree", "more_than_there_are", 300, "in_degree")
    for extra, value, culprit in (
        ("multapses", "yes", "multapses"),
        ("multapses", 1, "multapses"),
        ("weight_cv", 1e9, "weight_cv"),
        ("weight_cv", -1, "weight_cv"),
        ("weight_cv", "nan", "weight_cv"),
        ("weight_factor", 0, "weight_factor"),
        ("weight_factor", -1, "weight_factor"),
        ("weight_factor", INF, "weight_factor"),
        ("delay_sd", "-1 ms", "delay_sd"),
        ("delay_sd", "1e6 s", "delay"),
        ("delay_groups", 0, "delay_groups"),
        ("delay_groups", 1e9, "delay_groups"),
        ("kinetics", "fast", "kinetics"),
        ("kinetics", {"kind": "fast"}, "fast"),
        ("kinetics", {"kind": "exponential", "tau": "0 ms"}, "tau"),
        ("kinetics", {"kind": "exponential", "tau": "-1 ms"}, "tau"),
        ("kinetics", {"kind": "dual_exponential", "tau_rise": "5 ms", "tau_decay": "1 ms"}, "tau"),
        ("kinetics", {"kind": "dual_exponential", "tau_rise": "5 ms", "tau_decay": "5 ms"}, "tau"),
        ("kinetics", {"kind": "exponential", "tau": "0.001 ms"}, "tau"),
        ("reversal", "0 kg", "reversal"),
        ("reversal", {"NMDA": "0 mV"}, "NMDA"),
        ("compartment", "axon", "axon"),
        ("compartment", "", "compartment"),
        ("compartment", [], "compartment"),
        ("compartment", ["soma", "soma"], "compartment"),
        ("ratio", {"NMDA": 1}, "ratio|NMDA"),
        ("name", "a b", "a b"),
        ("name", "x\ny", "name"),
        ("plasticity", {"rule": "magic"}, "magic"),
        ("plasticity", {}, "rule"),
        ("plasticity", {"rule": "pair_stdp"}, "w_max"),
        ("plasticity", {"rule": "pair_stdp", "w_max": "-1"}, "w_max"),
        ("plasticity", {"rule": "pair_stdp", "w_max": "2", "tau_plus": "0 ms"}, "tau_plus"),
        (
            "plasticity",
            {"rule": "pair_stdp", "w_max": "2", "signals": {"gate": "1; system(1)"}},
            "gate",
        ),
        (
            "plasticity",
            {"rule": "pair_stdp", "w_max": "2", "signals": {"gate": "lambda"}},
            "lambda",
        ),
        (
            "plasticity",
            {"rule": "pair_stdp", "w_max": "2", "signals": {"gate": "no_such"}},
            "no_such",
        ),
        ("plasticity", {"rule": "pair_stdp", "w_max": "2", "signals": {"gate": "é"}}, "é"),
        ("short_term", {"U": 2, "tau_recovery": "1 ms", "tau_facilitation": "1 ms"}, "U"),
        (
            "short_term",
            {"U": 0.5, "tau_recovery": "0 ms", "tau_facilitation": "1 ms"},
            "tau_recovery",
        ),
        ("short_term", {}, "U"),
        ("unknown_key", 1, "unknown_key"),
        ("dleay", "1 ms", "delay"),
        ("__class__", "x", "__class__"),
    ):
        n = sum(case.id.startswith(f"circuit/projections.0.{extra}/v") for case in collected)
        # as many delay groups as there are delays at most; equal times are an alpha function
        legal = value == 1e9 or (isinstance(value, dict) and value.get("tau_rise") == "5 ms")
        expect = EITHER if legal and extra in ("delay_groups", "kinetics") else CLEAR
        circuit_case(f"projections.0.{extra}", f"v{n}", value, culprit, expect=expect)
    for path, label, value, culprit in (
        ("populations", "empty", [], "populations"),
        ("populations", "text", "exc", "populations"),
        ("populations", "table", {"a": 1}, "populations"),
        ("populations", "deleted", DELETE, "populations"),
        ("projections", "text", "x", "projections"),
        ("background", "text", "x", "background"),
        ("projections.0.pre", "unknown", "nobody", "nobody"),
        ("projections.0.post", "input", "thal", "thal"),
        ("populations.0.cell", "unknown", "ctx_pvb", "ctx_pv"),
        ("populations.0.cell", "missing_file", "none.toml", "none.toml"),
        ("populations.0.cell", "self", "c.toml", "c.toml"),
        ("populations.0.cell", "passwd", "../../../../../../etc/passwd", "passwd"),
        ("populations.0.cell", "dev_zero", "/dev/zero.toml", "zero"),
        ("populations.0.point", "unknown", "m", "m"),
        ("populations.0.rate_low", "alone", "1 Hz", "rate_low|rate_high"),
        ("source", "unknown", "nobody2020", "nobody2020"),
        ("status", "unknown", "guessed", "guessed"),
        ("synapse_mode", "unknown", "voltage", "voltage"),
        ("space", "text", "disc", "space"),
        ("space", "zero", {"shape": "disc", "radius": "0 um"}, "radius"),
        ("space", "cube", {"shape": "cube", "radius": "1 um"}, "cube"),
        ("unknown", "key", 1, "unknown"),
        ("modulations", "unknown", [{"modulator": "XX", "level": 0.5}], "XX"),
        ("modulations", "level", [{"modulator": "ACh", "level": 5}], "level|5"),
        ("modulations", "nan", [{"modulator": "ACh", "level": NAN}], "level|nan"),
        (
            "modulations",
            "schedule",
            [{"modulator": "ACh", "schedule": [["2 s", 0.5], ["1 s", 0.1]]}],
            "schedule",
        ),
        (
            "modulations",
            "schedule_deep",
            [{"modulator": "ACh", "schedule": [[["1 s"], 0.5]]}],
            "schedule",
        ),
        ("modulations", "released_by", [{"modulator": "ACh", "released_by": "x"}], "x"),
        (
            "modulations",
            "clearance",
            [{"modulator": "ACh", "level": 0.5, "clearance": "0 s"}],
            "clearance",
        ),
        (
            "modulations",
            "pulses",
            [
                {
                    "modulator": "ACh",
                    "pulses": [{"start": "1 s", "rise": "1 uM", "interval": "0 s", "count": 9}],
                }
            ],
            "interval",
        ),
        (
            "modulations",
            "pulses_many",
            [
                {
                    "modulator": "ACh",
                    "pulses": [
                        {"start": "0 s", "rise": "1 uM", "interval": "1 ms", "count": 10**12}
                    ],
                }
            ],
            "count|pulses",
        ),
        ("drugs", "kind", [{"kind": "poison", "receptor": "M1"}], "poison"),
        ("drugs", "receptor", [{"kind": "antagonist", "receptor": "M9"}], "M9"),
        ("drugs", "dose", [{"kind": "antagonist", "receptor": "M1", "dose": -1}], "dose"),
        ("drugs", "cells", [{"kind": "antagonist", "receptor": "M1", "cells": ["ctx_x"]}], "ctx_x"),
        ("regions", "volume", [{"name": "r", "volume": -1}], "volume"),
        ("regions", "none_lies_there", [{"name": "r"}], "region"),
        ("inputs", "rate", [{"name": "thal", "n": 3, "rate": "-1 Hz"}], "rate"),
        (
            "inputs",
            "stop",
            [{"name": "thal", "n": 3, "rate": "1 Hz", "start": "2 s", "stop": "1 s"}],
            "stop",
        ),
        ("inputs", "same_name", [{"name": "exc", "n": 3, "rate": "1 Hz"}], "exc"),
        ("models", "form", [{"name": "m", "form": "HH"}], "HH"),
        (
            "models",
            "negative_C",
            [
                {
                    "name": "m",
                    "form": "GLIF1",
                    "C": "-1 pF",
                    "R": "1 Mohm",
                    "E_L": "-70 mV",
                    "th_inf": "15 mV",
                    "t_ref": "2 ms",
                }
            ],
            "C",
        ),
    ):
        circuit_case(path, label, value, culprit)
    twice = deepcopy(MINI)
    twice["populations"][1]["name"] = "exc"
    twice["projections"] = []
    file_case("circuit/populations/same_name", toml(twice), culprit=("exc",))
    same = deepcopy(MINI)
    same["projections"].append(same["projections"][0])
    file_case("circuit/projections/same_name", toml(same), culprit=("exc_to_inh",))
    dale = changed("projections.0.synapse", "GABA_A")
    file_case("circuit/dale", toml(dale), culprit=("Dale",))
    text = toml(MINI)
    for id, content, culprit in (
        ("empty", "", ("name", "populations")),
        ("only_comment", "# nothing\n", ("name", "populations")),
        (
            "duplicate_key",
            text.replace('name = "mini"', 'name = "mini"\nname = "again"'),
            ("c.toml", "name"),
        ),
        (
            "duplicate_table",
            text + '\n[space]\nradius="1 um"\n[space]\nradius="2 um"\n',
            ("space",),
        ),
        ("null_byte", text.replace("mini", "mi\0ni"), ("c.toml",)),
        ("unterminated", text + 'x = "abc', ("c.toml",)),
        ("crlf", text.replace("\n", "\r\n"), ()),
        ("cr_only", text.replace("\n", "\r"), ("c.toml",)),
        (
            "latin1",
            text.replace("two populations", "zwei Pöpulationen").encode("latin-1"),
            ("c.toml",),
        ),
        ("utf16", text.encode("utf-16"), ("c.toml",)),
        ("bom", b"\xef\xbb\xbf" + text.encode(), ("c.toml", "BOM")),
        ("binary", os.urandom(4096), ("c.toml",)),
        ("gzip_bomb_like", b"\x1f\x8b" + bytes(100_000), ("c.toml",)),
        ("json", json.dumps(MINI), ("c.toml",)),
        ("yaml", "name: mini\npopulations:\n  - exc\n", ("c.toml",)),
        ("python", "import os\nos.system('touch canary')\n", ("c.toml",)),
        ("deep_arrays", text + "x = " + "[" * 5000 + "]" * 5000, ("c.toml", "x")),
        ("deep_inline", text + "x = " + "{a=" * 3000 + "1" + "}" * 3000, ("c.toml", "x")),
        (
            "deep_dotted",
            text.replace("title", ".".join(["a"] * 20000) + " = 1\ntitle"),
            ("c.toml", r"\ba\b"),
        ),
        ("long_line", text.replace("two populations", "x" * 1_000_000), ()),
        ("long_int", text.replace("n = 20", "n = " + "9" * 5000), ("n", "c.toml")),
        ("date", text.replace("n = 20", "n = 1979-05-27"), ("n",)),
    ):
        legal = id in ("crlf", "long_line")
        file_case(
            f"circuit/file/{id}",
            content,
            expect=OK if legal else EITHER if id == "bom" else CLEAR,
            culprit=culprit,
        )
    big = text.replace("two populations", "y" * 50_000_000)
    add(
        Case(
            id="circuit/file/50MB",
            run=cli("run", "c.toml", *RUN),
            expect=EITHER,
            setup=lambda f: (f / "c.toml").write_text(big) and None,
        )
    )
    add(
        Case(
            id="circuit/file/50MB_of_tables",
            run=cli("show", "c.toml"),
            culprit=("c.toml", "x"),
            setup=lambda f: (f / "c.toml").write_text(text + "[[x]]\na=1\n" * 4_000_000) and None,
        )
    )
    many = deepcopy(MINI)
    many["populations"] += [{"name": f"p{k}", "cell": "ctx_pv", "n": 1} for k in range(80)]
    file_case("circuit/many_populations", toml(many), expect=EITHER)
    add(
        Case(
            id="circuit/file/folder",
            run=cli("run", "c.toml", *RUN),
            culprit=("c.toml",),
            setup=lambda f: (f / "c.toml").mkdir(),
        )
    )
    add(
        Case(
            id="circuit/file/fifo",
            run=cli("run", "c.toml", *RUN),
            culprit=("c.toml",),
            limit=20,
            setup=lambda f: os.mkfifo(f / "c.toml"),
        )
    )
    add(
        Case(
            id="circuit/file/symlink_loop",
            run=cli("run", "c.toml", *RUN),
            culprit=("c.toml",),
            setup=lambda f: (f / "c.toml").symlink_to("c.toml"),
        )
    )
    add(
        Case(
            id="circuit/file/dev_zero",
            run=cli("run", "./zero.toml", *RUN),
            culprit=("zero",),
            limit=20,
            memory=4 << 30,
            setup=lambda f: (f / "zero.toml").symlink_to("/dev/zero"),
        )
    )
    add(
        Case(
            id="circuit/file/dev_null",
            run=cli("run", "null.toml", *RUN),
            culprit=("null",),
            setup=lambda f: (f / "null.toml").symlink_to("/dev/null"),
        )
    )
    bib = "@article{x,\n year = {2020}\n}\n@article{x,\n year = {2021}\n}\n"
    add(
        Case(
            id="circuit/bib/duplicate",
            run=cli("run", "c.toml", *RUN),
            culprit=("'x'",),
            setup=lambda f: (
                (f / "c.toml").write_text(text) and (f / "references.bib").write_text(bib) and None
            ),
        )
    )
    add(
        Case(
            id="circuit/bib/binary",
            run=cli("run", "c.toml", *RUN),
            culprit=("references.bib",),
            setup=lambda f: (
                (f / "c.toml").write_text(text)
                and (f / "references.bib").write_bytes(b"\xff\xfe\x00")
                and None
            ),
        )
    )
    add(
        Case(
            id="circuit/bib/folder",
            run=cli("run", "c.toml", *RUN),
            expect=EITHER,
            culprit=("references.bib",),
            setup=lambda f: (f / "c.toml").write_text(text) and (f / "references.bib").mkdir(),
        )
    )
    redos = "@article{a,\n" + " x = {" * 20000
    add(
        Case(
            id="circuit/bib/long",
            run=cli("run", "c.toml", *RUN),
            expect=EITHER,
            setup=lambda f: (
                (f / "c.toml").write_text(text)
                and (f / "references.bib").write_text(redos)
                and None
            ),
        )
    )
    return collected
