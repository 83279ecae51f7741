"""What stands in a folder of output: dualframe replaces what it wrote, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

import dualframe as df
from dualframe.core.errors import OutputError
from dualframe.core.output_file import write_page
from dualframe.core.output_folder import (
    added_output,
    check_output,
    replaced_output,
    write_manifest,
)

Writer = Callable[..., None]


def write(folder: Path, *, force: bool = False, **files: str) -> None:
    """Write an output of files named by their stems."""
    with replaced_output(folder, force=force) as stage:
        write_manifest(stage, "dualframe test", {})
        for name, text in files.items():
            path = stage / name.replace("__", "/")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)


def tree(folder: Path) -> dict[str, str]:
    """Return the content of every file but manifests, by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


class TestFolders:
    def test_an_earlier_output_is_replaced_whole_and_only_when_asked(self, tmp_path: Path) -> None:
        write(tmp_path, a="1", figures__b="2")
        with pytest.raises(OutputError, match=r"holds dualframe test already.*--force"):
            write(tmp_path, a="3")
        assert tree(tmp_path) == {"a": "1", "figures/b": "2"}
        (tmp_path / "notes").write_text("MINE")
        write(tmp_path, force=True, c="3")
        assert tree(tmp_path) == {"c": "3", "notes": "MINE"}
        assert not (tmp_path / "figures").exists()

    @pytest.mark.parametrize("force", [False, True])
    def test_a_file_of_somebody_else_is_refused_by_name(self, tmp_path: Path, force: bool) -> None:
        (tmp_path / "a").write_text("MINE")
        for attempt in (lambda: check_output(tmp_path, ["a"], force=force),
                        lambda: write(tmp_path, force=force, a="1")):  # fmt: skip
            with pytest.raises(OutputError, match=r"/a' stands where output would go"):
                attempt()
        assert tree(tmp_path) == {"a": "MINE"}
        assert [path.name for path in tmp_path.iterdir()] == ["a"]

    def test_a_file_that_was_changed_since_is_the_users(self, tmp_path: Path) -> None:
        write(tmp_path, a="1", b="2")
        (tmp_path / "a").write_text("MINE")
        with pytest.raises(OutputError, match=r"/a' stands .* was changed since"):
            write(tmp_path, force=True, a="3")
        assert tree(tmp_path) == {"a": "MINE", "b": "2"}
        write(tmp_path, force=True, c="3")
        assert tree(tmp_path) == {"a": "MINE", "c": "3"}

    @pytest.mark.parametrize("place", ["a", "a/b"])
    def test_a_folder_or_a_link_in_the_way_is_refused(self, tmp_path: Path, place: str) -> None:
        target = tmp_path / "elsewhere"
        target.write_text("MINE")
        folder = tmp_path / "out"
        if place == "a":
            (folder / "a").mkdir(parents=True)
        else:
            folder.mkdir()
            (folder / "a").symlink_to(target)
        with pytest.raises(OutputError, match="/a' stands where output would go"):
            check_output(folder, [place])
        assert target.read_text() == "MINE"

    @pytest.mark.parametrize("entry", ["files", "folders"])
    @pytest.mark.parametrize("names", [["../victim"], ["mine"], ["/etc/hostname"], "mine", [["x"]]])
    def test_a_manifest_from_elsewhere_cannot_name_files_that_go(
        self, tmp_path: Path, names: Any, entry: str
    ) -> None:
        folder = tmp_path / "out"
        folder.mkdir()
        for path in (tmp_path / "victim", folder / "mine"):
            path.write_text("MINE")
        content = {"format": "dualframe results", entry: names}
        (folder / "manifest.json").write_text(json.dumps(content))
        write(folder, force=True, a="1")
        assert (tmp_path / "victim").read_text() == "MINE"
        assert tree(folder) == {"a": "1", "mine": "MINE"}

    @pytest.mark.parametrize(
        "content", ["", "{", "[1]", "3", '{"format": "x"}', '{"a":' * 9999, "\0"]
    )
    def test_a_manifest_of_something_else_stays(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "manifest.json").write_text(content)
        with pytest.raises(OutputError, match="not written by dualframe, or is damaged"):
            check_output(tmp_path, force=True)
        assert (tmp_path / "manifest.json").read_text() == content

    def test_files_join_an_output(self, tmp_path: Path) -> None:
        write(tmp_path, a="1")
        with added_output(tmp_path) as stage:
            (stage / "b").write_text("2")
        assert tree(tmp_path) == {"a": "1", "b": "2"}
        (tmp_path / "c").write_text("MINE")
        with pytest.raises(OutputError, match="/c' stands"), added_output(tmp_path) as stage:
            (stage / "c").write_text("3")
        write(tmp_path, force=True, d="4")
        assert tree(tmp_path) == {"c": "MINE", "d": "4"}

    def test_outputs_below_go_with_the_one_above(self, tmp_path: Path) -> None:
        write(tmp_path, a="1")
        with added_output(tmp_path, folders=["below"]):
            pass
        write(tmp_path / "below", b="2")
        (tmp_path / "below" / "notes").write_text("MINE")
        with pytest.raises(OutputError, match="/below' holds dualframe test already"):
            check_output(tmp_path / "below")
        write(tmp_path, force=True, c="3")
        assert tree(tmp_path) == {"below/notes": "MINE", "c": "3"}

    def test_a_failed_writer_leaves_everything_as_it_was(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path, a="1", b="2")
        before = {**tree(tmp_path), "manifest": (tmp_path / "manifest.json").read_text()}
        move, moved = Path.replace, []

        def fail(self: Path, target: Path) -> Path:
            if len(moved) == 4:
                moved.append(target)
                raise KeyboardInterrupt
            moved.append(target)
            return move(self, target)

        monkeypatch.setattr(Path, "replace", fail)
        with pytest.raises(KeyboardInterrupt):
            write(tmp_path, force=True, a="3", c="4")
        monkeypatch.undo()
        after = {**tree(tmp_path), "manifest": (tmp_path / "manifest.json").read_text()}
        assert after == before

    def test_what_a_killed_writer_left_goes_with_the_next(self, tmp_path: Path) -> None:
        write(tmp_path, a="1")
        script = (
            "import os, sys; from pathlib import Path\n"
            "from dualframe.core.output_folder import replaced_output\n"
            "with replaced_output(Path(sys.argv[1]), force=True) as stage:\n"
            "    (stage / 'a').write_text('half'); os.kill(os.getpid(), 9)\n"
        )
        assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False).returncode
        assert tree(tmp_path)["a"] == "1"
        assert len(list(tmp_path.glob(".dualframe-*"))) == 1
        write(tmp_path, force=True, a="2")
        assert tree(tmp_path) == {"a": "2"}

    def test_a_check_makes_nothing(self, tmp_path: Path) -> None:
        assert check_output(tmp_path / "a" / "b") == tmp_path / "a" / "b"
        assert list(tmp_path.iterdir()) == []
        (tmp_path / "file").write_text("")
        for place in (
            tmp_path / "file",
            tmp_path / "file" / "below",
            "a\0b",
            tmp_path / ("x" * 999),
        ):
            with pytest.raises(OutputError, match=r"cannot write into|no path"):
                check_output(place)

    def test_a_home_folder_that_nobody_knows(self) -> None:
        with pytest.raises(OutputError, match="no home folder of '~nobody_at_all'"):
            check_output("~nobody_at_all/x")


class TestFiles:
    def test_a_page_is_replaced_unless_somebody_changed_it(self, tmp_path: Path) -> None:
        path = tmp_path / "page.html"
        write_page(path, "<p>ü</p>")
        write_page(path, "<p>2</p>\n")
        changed = path.read_text().replace("2", "mine")
        path.write_text(changed)
        with pytest.raises(OutputError, match=r"not written by dualframe.*--force"):
            write_page(path, "3")
        assert path.read_text() == changed
        write_page(path, "3", force=True)
        assert path.read_text().startswith("3\n")

    @pytest.mark.parametrize("name", ["x.png", "x.pdf", "x.svg", "x.SVG"])
    def test_a_figure_is_replaced_and_another_file_is_not(self, tmp_path: Path, name: str) -> None:
        path, figure = tmp_path / name, Figure()
        df.plots.savefig(figure, path)
        df.plots.savefig(figure, path)
        figure.savefig(path)
        with pytest.raises(OutputError, match="not written by dualframe"):
            df.plots.savefig(figure, path)
        df.plots.savefig(figure, path, force=True)
        df.plots.savefig(figure, path)

    def test_a_figure_in_a_place_that_cannot_be(self, tmp_path: Path) -> None:
        df.plots.savefig(Figure(), tmp_path / "a" / "b.png")
        (tmp_path / "file").write_text("mine")
        with pytest.raises(OutputError, match=r"cannot write .* Name a file"):
            df.plots.savefig(Figure(), tmp_path / "file" / "x.png")

    @pytest.mark.parametrize("name", ["x", "x.docx", "."])
    def test_a_name_that_is_none_of_a_figure(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(OutputError, match=r"ends in \.png, \.pdf, \.svg"):
            df.plots.savefig(Figure(), tmp_path / name)
        assert os.listdir(tmp_path) == []  # noqa: PTH208
