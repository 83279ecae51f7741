"""How background rates are searched for and verified, with a stand-in for the runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from brian2.units import Hz, mV, nS, second

import dualframe as df
from dualframe.building.calibrated_weights import Calibration, load_calibration, save_calibration
from dualframe.circuit import Background, Circuit, CircuitPopulation
from dualframe.core.errors import DualframeError, DualframeWarning
from dualframe.experiments.calibration.background_rates import find_background_rates
from dualframe.experiments.calibration.rate_runs import (
    RateProtocol,
    RateRun,
    rate_ranges,
    sufficient_duration,
)
from dualframe.simulation.run_specification import RunSpecification

CELLS = tuple(
    CircuitPopulation(name, cell, 200, rate_low=low * Hz, rate_high=high * Hz)
    for name, cell, low, high in (("pyr", "ctx_l23_pyr", 0.3, 1.3), ("pv", "ctx_pv", 3.0, 11.0))
)
CIRCUIT = Circuit(
    "two",
    CELLS,
    background=tuple(Background(p.name, "AMPA", "soma", psp=1 * mV) for p in CELLS),
    calibrated_scales=(0.1, 0.5),
)
PROTOCOL = RateProtocol(scales=(0.5, 0.1), seeds=(1, 2), verification_seeds=(11, 12))
START = Calibration(
    "two",
    "biological",
    {background.name: 1 * nS for background in CIRCUIT.background},
    provenance={"contacts": CIRCUIT.contacts_digest},
)


@dataclass
class Runs:
    """Populations that fire by a power of their input, less where PV cells fire more.

    ``silent`` is a (scale, seed) at which PV cells do not fire.
    """

    silent: tuple[float, int] | None = None
    done: int = 0

    def measure_all(self, calibration: Calibration, scales: Any, seeds: Any) -> list[RateRun]:
        """Return a run for each scale and seed."""
        events = {name: float(rate) / 300 for name, rate in calibration.rates.items()}
        runs = []
        for scale in scales:
            for seed in seeds:
                self.done += 1
                scatter = 1 + 0.05 * (-1) ** seed + 0.2 * (scale - 0.1)
                pv = 1.5 * events["pv"] ** 4 * scatter * ((scale, seed) != self.silent)
                rates = {"pyr": 3 * events["pyr"] ** 5 / (1 + pv / 5), "pv": pv}
                runs.append(RateRun(scale=scale, seed=seed, duration=2.0, rates=rates))
        return runs


def found_with(runs: Runs, **options: Any) -> Calibration:
    """Search with a stand-in for the runs."""
    return find_background_rates(CIRCUIT, START, PROTOCOL, runs, lambda line: None, **options)


def test_rates_are_in_range_for_every_seed_and_scale_and_stored() -> None:
    runs = Runs()
    found = found_with(runs)
    rows = found.provenance["rates"]
    places = {(row["purpose"], row["scale"], row["seed"]) for row in rows}
    assert places == {
        (purpose, scale, seed)
        for purpose, seeds in (("search", (1, 2)), ("verification", (11, 12)))
        for scale in (0.1, 0.5)
        for seed in seeds
    }
    for row in rows:
        for name, (low, high) in rate_ranges(CIRCUIT).items():
            assert low <= row["rates_Hz"][name] <= high
    assert "failures" not in found.provenance
    assert runs.done < 60


def test_a_population_that_leaves_its_range_with_another_seed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DualframeError, match=r"'pv' at 0 Hz \(3 to 11 Hz\) at scale 0.1, seed 12"):
        found_with(Runs(silent=(0.1, 12)))
    found = found_with(Runs(silent=(0.1, 12)), accept="unverified")
    assert len(found.provenance["failures"]) == 1
    path = save_calibration(found, tmp_path / "two.toml")
    stored = load_calibration(CIRCUIT, "biological", path)
    network = df.biological.build(CIRCUIT.scaled(0.1), calibration=stored)
    said = r"1 of 8 rates left their ranges with other seeds: .*'pv' at 0 Hz"
    assert any("unverified" in line for line in network.meta["assumptions"])
    with pytest.warns(DualframeWarning, match=said):
        done = df.run(network, 0.0001 * second, target="runtime", progress=False)
    assert any("unverified" in line for line in done.provenance["warnings"])


def test_a_circuit_smaller_than_any_that_was_checked_says_so() -> None:
    calibration = found_with(Runs())
    network = df.biological.build(CIRCUIT.scaled(0.05), calibration=calibration)
    assert any("scale 0.05 is smaller" in line for line in network.meta["warnings"])
    checked = df.biological.build(CIRCUIT.scaled(0.1), calibration=calibration)
    assert "warnings" not in checked.meta
    assert tuple(checked.meta["calibration_scales"]) == (0.1, 0.5)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"seeds": (1, 11)}, "seed 11 is for the search and for verification"),
        ({"seeds": ()}, "at least one scale, one seed"),
        ({"scales": ()}, "at least one scale, one seed"),
        ({"scales": (0,)}, "scale"),
        ({"duration": 0.5 * second}, "rates begin at"),
    ],
)
def test_a_protocol_that_cannot_be_is_refused(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(DualframeError, match=problem):
        replace(PROTOCOL, **options)


def test_runs_are_long_enough_for_small_populations() -> None:
    """F (6/half)^2/(n r) seconds: half a range, on a log scale, holds six standard errors."""
    few = replace(CELLS[1], n=20)
    long = sufficient_duration(Circuit("few", (few,)))
    assert 0.5 + 2 * (6 / 0.6496) ** 2 / (20 * 5.745) <= float(long) <= 2.5
    assert float(sufficient_duration(Circuit("many", (replace(few, n=2000),)))) == 1.5


def test_weights_are_kept_only_of_the_same_circuit_and_model() -> None:
    with pytest.raises(DualframeError, match="is of 'biological': expected one of 'glif"):
        df.calibrate(CIRCUIT, "glif", start=START)
    changed = replace(START, provenance={"contacts": "other"})
    with pytest.raises(DualframeError, match="another version of circuit 'two'"):
        df.calibrate(CIRCUIT, start=changed)


def test_the_default_scale_is_the_circuits_own(mini: Path) -> None:
    for name in df.circuits()["name"]:
        circuit = df.circuit(name)
        specification = RunSpecification(circuit=name)
        assert specification.resolved_circuit.scale == circuit.default_scale
        assert specification.to_dict()["scale"] == circuit.default_scale
        assert circuit.default_scale in circuit.calibrated_scales
    assert df.circuit("pd14").default_scale == 0.05
    assert "runs 0.05 of them" in str(df.circuit("l23"))
    assert RunSpecification(circuit="l23", scale=0.2).resolved_circuit.scale == 0.2
    mini.write_text(
        mini.read_text().replace("[[populations]]", "[scale]\ndefault = 2\n\n[[populations]]", 1)
    )
    with pytest.raises(DualframeError, match=r"default.*2.*at most 1"):
        df.circuit(mini)
