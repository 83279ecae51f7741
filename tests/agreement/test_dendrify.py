"""Lowered Dendrify models spike, and fire dendritic spikes, in the steps of stock Dendrify."""

from __future__ import annotations

import pytest
from compare import SPIKE, UNSEEN_STEPS, Trains, assert_same, before
from models import CASES, DT, DURATION, Case
from stock import run_stock

LAST = round(float(DURATION / DT)) - UNSEEN_STEPS


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_same_steps_as_stock_dendrify(case: Case, runtime: Trains) -> None:
    """Stock Dendrify as a user runs it, with Brian2's default settings, and no tolerance."""
    own = {key: value for key, value in runtime.items() if key[0] == case.name}
    stock = run_stock(case)
    assert_same(before(own, LAST), before(stock, LAST), ("dualframe", "Dendrify"))
    for key, (neurons, _) in stock.items():
        least = case.spikes if key[1] == SPIKE else case.dspikes
        assert len(neurons) >= least, f"{key}: too few events to compare"
        assert len(set(neurons.tolist())) >= 3, f"{key}: too few neurons to compare"
