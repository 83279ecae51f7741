"""Every option of `dualframe run` with values at and beyond its edge."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import dualframe as df

from .attempts import CLEAR, EITHER, OK, Case
from .command_lines import (
    MINI,
    RUN,
    cli,
    replaced,
    toml,
)


def _lasts(seconds: float) -> Callable[[Path, str, str], str]:
    def verify(folder: Path, out: str, err: str) -> str:
        manifest = json.loads((folder / "o" / "manifest.json").read_text())
        found = manifest["simulated_s"]
        return (
            ""
            if abs(found - seconds) < 1e-7 or "warning" in err
            else f"simulated_s is {found}, not {seconds}"
        )

    return verify


def _sane(folder: Path, out: str, err: str) -> str:

    import dualframe as df

    found = df.Results.load(folder / "o")
    if "warning" in err:
        return ""
    worst = max(
        float(np.nanmax(np.abs(v))) for t in found.traces.values() for v in t.values.values()
    )
    if not np.isfinite(worst) or worst > 1:
        return f"voltages to {worst:g} V without a warning"
    return ""


def _ran(population: str) -> Callable[[Path, str, str], str]:
    def verify(folder: Path, out: str, err: str) -> str:

        try:
            found = df.Results.load(folder / "o")
        except Exception as problem:  # noqa: BLE001
            return f"results cannot be read: {problem}"
        if population not in set(found.populations["population"]):
            return f"no population {population[:30]!r}"
        for name in found.populations["population"]:
            if name not in found.traces:
                return f"no trace of {name[:30]!r}"
        if not len(found.spikes):
            return "no spikes"
        return ""

    return verify


def cases(place: Path) -> list[Case]:  # noqa: C901 - a table
    """Return the cases; what they start from is made in a place."""
    collected: list[Case] = []
    add = collected.append

    def mini(folder: Path) -> None:
        (folder / "c.toml").write_text(toml(MINI))

    def opt(
        id: str, *words: str, culprit: Any = (), base: tuple[str, ...] = RUN, **more: Any
    ) -> None:
        culprit = (culprit,) if isinstance(culprit, str) else culprit
        options = {"setup": mini, "culprit": culprit or (words[0].lstrip("-"),), **more}
        add(Case(id=f"option/{id}", run=cli("run", "c.toml", *replaced(base, words)), **options))

    for value in (
        "0",
        "-1s",
        "1",
        "1mV",
        "nan",
        "nan s",
        "inf s",
        "1e400s",
        "",
        "s",
        "2 s 3 s",
        "1h",
        "__import__('os')",
    ):
        opt(f"duration/{value}", "--duration", value, culprit=("duration",))
    opt("duration/1e-9s", "--duration", "1e-9s", culprit="duration")
    opt("duration/one_step", "--duration", "0.1ms", "--out", "o", expect=OK)
    opt(
        "duration/not_whole",
        "--duration",
        "0.15ms",
        "--out",
        "o",
        expect=EITHER,
        culprit="duration",
        verify=_lasts(0.15e-3),
    )
    opt("duration/1e9s_runtime", "--duration", "1e9s", culprit="duration", limit=20)
    opt("duration/1e300s", "--duration", "1e300s", culprit="duration", limit=20)
    for value in ("0", "0ms", "-0.1ms", "1", "1mV", "nan ms", "inf ms", "1e400 ms", "", "fast"):
        opt(f"dt/{value}", "--dt", value, culprit=("dt",))
    opt("dt/larger_than_duration", "--dt", "50ms", culprit=("dt",))
    opt(
        "dt/1ms_fast_synapses", "--dt", "10ms", "--duration", "500ms", "--out", "o", culprit=("dt",)
    )
    opt("dt/2ms", "--dt", "2ms", "--duration", "500ms", "--out", "o", expect=EITHER, verify=_sane)
    opt("dt/1e-15s", "--dt", "1e-15s", culprit=("dt",), limit=20)
    opt("dt/1e-300s", "--dt", "1e-300s", culprit=("dt",), limit=20)
    opt("dt/odd", "--dt", "0.07ms", "--out", "o", expect=EITHER, verify=_ran("exc"))
    for value in ("0", "-1", "nan", "inf", "-inf", "", "half", "1e400", "1,5"):
        opt(f"scale/{value}", "--scale", value, culprit=("scale",))
    opt("scale/1e-6", "--scale", "1e-6", "--out", "o", expect=EITHER, culprit="scale")
    opt("scale/1e-300", "--scale", "1e-300", expect=EITHER, culprit="scale")
    opt("scale/1e6", "--scale", "1e6", culprit=("scale", "memory"), limit=90)
    opt("scale/1e12", "--scale", "1e12", culprit=("scale", "memory"), limit=90)
    opt("scale/1e300", "--scale", "1e300", culprit=("scale", "memory"), limit=90)
    for value in ("-1", "nan", "1.5", "", "abc", "1e3", "0x10"):
        opt(f"seed/{value}", "--seed", value, culprit=("seed",))
    for value in ("0", str(2**31), str(2**32), str(2**64), str(10**30)):
        opt(
            f"seed/{value}",
            "--seed",
            value,
            "--out",
            "o",
            expect=EITHER,
            culprit="seed",
            verify=_ran("exc"),
        )
    for value in ("0", "-1", "nan", "1.5", "", "2"):
        opt(f"threads/runtime_{value}", "--threads", value, culprit=("threads",))
    for id, value, culprit in (
        ("unknown_pop", "x=V", "'x'"),
        ("unknown_var", "exc=Q", "Q"),
        ("no_value", "exc=", "record"),
        ("no_name", "=V", "record"),
        ("no_equals", "exc", "record"),
        ("empty", "", "record"),
        ("comma", "exc=,", "record|variable"),
        ("spaces", " exc = V , V ", "record"),
        ("weights_of_pop", "exc=w", "w"),
        ("projection_variable", "exc_to_inh=V", "V"),
    ):
        opt(
            f"record/{id}",
            "--record",
            value,
            culprit=(culprit,),
            expect=EITHER if id == "spaces" else CLEAR,
        )
    opt("record/twice", "--record", "exc=V,V", "--out", "o", expect=EITHER, verify=_ran("exc"))
    opt("model/GLIF", "--model", "GLIF", "--out", "o", expect=OK, verify=_ran("exc"))
    opt("record/none_and_more", "--record", "none", "--record", "exc=V", expect=EITHER)
    for id, words, culprit in (
        ("branch", ("--branch", "x"), "'x'"),
        ("branch_empty", ("--branch", ""), "branch"),
        ("model", ("--model", "hh"), "hh"),
        ("model_glif6", ("--model", "glif6"), "glif6"),
        ("model_glif0", ("--model", "glif0"), "glif0"),
        ("model_glif03", ("--model", "glif03"), "glif03"),
        ("synapses", ("--synapses", "x"), "'x'"),
        ("cells", ("--cells", "x"), "'x'"),
        ("target", ("--target", "gpu"), "gpu"),
        ("target_genn", ("--target", "genn"), "genn|GeNN"),
        ("modulate", ("--modulate", "XX=0.5"), "XX"),
        ("modulate_level", ("--modulate", "ACh=7"), "7"),
        ("modulate_nan", ("--modulate", "ACh=nan"), "nan"),
        ("modulate_neg", ("--modulate", "ACh=-1"), "-1"),
        ("modulate_bare", ("--modulate", "ACh"), "ACh"),
        ("modulate_region", ("--modulate", "ACh@x=0.5"), "'x'"),
        ("modulate_twice", ("--modulate", "ACh=0.5", "--modulate", "ACh=0.6"), "ACh"),
        (
            "modulate_alias",
            ("--modulate", "ACh=0.5", "--modulate", "acetylcholine=0.6"),
            "ACh|acetyl",
        ),
        ("modulate_unit", ("--modulate", "ACh=3 mV"), "3|mV"),
        ("modulate_huge", ("--modulate", "ACh=1e300 M"), "1e.?300|ACh"),
        ("knockout", ("--knockout", "M9"), "M9"),
        ("knockout_cells", ("--knockout", "M1:ctx_x"), "ctx_x"),
        ("knockout_empty", ("--knockout", ""), "knockout|receptor"),
        ("drug", ("--drug", "poison:M1=3"), "poison"),
        ("drug_bare", ("--drug", "M1"), "drug"),
        ("drug_dose", ("--drug", "antagonist:M1=-3"), "dose|-3"),
        ("drug_nan", ("--drug", "antagonist:M1=nan"), "nan"),
        ("drug_affinity", ("--drug", "agonist:M1=1uM"), "affinity"),
        ("drug_affinity0", ("--drug", "agonist:M1=1uM/0nM"), "affinity"),
        ("drug_cells", ("--drug", "antagonist:M1@"), "M1|cells|''"),
        ("unknown_option", ("--sclae", "1"), "sclae"),
        ("positional", ("x",), "x"),
    ):
        opt(f"choice/{id}", *words, culprit=(culprit,))
    opt("branch_biological_of_currents", "--branch", "biological", culprit=("current",))
    opt("biological_model", "--branch", "biological", "--model", "glif", culprit=("model",))
    return collected
