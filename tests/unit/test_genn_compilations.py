"""What GeNN has compiled is used again for the same network, and for no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from brian2.units import Quantity, ms

import dualframe as df
from dualframe.targets.genn.compiled_networks import compilation_key, ordered_source
from dualframe.targets.target_support import missing_requirements

HEAD, TAIL = "int x;", "x = 1;"
SIZES = [
    "const int _numN = 1;",
    "const int _numw = _dynamic_w.size();",
    "int32_t* const _a = &b[0];",
]


def test_declarations_may_come_in_any_order() -> None:
    one = "\n".join([HEAD, *SIZES, TAIL])
    other = "\n".join([HEAD, *SIZES[::-1], TAIL])
    assert ordered_source(one) == ordered_source(other)


def test_statements_may_not() -> None:
    assert ordered_source(f"{HEAD}\n{TAIL}") != ordered_source(f"{TAIL}\n{HEAD}")


def write_project(folder: Path, targets: bytes = b"\1", weights: bytes = b"\2") -> None:
    (folder / "static_arrays").mkdir(parents=True)
    (folder / "Makefile").write_text("main: main.cpp objects.cpp")
    (folder / "magicnetwork_model.cpp").write_text("count(_array_targets);")
    (folder / "static_arrays" / "_static_array__array_targets").write_bytes(targets)
    (folder / "static_arrays" / "_static_array__array_w").write_bytes(weights)


@pytest.mark.cpp
def test_data_that_the_generator_reads_belong_to_the_key(tmp_path: Path) -> None:
    write_project(tmp_path / "a")
    write_project(tmp_path / "b", weights=b"\3")
    write_project(tmp_path / "c", targets=b"\3")
    first, weights, targets = (compilation_key(tmp_path / name, False) for name in "abc")
    assert first == weights
    assert first != targets


def network(n: int = 20) -> df.Network:
    """Neurons that excite each other."""
    cells = df.Population(
        name="cells",
        n=n,
        equations="dv/dt = (I - v)/(10*ms) : 1",
        threshold="v > 1",
        reset="v = 0",
        parameters={"I": 1.5},
    )
    loop = df.Projection(
        source="cells", target="cells", on_pre="v += w", weight=0.01, probability=0.2, name="loop"
    )
    return df.Network([cells], [], [loop])


@pytest.mark.genn
@pytest.mark.slow
def test_the_same_network_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if gaps := missing_requirements("genn", use_gpu=False):
        pytest.skip("; ".join(gaps))
    monkeypatch.setenv("DUALFRAME_CACHE", str(tmp_path))

    def run(duration: Quantity, **options: Any) -> tuple[str, int, int]:
        mine, reference = (
            df.run(network(**options), duration, seed=1, **target)
            for target in ({"target": "genn", "use_gpu": False}, {"target": "runtime"})
        )
        return mine.provenance["build_cache"], len(mine.spikes), len(reference.spikes)

    outcomes = [run(50 * ms), run(50 * ms), run(100 * ms), run(50 * ms, n=21)]
    assert [cache for cache, *_ in outcomes] == ["miss", "hit", "hit", "miss"]
    for _, spikes, reference in outcomes:
        assert spikes == reference > 0
