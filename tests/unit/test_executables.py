"""The cache of compiled programs, and builds that use it."""

from __future__ import annotations

import json
import os
import pwd
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import pytest

from dualframe.core.cache_folder import default_folder
from dualframe.core.errors import BuildError, TargetError
from dualframe.targets.cpp.build import BuiltProgram, compile_project
from dualframe.targets.cpp.compiler import (
    Compiler,
    compile_flags,
    find_compiler,
    first_errors,
    static_link_flags,
)
from dualframe.targets.cpp.program_cache import ExecutableCache, key_of

KEY = key_of(["source", "flags"])
OTHER = key_of(["another source", "flags"])

# The shape of what Brian2 generates, as short as it can be.
TINY = {
    "makefile": "SRCS = code_objects/a.cpp main.cpp network.cpp objects.cpp run.cpp "
    "synapses_classes.cpp\nH_SRCS = objects.h\nOPTIMISATIONS = -O3\nLFLAGS = \n"
    "main: $(SRCS)\n\t$(CXX) $(OPTIMISATIONS) -I. $(SRCS) -o main $(LFLAGS)\n",
    "objects.h": "#ifndef O\n#define O\n#include <string>\nnamespace brian {\n"
    "extern std::string results_dir;\nextern double * _array_p_x;\n}\nvoid brian_start();\n"
    "void _run_a();\n#endif\n",
    "objects.cpp": '#include "objects.h"\nnamespace brian {\n'
    'std::string results_dir = "results/";\n'
    "double * _array_p_x;\n}\n",
    "code_objects/a.cpp": '#include "objects.h"\n#include <cstdio>\nnamespace {\n'
    "double twice(double x) { return 2*x; }\n}\nvoid _run_a()\n{\n"
    '    std::printf("%g", twice(brian::_array_p_x[0]));\n}\n',
    "main.cpp": '#include "values.h"\n#include "objects.h"\nusing namespace brian;\n'
    "int main(int argc, char **argv)\n{\n"
    '    const double value_p_x = dualframe::parameter("p_x");\n'
    "    brian::results_dir = dualframe::results_folder(argc, argv);\n"
    "    brian_start();\n    _array_p_x[0] = value_p_x;\n    _run_a();\n}\n",
    "values.h": files("dualframe.targets.cpp").joinpath("values.h").read_text(),
    "parameters.txt": "p_x = 21.0\n",
    "layout.txt": "",
    "contents.json": '{"data": [], "results": []}',
    "network.cpp": "",
    "run.cpp": '#include "objects.h"\nvoid brian_start()\n{\n'
    "    brian::_array_p_x = new double[1];\n}\n",
    "synapses_classes.cpp": "",
}

# A stand-in for a compiler: it writes a program that tells its arguments, and counts its calls.
FAKE = """#!{python}
import pathlib, sys, time
if "--version" in sys.argv:
    print("fake 1.0")
    sys.exit()
if asked := [word for word in sys.argv if word.startswith("-print-file-name=")]:
    print({archives!r} + asked[0].partition("=")[2])
    sys.exit()
here = pathlib.Path(__file__).parent
with open(here / "calls", "a") as calls:
    calls.write("x")
target = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
target.write_text("#!/bin/sh\\necho compiled\\n")
target.chmod(0o755)
time.sleep({delay})
"""


@pytest.fixture
def cache(tmp_path) -> ExecutableCache:
    return ExecutableCache(tmp_path / "cache")


@pytest.fixture
def program(tmp_path) -> Path:
    path = tmp_path / "program"
    path.write_bytes(b"#!/bin/sh\necho compiled\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def target(tmp_path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project" / "main"


def entry_file(cache: ExecutableCache, name: str) -> Path:
    (path,) = cache.folder.glob(f"??/*/{name}")
    return path


def leftovers(folder: Path) -> list[str]:
    return [p.name for p in folder.rglob("*") if p.name.startswith((".", "tmp-"))]


class TestCache:
    def test_what_was_inserted_is_fetched_and_runs(self, cache, program, target):
        cache.insert(KEY, program)
        assert cache.fetch(KEY, target)
        assert subprocess.run([target], capture_output=True, check=True).stdout == b"compiled\n"
        assert leftovers(cache.folder) == leftovers(target.parent) == []

    def test_an_unknown_key(self, cache, program, target):
        cache.insert(KEY, program)
        assert not cache.fetch(OTHER, target)
        assert not target.exists()

    def test_who_finds_nothing_discards_nothing(self, cache, target, monkeypatch):
        """Else an entry that another process inserts meanwhile would be lost."""

        def lose(self, entry):
            raise AssertionError(f"{entry} was discarded")

        monkeypatch.setattr(ExecutableCache, "_discard_entry", lose)
        assert not cache.fetch(KEY, target)

    @pytest.mark.parametrize(
        "damage", [lambda b: b[:-5], lambda b: b[:-1] + b"#", lambda b: b"", lambda b: b + b"x"]
    )
    def test_a_damaged_program_is_discarded(self, cache, program, target, damage):
        cache.insert(KEY, program)
        path = entry_file(cache, "main")
        path.write_bytes(damage(path.read_bytes()))
        assert not cache.fetch(KEY, target)
        assert not target.exists()
        assert cache.entries() == []
        cache.insert(KEY, program)
        assert cache.fetch(KEY, target)

    @pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"size": 1}', "null"])
    def test_a_damaged_record_is_discarded(self, cache, program, target, content):
        cache.insert(KEY, program)
        entry_file(cache, "entry.json").write_text(content)
        assert not cache.fetch(KEY, target)
        assert cache.entries() == []

    @pytest.mark.parametrize("name", ["main", "entry.json"])
    def test_an_incomplete_entry_is_replaced(self, cache, program, target, name):
        cache.insert(KEY, program)
        entry_file(cache, name).unlink()
        assert not cache.fetch(KEY, target)
        cache.insert(KEY, program)
        assert cache.fetch(KEY, target)

    def test_a_project_that_cannot_be_written_costs_no_entry(self, cache, program, tmp_path):
        cache.insert(KEY, program)
        (tmp_path / "file").touch()
        assert not cache.fetch(KEY, tmp_path / "file" / "main")
        assert len(cache.entries()) == 1

    def test_the_first_of_two_insertions_stays(self, cache, program, target):
        cache.insert(KEY, program)
        program.write_text("another")
        cache.insert(KEY, program)
        assert cache.fetch(KEY, target)
        assert b"compiled" in target.read_bytes()
        assert leftovers(cache.folder) == []

    def test_concurrent_insertions_and_fetches(self, cache, program, tmp_path):
        def use(number: int) -> bool:
            target = tmp_path / f"target{number}"
            if not cache.fetch(KEY, target):
                cache.insert(KEY, program)
                cache.fetch(KEY, target)
            return target.read_bytes() == program.read_bytes()

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(use, range(40)))
        assert len(cache.entries()) == 1

    def test_what_was_not_used_for_longest_is_evicted(self, cache, program, target):
        keys = [key_of([str(number)]) for number in range(4)]
        for age, key in enumerate(keys[:3]):
            cache.insert(key, program)
            self.age(cache, key, 100.0 - age)
        assert cache.fetch(keys[0], target)  # now the one used last
        small = ExecutableCache(cache.folder, limit=cache.size())
        small.insert(keys[3], program)
        assert [small.fetch(key, target) for key in keys] == [True, False, True, True]

    def test_the_newest_program_stays_even_if_it_is_too_large(self, cache, program, target):
        tiny = ExecutableCache(cache.folder, limit=1)
        tiny.insert(KEY, program)
        assert tiny.fetch(KEY, target)

    def test_remains_of_a_killed_process_are_removed(self, cache, program):
        cache.insert(KEY, program)
        remains = cache.folder / ".dualframe-entry-killed"
        (remains / "entry").mkdir(parents=True)
        (remains / "entry" / "main").write_text("half")
        day = 24 * 3600
        os.utime(remains, (time.time() - 2 * day, time.time() - 2 * day))
        cache.insert(OTHER, program)
        assert not remains.exists()

    def test_size_and_clear(self, cache, program):
        assert (cache.size(), cache.clear()) == (0, 0)
        cache.insert(KEY, program)
        cache.insert(OTHER, program)
        records = sum(path.stat().st_size for path in cache.folder.glob("??/*/entry.json"))
        assert cache.size() == 2 * program.stat().st_size + records
        assert cache.clear() == 2
        assert cache.size() == 0

    def test_what_the_cache_did_not_make_stays(self, cache, program):
        cache.insert(KEY, program)
        places = ["tmp-thesis", ".dualframe-entry-mine", "ab/cd", f"{KEY[:2]}/{KEY}"]
        for place in places:
            (cache.folder / place).mkdir(parents=True, exist_ok=True)
            (cache.folder / place / "chapter").write_text("mine")
        (cache.folder / "ab" / "cd" / "entry.json").write_text("mine")
        assert ExecutableCache(cache.folder, limit=0).clear() == 0
        for place in places:
            assert (cache.folder / place / "chapter").read_text() == "mine"
        assert (cache.folder / "ab" / "cd" / "entry.json").read_text() == "mine"

    def test_the_record_says_size_and_hash(self, cache, program):
        cache.insert(KEY, program)
        record = json.loads(entry_file(cache, "entry.json").read_text())
        assert record["size"] == program.stat().st_size
        assert re.fullmatch("[0-9a-f]{64}", record["sha256"])

    def age(self, cache: ExecutableCache, key: str, seconds: float) -> None:
        (record,) = cache.folder.glob(f"??/{key}/entry.json")
        os.utime(record, (time.time() - seconds, time.time() - seconds))


def test_keys_tell_lists_of_texts_apart():
    lists = [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["c", "ab"]]
    assert len({key_of(texts) for texts in lists}) == len(lists)


def test_the_default_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("DUALFRAME_CACHE", str(tmp_path / "mine"))
    assert default_folder() == tmp_path / "mine"
    monkeypatch.delenv("DUALFRAME_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "dualframe"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert default_folder() == Path.home() / ".cache" / "dualframe"


def test_the_default_folder_of_a_user_without_a_home(monkeypatch):
    def unknown(uid):
        raise KeyError(uid)

    for name in ("HOME", "DUALFRAME_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    folder = default_folder()
    assert folder == default_folder()
    assert folder.is_dir()
    assert folder.stat().st_mode & 0o077 == 0  # a program of somebody else is never run


class TestToolchain:
    def test_no_compiler(self, tmp_path):
        with pytest.raises(TargetError, match=r"looked for g\+\+, clang\+\+.*target='runtime'"):
            find_compiler({"PATH": str(tmp_path)})

    def test_a_chosen_compiler_that_does_not_exist(self, tmp_path):
        with pytest.raises(TargetError, match="looked for CXX='nope -x'"):
            find_compiler({"PATH": str(tmp_path), "CXX": "nope -x"})

    def test_a_compiler_that_does_not_run(self, tmp_path):
        broken = tmp_path / "g++"
        broken.write_text("#!/bin/sh\necho no licence >&2\nexit 3\n")
        broken.chmod(0o755)
        with pytest.raises(TargetError, match=r"does not run: no licence"):
            find_compiler({"PATH": str(tmp_path)})

    def test_arguments_in_cxx(self, tmp_path):
        path = fake_compiler(tmp_path)
        compiler = find_compiler({"PATH": "", "CXX": f"{path} -m64"})
        assert compiler.command == (str(path), "-m64")
        assert compiler.version == "fake 1.0"

    def test_flags(self):
        assert "-ffast-math" in compile_flags()
        assert "-D__FAST_MATH__" in compile_flags()  # else no exp on vectors
        assert not {"-ffast-math", "-D__FAST_MATH__"} & set(compile_flags(strict=True))
        assert "-ffp-contract=off" in compile_flags(strict=True)
        assert compile_flags(debug=True)[-2:] == ("-g", "-DDEBUG")

    @pytest.mark.parametrize(
        ("archives", "libraries", "flags"),
        [("/lib/", ["-L/lib", "-lm"], ("-static",)), ("", [], ()), ("/lib/", ["-lm", "-lgsl"], ())],
        ids=["archives", "no archives", "a library of its own"],
    )
    def test_standard_libraries_are_linked_in_where_they_can(
        self, tmp_path, monkeypatch, archives, libraries, flags
    ):
        monkeypatch.setattr("platform.system", lambda: "Linux")
        path = fake_compiler(tmp_path, archives=archives)
        assert static_link_flags(Compiler((str(path),), "fake"), libraries) == flags

    def test_the_first_errors_of_a_long_output(self):
        output = "note: x\na.cpp:1: error: one\n" + "\n".join(f"error: {k}" for k in range(9))
        assert first_errors(output).splitlines() == [
            "  a.cpp:1: error: one",
            "  error: 0",
            "  error: 1",
        ]
        assert first_errors("Killed\n") == "  Killed"


def fake_compiler(folder: Path, delay: float = 0.0, archives: str = "") -> Path:
    path = folder / "fakecxx"
    path.write_text(FAKE.format(python=sys.executable, delay=delay, archives=archives))
    path.chmod(0o755)
    return path


def tiny_project(folder: Path, **changes: str) -> Path:
    texts = TINY | {name: text for name, text in changes.items() if name in TINY}
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


class TestBuilds:
    @pytest.fixture
    def compiler(self, tmp_path, monkeypatch) -> Path:
        path = fake_compiler(tmp_path)
        monkeypatch.setenv("CXX", str(path))
        return path

    def calls(self, compiler: Path) -> int:
        counter = compiler.parent / "calls"
        return len(counter.read_text()) if counter.exists() else 0

    def test_the_second_project_is_not_compiled(self, cache, compiler, tmp_path):
        builds = [self.build(tmp_path / name, cache) for name in ("a", "b")]
        assert [build.cache for build in builds] == ["miss", "hit"]
        assert self.calls(compiler) == 1
        assert builds[1].executable == tmp_path / "b" / "main"
        assert builds[1].executable.read_bytes() == builds[0].executable.read_bytes()

    def test_another_value_is_not_compiled(self, cache, compiler, tmp_path):
        self.build(tmp_path / "a", cache)
        changed = {"parameters.txt": "p_x = 5.5\n"}
        assert self.build(tmp_path / "b", cache, changed).cache == "hit"
        assert (tmp_path / "b" / "parameters.txt").read_text() == "p_x = 5.5\n"

    @pytest.mark.parametrize(
        ("changed", "options"),
        [
            ({"main.cpp": TINY["main.cpp"].replace("= value_p_x", "= 21.0")}, {}),
            ({"code_objects/a.cpp": TINY["code_objects/a.cpp"].replace("2*x", "3*x")}, {}),
            ({"makefile": TINY["makefile"].replace("-O3", "-O3 -DX")}, {}),
            ({}, {"strict": True}),
            ({}, {"threads": 2}),
            ({}, {"merged": False}),
        ],
    )
    def test_other_code_or_flags_are_compiled(self, cache, compiler, tmp_path, changed, options):
        self.build(tmp_path / "a", cache)
        assert self.build(tmp_path / "b", cache, changed, **options).cache == "miss"
        assert self.calls(compiler) == 2

    def test_another_compiler_compiles(self, cache, compiler, tmp_path, monkeypatch):
        self.build(tmp_path / "a", cache)
        (tmp_path / "other").mkdir()
        monkeypatch.setenv("CXX", str(fake_compiler(tmp_path / "other")))
        assert self.build(tmp_path / "b", cache).cache == "miss"

    def test_a_damaged_entry_is_built_again(self, cache, compiler, tmp_path):
        self.build(tmp_path / "a", cache)
        entry_file(cache, "main").write_text("#!/bin/sh\necho altered\n")
        build = self.build(tmp_path / "b", cache)
        assert build.cache == "miss"
        assert "compiled" in build.executable.read_text()

    def test_what_cannot_be_merged_is_built_and_cached_as_it_is(self, cache, compiler, tmp_path):
        extra = {"makefile": TINY["makefile"].replace("SRCS = ", "SRCS = network.h.cpp ", 1)}
        for name, expected in (("a", "miss"), ("b", "hit")):
            (tmp_path / name).mkdir()
            (tmp_path / name / "network.h.cpp").touch()
            build = self.build(tmp_path / name, cache, extra)
            assert (build.cache, build.is_merged) == (expected, False)

    def test_a_cache_that_cannot_be_written(self, compiler, tmp_path):
        (tmp_path / "occupied").touch()
        with pytest.warns(RuntimeWarning, match="cannot be written.*DUALFRAME_CACHE") as caught:
            build = self.build(tmp_path / "a", ExecutableCache(tmp_path / "occupied" / "cache"))
        assert len(str(caught[0].message).splitlines()) == 1
        assert build.cache == "miss"
        assert build.executable.is_file()

    def test_an_interrupted_compilation_leaves_nothing_behind(self, tmp_path):
        compiler = fake_compiler(tmp_path, delay=60)
        project = tiny_project(tmp_path / "a")
        code = (
            "import pathlib, sys; from dualframe.targets.cpp.build import compile_project\n"
            "compile_project(pathlib.Path(sys.argv[1]))"
        )
        environment = os.environ | {
            "CXX": str(compiler),
            "DUALFRAME_CACHE": str(tmp_path / "cache"),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        process = subprocess.Popen(
            [sys.executable, "-c", code, project],
            env=environment,
            stderr=subprocess.DEVNULL,
            # a shell's background job ignores Ctrl-C, and so do its children
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        while not (tmp_path / "calls").exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) != 0
        assert leftovers(project) == []
        assert not (project / "main").exists()
        assert ExecutableCache(tmp_path / "cache").entries() == []

    def test_not_a_project(self, cache, compiler, tmp_path):
        with pytest.raises(BuildError, match="is not a generated C\\+\\+ project"):
            compile_project(tmp_path, cache=cache)

    def build(
        self,
        folder: Path,
        cache: ExecutableCache,
        changed: dict[str, str] | None = None,
        **options: bool,
    ) -> BuiltProgram:
        return compile_project(tiny_project(folder, **(changed or {})), cache=cache, **options)


@pytest.mark.cpp
class TestCompiling:
    def test_merged_and_stock_builds_agree(self, cache, tmp_path):
        for merged in (True, False):
            build = compile_project(
                tiny_project(tmp_path / str(merged)), cache=cache, merged=merged
            )
            assert build.is_merged == merged
            assert self.output(build) == "42"

    def test_an_error_names_lines_and_sources(self, cache, tmp_path):
        broken = TINY["code_objects/a.cpp"].replace("2*x", "2*y")
        project = tiny_project(tmp_path / "a", **{"code_objects/a.cpp": broken})
        with pytest.raises(BuildError, match=r"error: .y. was not declared") as caught:
            compile_project(project, cache=cache)
        assert str(project) in str(caught.value)
        assert cache.entries() == []
        assert leftovers(project) == []

    def output(self, build: BuiltProgram) -> str:
        (build.executable.parent / "layout.txt").touch()
        done = subprocess.run(
            [build.executable], cwd=build.executable.parent, capture_output=True, text=True
        )
        return done.stdout
