"""Where results go: files and folders of others, odd names, places that cannot be written."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dualframe as df

from .attempts import CLEAR, EITHER, OK, Case
from .command_lines import (
    MINI,
    RUN,
    cli,
    keeps,
    prepared_folder,
    toml,
)


def _ran_in(out: str) -> Callable[[Path, str, str], str]:
    def verify(folder: Path, printed: str, err: str) -> str:

        df.Results.load(folder / out)
        stray = [
            p.name
            for p in folder.iterdir()
            if p.name not in ("c.toml", Path(out).parts[0]) and not p.name.startswith(".corpus")
        ]
        return f"also made {stray}" if stray else ""

    return verify


def _agents_lost(folder: Path) -> str:
    manifest = json.loads((folder / "agents" / "manifest.json").read_text())
    return "" if manifest["format"] == "dualframe agents" else "agents can no longer be loaded"


def cases(place: Path) -> list[Case]:
    """Return the cases; what they start from is made in a place."""
    collected: list[Case] = []
    add = collected.append

    def mini(folder: Path) -> None:
        (folder / "c.toml").write_text(toml(MINI))

    def out_case(
        id: str,
        out: str,
        make: Callable[[Path], Any],
        expect: str = CLEAR,
        culprit: Any = None,
        **more: Any,
    ) -> None:
        def setup(folder: Path) -> None:
            mini(folder)
            make(folder)

        add(
            Case(
                id=f"out/{id}",
                run=cli("run", "c.toml", *RUN, "--out", out),
                expect=expect,
                culprit=(culprit or re.escape(out),),
                setup=setup,
                **more,
            )
        )

    out_case("file", "f", lambda f: (f / "f").write_text("MINE"), lost=keeps("f"))
    out_case("below_file", "f/g", lambda f: (f / "f").write_text("MINE"), lost=keeps("f"))
    out_case("empty", "", lambda f: None, expect=EITHER, culprit="out")
    out_case("symlink_loop", "loop", lambda f: (f / "loop").symlink_to("loop"))
    out_case("dangling", "dang", lambda f: (f / "dang").symlink_to("nowhere/x"), expect=EITHER)
    out_case("proc", "/proc/nope", lambda f: None)
    out_case("dev_null", "/dev/null", lambda f: None)
    out_case("dev_full", "/dev/full", lambda f: None)
    out_case("null_byte", "a\0b", lambda f: None, culprit="out|null|a")
    out_case("long", "x" * 300, lambda f: None, culprit="xxx")
    out_case("long_path", "/".join(["y" * 200] * 30), lambda f: None, culprit="yyy")
    out_case("surrogate", "a\udcff", lambda f: None, expect=EITHER)
    for label, out in (
        ("spaces", "a b"),
        ("quotes", "a'b\"c"),
        ("newline", "a\nb"),
        ("dollar", "$(touch x)"),
        ("unicode", "ünï"),
        ("dash", "./-x"),
        ("backslash", "a\\b"),
        ("markup", "[/x]"),
        ("percent", "%s{0}"),
    ):
        out_case(f"odd/{label}", out, lambda f: None, expect=OK, verify=_ran_in(out))
    out_case(
        "foreign_manifest",
        "d",
        lambda f: (f / "d").mkdir() or (f / "d" / "manifest.json").write_text('MINE{"a":1}'),
        lost=keeps("d/manifest.json"),
    )
    out_case(
        "foreign_manifest_dict",
        "d",
        lambda f: (f / "d").mkdir() or (f / "d" / "manifest.json").write_text("[1]"),
        culprit="manifest",
    )
    out_case(
        "foreign_rates_csv",
        "d",
        lambda f: (f / "d").mkdir() or (f / "d" / "rates.csv").write_text("MINE"),
        expect=EITHER,
        lost=keeps("d/rates.csv"),
    )
    out_case(
        "foreign_spikes_h5",
        "d",
        lambda f: (f / "d").mkdir() or (f / "d" / "spikes.h5").write_text("MINE"),
        expect=EITHER,
        lost=keeps("d/spikes.h5"),
    )
    out_case(
        "foreign_traces_h5",
        "d",
        lambda f: (f / "d").mkdir() or (f / "d" / "traces.h5").write_text("MINE"),
        expect=EITHER,
        lost=keeps("d/traces.h5"),
    )
    out_case(
        "foreign_figure",
        "d",
        lambda f: (
            (f / "d" / "figures").mkdir(parents=True)
            or (f / "d" / "figures" / "traces_mine.png").write_text("MINE")
        ),
        expect=EITHER,
        lost=keeps("d/figures/traces_mine.png"),
    )
    out_case(
        "foreign_other",
        "d",
        lambda f: (f / "d").mkdir() or (f / "d" / "notes.txt").write_text("MINE"),
        expect=OK,
        lost=keeps("d/notes.txt"),
    )
    out_case(
        "figures_is_file",
        "d",
        lambda f: (f / "d").mkdir() or (f / "d" / "figures").write_text("MINE"),
        expect=EITHER,
        lost=keeps("d/figures"),
        culprit="figures",
        writes=True,
    )
    out_case(
        "manifest_is_folder",
        "d",
        lambda f: (f / "d" / "manifest.json").mkdir(parents=True),
        culprit="manifest",
    )
    out_case(
        "rates_is_folder",
        "d",
        lambda f: (f / "d" / "rates.csv").mkdir(parents=True),
        culprit="rates.csv",
        writes=True,
    )
    out_case(
        "agents_there",
        "agents",
        lambda f: shutil.copytree(prepared_folder(place, "agents"), f / "agents"),
        expect=EITHER,
        lost=_agents_lost,
        culprit="agents",
    )
    out_case(
        "earlier_results",
        "r",
        lambda f: shutil.copytree(prepared_folder(place, "results"), f / "r"),
        culprit="force",
    )
    return collected
