"""The other commands, with words that they cannot take."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from .attempts import CLEAR, EITHER, OK, Case
from .command_lines import (
    COMPARE,
    MINI,
    RUN,
    TRAIN,
    cli,
    keeps,
    prepared_folder,
    replaced,
    toml,
)


def cases(place: Path) -> list[Case]:
    """Return the cases; what they start from is made in a place."""
    collected: list[Case] = []
    add = collected.append

    def mini(folder: Path) -> None:
        (folder / "c.toml").write_text(toml(MINI))

    def word(
        id: str, *words: str, expect: str = CLEAR, culprit: Any = (), setup: Any = None, **more: Any
    ) -> None:
        culprit = (culprit,) if isinstance(culprit, str) else culprit
        add(
            Case(
                id=f"command/{id}",
                run=cli(*words),
                expect=expect,
                culprit=culprit,
                setup=setup,
                **more,
            )
        )

    word("none", culprit="COMMAND")
    word("unknown", "rnu", culprit="rnu")
    word("list", "list", "cell", culprit="cell")
    word("list_none", "list", culprit="KIND")
    word("show_empty", "show", "", culprit="name|''")
    word("show_path", "show", "../../../etc/passwd", culprit="passwd")
    word("show_folder", "show", ".", culprit=r"'\.'")
    word("show_unknown", "show", "ctx_pvb", culprit="ctx_pv")
    word("show_long", "show", "x" * 100000, culprit="xxx")
    word("show_null", "show", "a\0.toml", culprit="a")
    word("show_dash", "show", "--", culprit="NAME")
    word("run_none", "run", culprit="CIRCUIT")
    word("run_empty", "run", "", culprit="''|circuit")
    word("run_folder", "run", ".", culprit=r"'\.'")
    word("run_null", "run", "a\0b.toml", culprit="a")
    word("run_tilde", "run", "~nobody/x.toml", culprit="nobody")
    word("run_task", "run", "navigation", culprit="navigation")
    word("train_circuit", "train", "l23", culprit="l23")
    for id, words, culprit in (
        ("agents_0", ("--agents", "0"), "agents"),
        ("agents_neg", ("--agents", "-1"), "agents"),
        ("agents_nan", ("--agents", "nan"), "agents"),
        ("agents_1e12", ("--agents", "1000000000000"), "agents|memory"),
        ("trials", ("--trials", "3"), "trials"),
        ("duration_0", ("--duration", "0"), "duration"),
        ("duration_neg", ("--duration", "-1s"), "duration"),
        ("duration_unit", ("--duration", "3mV"), "duration"),
        ("neurons_0", ("--neurons", "0"), "neurons"),
        ("neurons_1", ("--neurons", "1"), "neurons"),
        ("neurons_3", ("--neurons", "3"), "neurons|out_degree"),
        ("neurons_neg", ("--neurons", "-5"), "neurons"),
        ("neurons_1e12", ("--neurons", "1000000000000"), "neurons|memory"),
        ("modulate", ("--modulate", "XX"), "XX"),
        ("modulate_empty", ("--modulate", ""), "modulate"),
        ("modulate_twice", ("--modulate", "DA", "--modulate", "DA"), "DA"),
        ("modulate_none_and", ("--modulate", "none,DA"), "none"),
        ("heterogeneity", ("--heterogeneity", "-1"), "heterogeneity"),
        ("heterogeneity_nan", ("--heterogeneity", "nan"), "heterogeneity"),
        ("heterogeneity_1e9", ("--heterogeneity", "1e9"), "heterogeneity"),
        ("heterogeneity_1e300", ("--heterogeneity", "1e300"), "heterogeneity"),
        ("set", ("--set", "x"), "set"),
        ("set_section", ("--set", "x.y=1"), "'x'"),
        ("set_name", ("--set", "reward.x=1"), "'x'"),
        ("set_value", ("--set", "reward.pulse=lots"), "pulse"),
        ("set_unit", ("--set", "reward.tau=3 mV"), "tau"),
        ("set_zero", ("--set", "reward.tau=0 ms"), "tau"),
        ("set_neg", ("--set", "reward.tau=-5 ms"), "tau"),
        ("set_nan", ("--set", "reward.pulse=nan"), "pulse"),
        ("set_dt", ("--set", "protocol.dt=0 ms"), "dt"),
        ("set_dunder", ("--set", "reward.__class__=1"), "__class__"),
        ("set_equals", ("--set", "="), "set"),
        ("seed", ("--seed", "-1"), "seed"),
        ("evaluate", ("--evaluate",), "evaluate"),
        ("target", ("--target", "gpu"), "gpu"),
        ("threads", ("--threads", "0"), "threads"),
    ):
        base = (*TRAIN[:2], *TRAIN[4:]) if id == "trials" else TRAIN
        command = ("train", "distal_reward", *replaced(base, words))
        word(f"train/{id}", *command, culprit=culprit, limit=90)
    word(
        "train/nav_trials_0",
        "train",
        "navigation",
        "--trials",
        "0",
        "--agents",
        "1",
        "--target",
        "runtime",
        culprit="trials",
    )
    word(
        "train/nav_trials_neg",
        "train",
        "navigation",
        "--trials",
        "-1",
        "--agents",
        "1",
        "--target",
        "runtime",
        culprit="trials",
    )
    word(
        "train/nav_agents_set",
        "train",
        "navigation",
        "--set",
        "environment.kind=cartpole",
        "--trials",
        "1",
        "--agents",
        "1",
        "--target",
        "runtime",
        culprit="cartpole|environment",
    )
    for id, words, culprit in (
        ("seeds_0", ("--seeds", "0"), "seeds"),
        ("seeds_neg", ("--seeds", "-1"), "seeds"),
        ("modulate", ("--modulate", "XX=1"), "XX"),
        ("scale_0", ("--scale", "0"), "scale"),
        ("scale_nan", ("--scale", "nan"), "scale"),
        ("duration", ("--duration", "0"), "duration"),
        ("duration_short", ("--duration", "1ms"), "duration"),
        ("model", ("--model", "hh"), "hh"),
        ("model_bio", ("--model", "biological"), "model|biological"),
    ):
        word(
            f"compare/{id}", "compare", "l23", *replaced(COMPARE, words), culprit=culprit, limit=90
        )
    word("compare/none", "compare", "l23", culprit="modulate")
    word("validate/unknown", "validate", "ctx_pvb", culprit="ctx_pv")
    word(
        "validate/point_only",
        "validate",
        "insect_kc",
        culprit="insect_kc|compartments",
        expect=EITHER,
    )
    word("validate/model", "validate", "ctx_pv", "--model", "hh", culprit="hh")
    word("validate/cells", "validate", "ctx_pv", "--cells", "x", culprit="'x'")
    word(
        "validate/out_file",
        "validate",
        "ctx_pv",
        "--out",
        "f",
        culprit="f",
        setup=lambda f: (f / "f").write_text("MINE") and None,
    )
    word("fit/none", "fit", culprit="cell|--all")
    word("fit/both", "fit", "ctx_pv", "--all", culprit="cell|--all")
    word("fit/unknown", "fit", "ctx_pvb", culprit="ctx_pv")
    word("fit/model", "fit", "ctx_pv", "--model", "hh", culprit="hh")
    word("fit/seed", "fit", "ctx_pv", "--seed", "-1", culprit="seed")
    word("calibrate/scale", "calibrate", "l23", "--scale", "0", culprit="scale", limit=90)
    word("calibrate/duration", "calibrate", "l23", "--duration", "0", culprit="duration")
    word(
        "calibrate/duration_short",
        "calibrate",
        "l23",
        "--duration",
        "0.1 s",
        culprit="duration",
        limit=90,
    )
    word("calibrate/model", "calibrate", "l23", "--model", "hh", culprit="hh")
    word(
        "calibrate/synapses",
        "calibrate",
        "l23",
        "--model",
        "glif",
        "--synapses",
        "x",
        culprit="'x'",
    )
    word("calibrate/nothing", "calibrate", "pd14", culprit="pd14")
    word("calibrate/out_folder", "calibrate", "l23", "--out", ".", culprit=r"\.")
    word("calibrate/out_proc", "calibrate", "l23", "--out", "/proc/x/y", culprit="proc")
    word("check/none", "check", "l23", culprit="target")
    word("check/target", "check", "l23", "--target", "gpu", culprit="gpu")
    word("export/none", "export", "l23", culprit="out")
    word("export/target", "export", "c.toml", *RUN, "--out", "e", culprit="runtime", setup=mini)
    exp = (
        "export",
        "c.toml",
        "--branch",
        "task_driven",
        "--scale",
        "1",
        "--seed",
        "1",
        "--duration",
        "20ms",
    )
    word(
        "export/file",
        *exp,
        "--out",
        "f",
        culprit="f",
        setup=lambda f: (mini(f), (f / "f").write_text("MINE"))[0],
        lost=keeps("f"),
    )
    word(
        "export/not_empty",
        *exp,
        "--out",
        "d",
        culprit="d",
        setup=lambda f: (mini(f), (f / "d").mkdir(), (f / "d" / "a").write_text("MINE"))[0],
        lost=keeps("d/a"),
    )
    word(
        "export/marker_user_file",
        *exp,
        "--out",
        "d",
        expect=EITHER,
        culprit="d",
        lost=keeps("d/mine.dat", "victim"),
        setup=lambda f: (
            mini(f),
            (f / "d").mkdir(),
            (f / "d" / "mine.dat").write_text("MINE"),
            (f / "victim").write_text("MINE"),
            (f / "d" / "export.json").write_text(
                json.dumps({"dualframe_export": ["mine.dat", "../victim", "/etc/nope"]})
            ),
        )[0],
    )
    word(
        "export/marker_broken",
        *exp,
        "--out",
        "d",
        culprit="d",
        setup=lambda f: (mini(f), (f / "d").mkdir(), (f / "d" / "export.json").write_text("{"))[0],
    )
    word(
        "export/own_main",
        *exp,
        "--out",
        "d",
        expect=EITHER,
        culprit="d",
        lost=keeps("d/main"),
        setup=lambda f: (
            mini(f),
            (f / "d").mkdir(),
            (f / "d" / "main").write_text("MINE"),
            (f / "d" / "export.json").write_text(json.dumps({"dualframe_export": []})),
        )[0],
    )
    word("export/duration", *exp[:-1], "0", "--out", "d", culprit="duration", setup=mini)
    word("export/odd_path", *exp, "--out", "e $x 'q' ü\n", expect=OK, setup=mini)
    word("report/none", "report", culprit="DIR")
    word("report/missing", "report", "nope", culprit="nope")
    word("report/empty_folder", "report", ".", culprit=r"'\.'|manifest")
    word(
        "report/agents",
        "report",
        "a",
        expect=OK,
        setup=lambda f: shutil.copytree(prepared_folder(place, "agents"), f / "a") and None,
    )
    word(
        "report/out_folder",
        "report",
        "r",
        "--out",
        ".",
        culprit=r"'\.'|\.",
        setup=lambda f: shutil.copytree(prepared_folder(place, "results"), f / "r") and None,
    )
    word(
        "report/out_proc",
        "report",
        "r",
        "--out",
        "/proc/x/y.html",
        culprit="proc",
        setup=lambda f: shutil.copytree(prepared_folder(place, "results"), f / "r") and None,
    )
    word(
        "report/same_twice",
        "report",
        "r",
        "r",
        expect=EITHER,
        culprit="r",
        setup=lambda f: shutil.copytree(prepared_folder(place, "results"), f / "r") and None,
    )
    word(
        "report/dollar_folder",
        "report",
        "$x^{$",
        "a$\\frac{$",
        expect=OK,
        setup=lambda f: (
            [
                shutil.copytree(prepared_folder(place, "results"), f / n)
                for n in ("$x^{$", "a$\\frac{$")
            ]
            and None
        ),
    )
    word(
        "report/over_user_file",
        "report",
        "r",
        "--out",
        "thesis.html",
        expect=EITHER,
        culprit="thesis",
        lost=keeps("thesis.html"),
        setup=lambda f: (
            (
                shutil.copytree(prepared_folder(place, "results"), f / "r"),
                (f / "thesis.html").write_text("MINE"),
            )[0]
            and None
        ),
    )
    word("replay/none", "replay", culprit="MANIFEST")
    word("replay/missing", "replay", "nope", culprit="nope")
    word(
        "replay/agents",
        "replay",
        "a",
        expect=OK,
        setup=lambda f: shutil.copytree(prepared_folder(place, "agents"), f / "a") and None,
    )
    word("cache/unknown", "cache", "--clera", culprit="clera")
    for id, edit in (("tmp_folders", "tmp-thesis"),):

        def setup(folder: Path, edit: str = edit) -> None:
            (folder / edit).mkdir()
            (folder / edit / "chapter").write_text("MINE")

        def run(folder: Path) -> int:
            os.environ["DUALFRAME_CACHE"] = str(folder)
            return cli("cache", "--clear")(folder)

        add(
            Case(
                id=f"command/cache/clear_{id}",
                run=run,
                expect=EITHER,
                setup=setup,
                lost=keeps(f"{edit}/chapter"),
            )
        )
    return collected
