"""Exponentials and powers of generated C++: accuracy, edges, and the same in every lane."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from importlib.resources import files
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms
from brian2.core.functions import DEFAULT_FUNCTIONS
from mpmath import mp

import dualframe as df
from dualframe.core.errors import TargetError
from dualframe.targets.cpp.compiler import compile_flags, find_compiler
from dualframe.targets.cpp.vector_functions import HEADER, with_vector_powers

# Reads pairs of doubles, writes a double for each; the loops are those of generated programs.
PROGRAM = """
#include "vector_functions.h"
#include <cstdio>
#include <vector>
#define LOOP(name, value) \\
    __attribute__((noinline)) \\
    void name(double *result, const double *xs, const double *ys, int n) \\
    { \\
        _Pragma("clang loop vectorize(assume_safety)") _Pragma("GCC ivdep") \\
        for (int k = 0; k < n; k++) { const double x = xs[k], y = ys[k]; result[k] = value; } \\
    }
LOOP(exp, dualframe::_exp(x))
LOOP(expm1, dualframe::_expm1(x))
LOOP(exprel, dualframe::_exprel(x))
LOOP(pow, dualframe::_pow(x, y))
int main(int, char **arguments)
{
    void (*const loops[])(double *, const double *, const double *, int) = {
        exp, expm1, exprel, pow};
    std::vector<double> x, y;
    double pair[2];
    while (std::fread(pair, sizeof pair, 1, stdin)) { x.push_back(pair[0]); y.push_back(pair[1]); }
    std::vector<double> result(x.size());
    loops[arguments[1][0] - '0'](result.data(), x.data(), y.data(), x.size());
    std::fwrite(result.data(), sizeof(double), result.size(), stdout);
}
"""
FUNCTIONS = ("exp", "expm1", "exprel", "pow")
LOOP = re.compile(r"functions\.cpp:(\d+):\d+: (?:optimized|remark: vectorized)")
EXACT = {
    "exp": lambda x, y: mp.exp(x),
    "expm1": lambda x, y: mp.expm1(x),
    "exprel": lambda x, y: mp.expm1(x) / x,
    "pow": lambda x, y: mp.power(x, y),
}
INFINITY = math.inf


class Functions:
    """The functions as a compiler with some flags has them."""

    def __init__(self, folder: Path, flags: tuple[str, ...]) -> None:
        self.program = folder / "functions"
        write_sources(folder)
        command = [*compiler(), *flags, "functions.cpp", "-o", str(self.program)]
        subprocess.run(command, cwd=folder, check=True)

    def evaluate(self, name: str, x: np.ndarray, y: np.ndarray | float = 1.0) -> np.ndarray:
        """Return the function of arrays, computed in one loop."""
        pairs = np.stack(np.broadcast_arrays(np.asarray(x, float), y), axis=-1)
        command = [str(self.program), str(FUNCTIONS.index(name))]
        done = subprocess.run(command, input=pairs.tobytes(), capture_output=True, check=True)
        return np.frombuffer(done.stdout)


def compiler() -> tuple[str, ...]:
    try:
        return find_compiler().command
    except TargetError:
        pytest.skip("no C++ compiler")


def write_sources(folder: Path) -> None:
    header = files("dualframe.targets.cpp").joinpath(HEADER).read_text("utf-8")
    (folder / HEADER).write_text(header)
    (folder / "functions.cpp").write_text(PROGRAM)


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Functions:
    return Functions(tmp_path_factory.mktemp("fast"), compile_flags())


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Functions:
    return Functions(tmp_path_factory.mktemp("strict"), compile_flags(strict=True))


def units_in_the_last_place(name: str, x: np.ndarray, y: np.ndarray, result: np.ndarray) -> float:
    """Return the largest distance from the exact value, in units of its last place."""
    with mp.workprec(200):
        exact = [EXACT[name](mp.mpf(a), mp.mpf(b)) for a, b in zip(x, y, strict=True)]
        units = [mp.mpf(math.ulp(float(value))) for value in exact]
        errors = zip(result, exact, units, strict=True)
        return float(max(abs(mp.mpf(value) - right) / unit for value, right, unit in errors))


@pytest.mark.cpp
@pytest.mark.parametrize("bound", [1e-5, 1.0, 10.0, 50.0, 700.0])
@pytest.mark.parametrize(("name", "units"), [("exp", 1.5), ("expm1", 2.5), ("exprel", 2.5)])
def test_exponentials_are_accurate(fast, name, units, bound):
    x = np.random.default_rng(1).uniform(-bound, bound, 2003)
    result = fast.evaluate(name, x)
    assert units_in_the_last_place(name, x, np.ones_like(x), result) < units


@pytest.mark.cpp
@pytest.mark.parametrize(("exponent", "units"), [(1.0, 1.5), (4.0, 2.5), (20.0, 9.0)])
def test_powers_are_accurate(fast, exponent, units):
    draw = np.random.default_rng(2)
    x = np.exp(draw.uniform(-10, 10, 2003))
    y = draw.uniform(-exponent, exponent, 2003)
    assert units_in_the_last_place("pow", x, y, fast.evaluate("pow", x, y)) < units


@pytest.mark.cpp
def test_exponentials_at_the_ends_of_their_range(fast):
    x = np.array(
        [0, 1e-320, 709.7, 709.8, 1e300, INFINITY, -708, -709, -1e300, -INFINITY, math.nan]
    )
    exponentials = [1, 1, math.exp(709.7), INFINITY, INFINITY, INFINITY]
    exponentials += [math.exp(-708), 0, 0, 0, math.nan]
    less_one = [0, 0, math.exp(709.7), INFINITY, INFINITY, INFINITY, -1, -1, -1, -1, math.nan]
    np.testing.assert_allclose(fast.evaluate("exp", x), exponentials, rtol=1e-15)
    np.testing.assert_allclose(fast.evaluate("expm1", x), less_one, rtol=1e-15, atol=1e-307)
    assert fast.evaluate("exprel", np.array([0.0, 1e-17, -1e-17])).tolist() == [1, 1, 1]


@pytest.mark.cpp
def test_powers_of_special_numbers_are_those_of_the_library(fast, strict):
    bases = (0.0, 1.0, 2.0, 0.5, -1.0, -2.0, -0.5, INFINITY, math.nan)
    exponents = (0.0, 1.0, -1.0, 2.0, 3.0, -3.0, 0.5, 2.5, -2.5, 1e9 + 1)
    x, y = np.array(list(product(bases, exponents))).T
    library = strict.evaluate("pow", x, y)
    np.testing.assert_allclose(fast.evaluate("pow", x, y), library, rtol=1e-15)


@pytest.mark.cpp
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_place_of_a_loop_has_the_same_bits(fast, name):
    """In vectors of any width and in what fills none: other places take no other function."""
    x = np.exp(np.random.default_rng(3).uniform(-3, 3, 50))
    whole = {length: fast.evaluate(name, np.repeat(x, length), 0.7) for length in range(1, 20)}
    for length, result in whole.items():
        np.testing.assert_array_equal(result, np.repeat(whole[1], length))


@pytest.mark.cpp
def test_strict_programs_have_the_functions_of_the_library(strict):
    x = np.random.default_rng(4).uniform(-20, 20, 500)
    assert strict.evaluate("exp", x).tolist() == [math.exp(value) for value in x]
    assert strict.evaluate("expm1", x).tolist() == [math.expm1(value) for value in x]
    power = strict.evaluate("pow", np.abs(x), 0.3)
    assert power.tolist() == [math.pow(abs(value), 0.3) for value in x]


@pytest.mark.parametrize(
    ("command", "processor"),
    [
        (("g++", "-fopt-info-vec-optimized"), "haswell"),
        (("g++", "-fopt-info-vec-optimized"), "skylake-avx512"),
        (("clang++", "-Rpass=loop-vectorize"), "haswell"),
        (("aarch64-linux-gnu-g++", "-fopt-info-vec-optimized"), "armv8-a"),
    ],
)
def test_compilers_vectorise_the_functions(command, processor, tmp_path):
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]}")
    write_sources(tmp_path)
    flags = [flag.replace("native", processor) for flag in compile_flags()]
    line = [*command, *flags, "-c", "functions.cpp", "-o", "functions.o"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    if done.returncode and "march" in done.stderr:
        pytest.skip(f"{command[0]} compiles for another processor")
    vectorised = {int(number) for number in LOOP.findall(done.stderr)}
    lines = [k for k, text in enumerate(PROGRAM.splitlines(), 1) if text.startswith("LOOP(")]
    assert vectorised >= set(lines), done.stderr


def test_powers_of_exponentials_are_one_exponential():
    define = "#define _brian_pow(x, y) (pow((x), (y)))\n"
    rate = "a/_brian_pow(_exp(b*(v + (1 - c))), 0.05) + _brian_pow(m, 3)"
    assert with_vector_powers(define + rate) == (
        "#define _brian_pow(x, y) (dualframe::_pow((x), (y)))\n"
        "a/dualframe::_power_of_exp(b*(v + (1 - c)), 0.05) + _brian_pow(m, 3)"
    )


@pytest.mark.parametrize("function", ["expm1", "exprel"])
def test_the_runtime_computes_what_the_header_has_for_programs(function, monkeypatch):
    """NumPy's form is added by Brian2 where it finds none, so that it must not stumble there."""
    implementations = DEFAULT_FUNCTIONS[function].implementations
    monkeypatch.delitem(implementations._implementations, "numpy", raising=False)
    cells = df.Population(
        "cells", 1, f"dx/dt = {function}(-x)/(5*ms) : 1", method="euler", initial={"x": 1}
    )
    done = df.run(
        df.Network((cells,)), 0.2 * ms, target="runtime", record={"cells": ["x"]}, progress=False
    )
    rate = np.expm1(-1) if function == "expm1" else 1 - np.exp(-1)
    assert done.traces["cells"].values["x"][0] == pytest.approx([1, 1 + 0.02 * rate], rel=1e-12)
