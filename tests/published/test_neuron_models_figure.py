"""Cost, features and rates of neuron models: the tables that ship, and how they are measured."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from brian2 import pA
from repository_scripts import load_script

import dualframe as df
from dualframe.experiments.neuron_features import CRITERIA

SCRIPT = Path(__file__).parents[2] / "circuits" / "figures" / "plot_neuron_models.py"


models = load_script(SCRIPT)


def test_a_leaky_neuron_is_an_integrator_that_fires_tonically() -> None:
    """The rheobase is the first of a grid, in steps of 4.4 %, above (V_th - E_L) C/tau_m."""
    (lif,) = models.candidates(["LIF"])
    rheobases = models.find_rheobases([lif], "runtime")
    p = df.neuron("LIF", lif.label).parameters
    exact = float((p["V_th"] - p["E_L"]) * p["C"] / p["tau_m"] / pA)
    assert 1 <= rheobases[lif] / exact < 1.045
    shown = models.find_features([lif], rheobases, "runtime")[lif]
    assert {"tonic spiking", "integrator"} <= set(shown)
    assert not {"tonic bursting", "resonator", "rebound spike", "bistability"} & set(shown)


@pytest.mark.skipif(not models.TABLES.is_dir(), reason="the documentation is not here")
def test_the_tables_are_of_models_and_features_that_there_are() -> None:
    table = pd.read_csv(models.TABLES / "neuron_models.csv", keep_default_na=False)
    rates = pd.read_csv(models.TABLES / "neuron_model_rates.csv")
    assert set(table.model) == set(rates.model) <= {c.model for c in models.candidates()}
    assert len(table) > 15
    for row in table.itertuples():
        shown = [name for name in row.shown.split("; ") if name]
        assert len(shown) == row.features
        assert set(shown) <= set(CRITERIA)
    assert (table.cpu_s > 0).all()
    assert rates.rheobases.max() < 4.05
    assert (rates[rates.rheobases == 0].rate_Hz == 0).all()
