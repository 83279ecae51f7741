"""The bench: copies, parameters, levels and drugs in one network, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2.units import ms, mV, nA, pA, second

import dualframe as df
from dualframe.circuit import Drug, Modulation
from dualframe.core.errors import NetworkError, QuantityError, UnknownName
from dualframe.experiments import current_clamp
from dualframe.experiments import electrophysiology as measures

SHORT: dict[str, Any] = {"duration": 80 * ms, "delay": 5 * ms}


@pytest.mark.parametrize("model", ["biological", "glif", "izhikevich"])
def test_targets_agree(target: str, model: str) -> None:
    """Spike times to half a time step, as in the other agreement tests."""
    currents = np.linspace(50, 450, 9) * pA
    options: dict[str, Any] = {"record": [3], **SHORT}
    if target == "genn":
        options["use_gpu"] = False
    found = current_clamp("ctx_sst", model, currents, target=target, **options)
    reference = current_clamp("ctx_sst", model, currents, target="runtime", record=[3], **SHORT)
    assert measures.spike_counts(reference).sum() > 10
    for ours, theirs in zip(found.spike_times, reference.spike_times, strict=True):
        np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), atol=0.5e-4)
    other = np.abs(np.asarray(found.V) - np.asarray(reference.V)) > 1e-6
    # GeNN records the reset at the end of a spike's width one sample later, once for each spike
    late = len(found.spike_train(3)) if (target, model) == ("genn", "biological") else 0
    assert other.sum() <= late


@pytest.mark.cpp
@pytest.mark.parametrize("model", ["biological", "glif"])
def test_nothing_is_compiled_again(model: str) -> None:
    """Currents, their number, level, dose, parameters and times are data of one program."""
    name = "th_inf" if model == "glif" else "V_threshold"
    start = 30 if model == "glif" else -45

    def run(n: int, level: float, dose: float, duration: Any, shift: float) -> str:
        thresholds = (start + np.linspace(0, shift, n)) * mV
        response = current_clamp(
            "ctx_pv",
            model,
            np.linspace(0, 400, n) * pA,
            modulations={"ACh": level},
            drugs=[Drug("antagonist", "M1", dose=dose)],
            parameters={name: thresholds},
            duration=duration,
            delay=0.1 * duration,
            record=[0],
            target="cpp_standalone",
        )
        assert response.n == n
        assert response.results is not None
        return str(response.results.provenance["build_cache"])

    run(9, 0.5, 1.0, 20 * ms, 1)
    assert run(12, 0.8, 3.0, 30 * ms, 4) == "hit"


def test_a_level_per_copy_is_a_level_of_that_copy() -> None:
    """One network with several concentrations does what networks with one of them do."""
    reference = df.catalogue.modulator("ACh").numbers.value("reference_concentration")
    levels = np.array([0.0, 0.3, 1.0])
    together = current_clamp(
        "ctx_pv",
        "glif",
        260 * pA,
        modulations={"ACh": 0.5},
        parameters={"c_ACh": levels * reference},
        target="runtime",
        record=False,
        **SHORT,
    )
    for level, train in zip(levels, together.spike_times, strict=True):
        alone = current_clamp(
            "ctx_pv",
            "glif",
            260 * pA,
            modulations=[Modulation("ACh", float(level))],
            target="runtime",
            record=False,
            **SHORT,
        )
        np.testing.assert_allclose(np.asarray(alone.spike_times[0]), np.asarray(train), atol=1e-9)


def test_a_knockout_of_all_receptors_is_control() -> None:
    currents = np.array([400, 450]) * pA
    control = current_clamp("ctx_pv", "glif", currents, target="runtime", record=False, **SHORT)
    without = current_clamp(
        "ctx_pv",
        "glif",
        currents,
        modulations={"ACh": 1.0},
        drugs=[Drug("knockout", "M1")],
        target="runtime",
        record=False,
        **SHORT,
    )
    awake = current_clamp(
        "ctx_pv",
        "glif",
        currents,
        modulations={"ACh": 1.0},
        target="runtime",
        record=False,
        **SHORT,
    )
    for a, b in zip(control.spike_times, without.spike_times, strict=True):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
    assert np.asarray(awake.spike_times[1])[0] < np.asarray(control.spike_times[1])[0]
    assert any("M1" in line for line in awake.assumptions)


def test_what_is_recorded() -> None:
    def rows(record: Any) -> tuple[tuple[int, ...], list[int]]:
        response = current_clamp(
            "ctx_pv",
            "glif",
            [0, 1, 2] * pA,
            record=record,
            duration=1 * ms,
            delay=1 * ms,
            target="runtime",
        )
        return response.V.shape, response.recorded.tolist()

    assert rows(True) == ((3, 20), [0, 1, 2])
    assert rows([2]) == ((1, 20), [2])
    assert rows(False) == ((0, 0), [])
    with pytest.raises(NetworkError, match="copy 3"):
        rows([3])


def test_it_refuses_what_cannot_be() -> None:
    with pytest.raises(NetworkError, match=r"currents 2, th_inf 3"):
        current_clamp("ctx_pv", "glif", [1, 2] * pA, parameters={"th_inf": [1, 2, 3] * mV})
    with pytest.raises(UnknownName, match="th_inf"):
        current_clamp("ctx_pv", "glif", [1, 2] * pA, parameters={"th_inv": [1, 2] * mV})
    with pytest.raises(QuantityError, match="th_inf"):
        current_clamp("ctx_pv", "glif", [1, 2] * pA, parameters={"th_inf": [1, 2] * pA})
    with pytest.raises(QuantityError, match="currents"):
        current_clamp("ctx_pv", "glif", [1, 2] * mV)
    with pytest.raises(UnknownName, match="compartment"):
        current_clamp("ctx_pv", "biological", 1 * nA, compartment="axon")
    with pytest.raises(UnknownName, match="model"):
        current_clamp("ctx_pv", "glif7", 1 * nA)
    with pytest.raises(UnknownName, match="choice of cells"):
        current_clamp("ctx_pv", "glif", 1 * nA, cells="fited")
    with pytest.raises(NetworkError, match="duration"):
        current_clamp("ctx_pv", "glif", 1 * nA, duration=0 * second)
    silent = current_clamp("ctx_pv", "glif", 0 * pA, record=False, target="runtime", **SHORT)
    with pytest.raises(QuantityError, match="record=True"):
        measures.resting_potential(silent)
