"""Layer 2/3 in both branches, three seeds: whom two models shift, they shift in one direction.

All four modulators are in both networks, at level zero where they do not act, so that each is one
program for all runs. `benchmarks/branches.py` has ten seeds, the sizes, and the other circuits.
"""

from __future__ import annotations

import pandas as pd
import pytest

import dualframe as df
from dualframe.circuit import Circuit
from dualframe.targets.target_support import missing_requirements

MODULATORS = ("ACh", "5-HT", "DA", "NA")


def modulated(acting: str) -> Circuit:
    circuit = df.circuit("l23")
    for name in MODULATORS:
        circuit = circuit.with_modulation(name, level=0.8 if name == acting else 0.0)
    return circuit.scaled(circuit.default_scale)


@pytest.mark.cpp
@pytest.mark.slow
def test_both_branches_shift_the_same_populations_in_the_same_direction() -> None:
    """Shifts that exceed 1 Hz and two standard errors in both; at least half of all do."""
    if reasons := missing_requirements("cpp_standalone"):
        pytest.skip("; ".join(reasons))
    control, *conditions = (modulated(acting) for acting in ("", *MODULATORS))
    comparison = df.compare_branches(
        control,
        dict(zip(MODULATORS, conditions, strict=True)),
        seeds=range(3),
        target="cpp_standalone",
        progress=False,
    )
    rates = comparison.shifts.query("measure == 'rate_Hz'")
    size = rates["shift"].abs()
    clear = rates[(size > 1) & (size > 2 * rates["standard_error"])]
    shifts = clear.pivot(index=["condition", "population"], columns="model", values="shift")
    both: pd.DataFrame = shifts.dropna()
    assert len(both) >= len(MODULATORS) * 4 / 2
    opposite = both[both["biological"] * both["glif"] < 0]
    assert opposite.empty, f"{opposite}\n{comparison.describe()}"
