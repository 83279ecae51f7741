"""GeNN code of the target genn5: expressions, sources without seeds, what is compiled anew."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms

import dualframe as df
from dualframe.core.errors import TargetError
from dualframe.targets.cpp.compiler import find_compiler, run_compiler
from dualframe.targets.genn5.assemble_model import row_length
from dualframe.targets.genn5.compiled_models import SEED, seedless_source
from dualframe.targets.genn5.genn_text import (
    genn_name,
    parse_statements,
    render_expression,
    render_statements,
)
from dualframe.targets.target_support import missing_requirements

NAMES = {"x": "x", "y": "y", "t": "now", "dt": "dt"}
EXPRESSIONS = [
    ("x**2 - y**3", (-1.75) ** 2 - 0.5**3),
    ("x % y", -1.75 % 0.5),
    ("7 % 3 / 2", 0.5),
    ("x // y", -4.0),
    ("1/2", 0.5),
    ("int(x < y and not y > 1)", 1.0),
    ("int(x)", -1.0),
    ("-x**2", -(1.75**2)),
    ("clip(x, -1, 1)", -1.0),
    ("sign(x)*abs(x)", -1.75),
    ("timestep(t, dt)", 3.0),
    ("3*mV + y", 0.503),
    ("exprel(y)", math.expm1(0.5) / 0.5),
]
PROGRAM = """
#include <cmath>
#include <cstdio>
typedef double scalar, timepoint;
int main() {{
    const scalar x = -1.75, y = 0.5, now = 0.3, dt = 0.1;
    const scalar values[] = {{{values}}};
    for (scalar value : values) std::printf("%.17g\\n", value);
    return 0;
}}
"""


@pytest.mark.cpp
def test_expressions_have_the_value_of_brian2(tmp_path: Path) -> None:
    if gaps := missing_requirements("cpp_standalone"):
        pytest.skip("; ".join(gaps))
    code = ", ".join(render_expression(text, NAMES) for text, _ in EXPRESSIONS)
    (tmp_path / "values.cpp").write_text(PROGRAM.format(values=code))
    run_compiler([*find_compiler().command, "values.cpp", "-o", "values"], tmp_path, tmp_path)
    printed = subprocess.run([str(tmp_path / "values")], capture_output=True, text=True, check=True)
    for (text, value), found in zip(EXPRESSIONS, printed.stdout.split(), strict=True):
        assert float(found) == pytest.approx(value, rel=1e-15), text


def test_what_genn_does_not_have_is_refused() -> None:
    with pytest.raises(TargetError, match="no value for 'z'"):
        render_expression("x + z", NAMES)
    with pytest.raises(TargetError, match="no function 'binomial'"):
        render_expression("binomial(x)", NAMES)
    with pytest.raises(TargetError, match="write an assignment"):
        list(parse_statements("x + 1"))


def test_synapses_that_set_a_variable_of_neurons_are_listed() -> None:
    cells = network().populations

    def features(on_pre: str) -> list[str]:
        onto = df.Projection("cells", "cells", on_pre, weight=0.1, probability=0.1, name="onto")
        found = df.check(df.Network(cells, (), (onto,)), target="genn5")
        return [feature.construct for feature in found if feature.where == "projection 'onto'"]

    assert features("v += w*v_pre; w = 0.5*w") == []
    (text,) = features("v_post = w")
    assert text.startswith("its statements set 'v' of 'cells'")


def test_other_names_become_local_constants() -> None:
    statements = parse_statements("_x = x + 1; x = _x\ny -= _x")
    lines = render_statements(statements, NAMES, {"x": "x", "y": "y"})
    local = genn_name("_x")
    assert lines == [f"const scalar {local} = x + 1.0;", f"x = {local};", f"y -= {local};"]


def test_words_of_genn_are_no_names_of_variables() -> None:
    assert genn_name("v") == "v"
    assert all(genn_name(word) != word for word in ("scalar", "id", "float", "exp", "_v"))


def test_sources_take_the_seed_from_the_environment() -> None:
    for seeded in ("std::seed_seq seeds{12};", "deviceRNGSeed = 12;"):
        changed = seedless_source(seeded)
        assert "12" not in changed
        assert SEED in changed
    assert seedless_source("x = 12;") == "x = 12;"


def test_rows_have_room_for_other_seeds() -> None:
    rng = np.random.default_rng(1)
    for mean in (0.5, 30.0, 400.0):
        lengths = {
            row_length(int(rows.max()), float(rows.mean()))
            for rows in (rng.poisson(mean, 500) for _ in range(50))
        }
        assert len(lengths) <= 2
        assert max(lengths) < 2 * mean + 40
    assert row_length(1000, 1.0) >= 1000


def network(level: float = 1.05, n: int = 40) -> df.Network:
    cells = df.Population(
        "cells",
        n,
        "dv/dt = (I - v)/(10*ms) + noise*(rand() - 0.5)/ms : 1",
        threshold="v > 1",
        reset="v = 0",
        parameters={"I": level, "noise": 0.1},
    )
    loop = df.Projection("cells", "cells", "v += w", weight=0.01, probability=0.2, name="loop")
    return df.Network((cells,), (), (loop,))


@pytest.mark.genn5
def test_another_seed_level_or_duration_compiles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if gaps := missing_requirements("genn5", use_gpu=False):
        pytest.skip("; ".join(gaps))
    monkeypatch.setenv("DUALFRAME_CACHE", str(tmp_path))

    def run(net: df.Network, **options: Any) -> tuple[str, list[float]]:
        defaults = {"duration": 50 * ms, "seed": 1, "target": "genn5", "use_gpu": False}
        results = df.run(net, progress=False, **(defaults | options))
        return results.provenance["build_cache"], results.spikes["t"].tolist()

    first, *others, larger = (
        run(network()),
        run(network()),
        run(network(), seed=2),
        run(network(1.3)),
        run(network(), duration=70 * ms),
        run(network(n=41)),
    )
    assert (first[0], larger[0]) == ("miss", "miss")
    assert [cache for cache, _ in others] == ["hit"] * 4
    assert others[0][1] == first[1]  # the same seed: the same noise of GeNN
    assert others[1][1] != first[1]
    assert len(others[2][1]) > len(first[1])
