"""A run as the command line describes it: texts only, so that a manifest holds it as data.

Nothing of a specification is evaluated: names are looked up, quantities are parsed, the rest is
compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from brian2.units import ms

from dualframe import biological, task_driven
from dualframe.building.calibrated_weights import Calibration
from dualframe.building.circuit_calibrations import find_circuit_calibration, has_calibration
from dualframe.building.dendritic_populations import MODEL
from dualframe.building.twin_choice import choose_twin
from dualframe.catalogue.lookup import modulator_name
from dualframe.circuit import Circuit, circuit
from dualframe.core.errors import CatalogueError, DualframeError, OutputError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.core.shipped_files import SUFFIX, find_shipped_file
from dualframe.core.user_paths import expand_user
from dualframe.network import Network, Population, Recording
from dualframe.results.results import Results
from dualframe.simulation.option_texts import apply_drug_options, split_option
from dualframe.simulation.recordings import record_first_neurons
from dualframe.simulation.run import resolve_times, run
from dualframe.targets.target_support import TARGETS

RECORDING_INTERVAL = 0.5 * ms  # of somatic voltages that nobody asked for
NO_RECORDING, ALL_CELLS = "none", "all"


@dataclass(frozen=True, kw_only=True)
class RunSpecification:
    """What to build and how to run it.

    Parameters
    ----------
    circuit
        Name of a shipped circuit, or path of a user's own.
    branch
        ``"biological"`` or ``"task_driven"``.
    model, synapses, cells
        Of the point neurons, as in `dualframe.task_driven.build_circuit`; empty in the biological
        branch, and where the default does.
    calibration
        File with the strengths of the contacts; empty for the one that belongs to the circuit.
    modulate
        ``"ACh=0.8"``, ``"DA=200nM"``, or ``"DA@striatum=200nM"`` in one region of the circuit.
    knockout
        ``"M1"``, or ``"M1:ctx_l23_pyr,ctx_pv"`` in some cell types only.
    drug
        ``"antagonist:M1=3"`` (a dose in units of the drug's K_B or EC50), ``"antagonist:M1"``
        (saturating), ``"agonist:D1=1uM/200nM"`` (concentration and affinity),
        ``"knockout:M1@ctx_pv,ctx_vip"`` in some cell types only, and ``"atropine=100 nM"``, a drug
        of the catalogue with its concentration.
    scale
        Number of neurons relative to the full-size circuit; the default is the circuit's own.
    duration, dt, target, seed, threads, strict, precision
        As in `dualframe.run`.
    record
        ``"pyr=V_soma,V_prox"``, ``"pyr_to_pv=w"``, ``"none"`` for no somatic voltages every 0.5 ms.
    record_cells
        ``"all"`` or ``"0,7"``, of each population that is recorded; empty for the first three.
    record_every
        Sampling interval; empty for every time step of what is asked for.
    """

    circuit: str
    branch: str = "biological"
    model: str = ""
    synapses: str = ""
    cells: str = ""
    calibration: str = ""
    modulate: tuple[str, ...] = ()
    knockout: tuple[str, ...] = ()
    drug: tuple[str, ...] = ()
    scale: float | None = None
    duration: str = "2 s"
    dt: str = "0.1 ms"
    target: str = "auto"
    seed: int | None = None
    threads: int = 1
    strict: bool = False
    precision: str = "float64"
    record: tuple[str, ...] = ()
    record_cells: str = ""
    record_every: str = ""

    def __post_init__(self) -> None:
        if self.branch not in BRANCHES:
            raise UnknownName("branch", self.branch, BRANCHES)
        if self.branch == "biological" and (self.model or self.synapses or self.cells):
            raise DualframeError(
                "--model, --synapses and --cells choose point neurons: add --branch task_driven."
            )
        if self.target not in (*TARGETS, "auto"):
            raise UnknownName("target", self.target, (*TARGETS, "auto"))
        resolve_times(self.duration, self.dt)
        _refuse_twice(self.modulate)
        object.__setattr__(self, "model", self.model.casefold())  # models answer to any case
        if self.circuit.endswith(SUFFIX):  # a manifest is read in another folder
            path = find_shipped_file("circuits", self.circuit).absolute()
            object.__setattr__(self, "circuit", str(path))
        if self.calibration.endswith(SUFFIX):
            path = expand_user(self.calibration).absolute()
            object.__setattr__(self, "calibration", str(path))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RunSpecification:
        """Rebuild a specification from a manifest.

        Raises
        ------
        OutputError
            If it is not one.
        """
        kinds = {item.name: _KINDS[str(item.type)] for item in fields(cls)}
        for name, value in data.items():
            if name not in kinds or not isinstance(value, kinds[name]):
                raise OutputError(f"the manifest's arguments have {name!r} = {value!r}: damaged?")
        values: dict[str, Any] = {
            name: tuple(map(str, value)) if isinstance(value, list) else value
            for name, value in data.items()
        }
        if "circuit" not in values:
            raise OutputError("the manifest's arguments name no circuit: damaged?")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Return the specification as JSON-ready data."""
        facts = {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items()}
        return facts | {"scale": self.resolved_circuit.scale}

    @cached_property
    def resolved_circuit(self) -> Circuit:
        """The circuit, modulated, with its drugs and knock-outs, scaled."""
        found = circuit(self.circuit)
        for text in self.modulate:
            modulator, level = split_option(text, "=", "--modulate", "ACh=0.8")
            modulator, _, region = modulator.partition("@")
            found = found.with_modulation(modulator, level, region=region)
        found = apply_drug_options(found, self.knockout, self.drug)
        scale = found.default_scale if self.scale is None else self.scale
        return found if scale == 1 else found.scaled(scale)

    @cached_property
    def network(self) -> Network:
        """The network."""
        return self.build_network(self.resolved_circuit)

    def build_network(self, circuit: Circuit) -> Network:
        """Return the network of the circuit with other modulations or drugs.

        Parameters
        ----------
        circuit
            `resolved_circuit`, or what its methods made of it.
        """
        return BRANCHES[self.branch](self, circuit)

    @property
    def model_key(self) -> str:
        """The name under which the strengths of this model are stored."""
        if self.branch == "biological":
            return MODEL
        return choose_twin(
            self.resolved_circuit, self.model or "glif", self.synapses or None, self.cells or None
        ).key

    @property
    def stored_calibration(self) -> Calibration:
        """The calibration, from the file that was named, or that lies with the circuit."""
        if self.calibration and not Path(self.calibration).exists():
            raise CatalogueError(f"--calibration {self.calibration!r}: there is no such file.")
        return find_circuit_calibration(self.resolved_circuit, self.model_key, self._stored_file)

    @property
    def lacks_calibration(self) -> bool:
        """Whether strengths of the circuit's contacts are neither stored nor kept."""
        return not has_calibration(self.resolved_circuit, self.model_key, self._stored_file)

    @property
    def _stored_file(self) -> Path | None:
        path = self.calibration_file  # a copy of a shipped circuit has no file of its own
        return path if path is not None and path.exists() else None

    @property
    def calibration_file(self) -> Path | None:
        """The file that was named, or that lies beside a user's own circuit; None if shipped."""
        if self.calibration:
            return Path(self.calibration)
        if not self.circuit.endswith(SUFFIX):
            return None
        path = Path(self.circuit)
        return path.parent / "calibration" / path.name

    def requested_recordings(self) -> dict[str, Recording]:
        """Return what to record, by population or projection."""
        requested = [text for text in self.record if text != NO_RECORDING]
        found = (
            {}
            if NO_RECORDING in self.record
            else {
                p.name: self._recording_of(p, (p.voltage,), RECORDING_INTERVAL)
                for p in self.network.populations
            }
        )
        populations = {p.name: p for p in self.network.populations}
        for text in requested:
            name, variables = split_option(text, "=", "--record", "pyr=V_soma,V_prox")
            chosen = tuple(variable.strip() for variable in variables.split(","))
            known = name in populations
            found[name] = (
                self._recording_of(populations[name], chosen) if known else Recording(chosen)
            )
        return found

    def run(self, progress: bool | None = None) -> Results:
        """Run it; the provenance holds it with the seed and target that were used."""
        results = run(
            self.network,
            self.duration,
            target=self.target,
            seed=self.seed,
            dt=self.dt,
            threads=self.threads,
            strict=self.strict,
            precision=self.precision,
            record=self.requested_recordings(),
            progress=progress,
        )
        facts = results.provenance
        used = replace(self, seed=facts["seed"], target=facts["target"])
        return results.with_provenance(arguments=used.to_dict())

    def _recording_of(
        self, population: Population, variables: tuple[str, ...], interval: Any = None
    ) -> Recording:
        asked = interval is None  # else it is kept for the figures, of those cells that there are
        if self.record_every:
            interval = quantity(self.record_every, "time", "--record-every")
        every = None if interval is None else max(interval, quantity(self.dt, "time", "--dt"))
        if self.record_cells == ALL_CELLS:
            return Recording(variables, every=every)
        if numbers := _cell_numbers(self.record_cells):
            there = [k for k in numbers if k < population.n]
            return Recording(variables, numbers if asked else there or [0], every)
        return record_first_neurons(population, variables, every)


def _cell_numbers(text: str) -> list[int]:
    try:
        return [int(number) for number in text.split(",") if text]
    except ValueError:
        raise DualframeError(
            f"--record-cells is {text!r}: expected all, or numbers of neurons, like 0,7."
        ) from None


def _build_biological(specification: RunSpecification, circuit: Circuit) -> Network:
    return biological.build(circuit, calibration=specification.stored_calibration)


def _build_task_driven(specification: RunSpecification, circuit: Circuit) -> Network:
    return task_driven.build(
        circuit,
        model=specification.model or "glif",
        synapses=specification.synapses or None,
        cells=specification.cells or None,
        calibration=specification.stored_calibration,
    )


BRANCHES: Mapping[str, Callable[[RunSpecification, Circuit], Network]] = MappingProxyType(
    {"biological": _build_biological, "task_driven": _build_task_driven}
)

_KINDS: Mapping[str, Any] = MappingProxyType(
    {
        "str": str,
        "float | None": (int, float),
        "int": int,
        "bool": bool,
        "int | None": (int, type(None)),
        "tuple[str, ...]": (list, tuple),
    }
)


def _refuse_twice(modulate: Sequence[str]) -> None:
    """Refuse two levels of one modulator in one place, of which the first would be lost."""
    places: dict[str, str] = {}
    for text in modulate:
        modulator, _, region = text.partition("=")[0].strip().partition("@")
        place = f"{_name_of(modulator)}@{region}"
        if place in places:
            raise DualframeError(
                f"--modulate {text} is a second level of what --modulate {places[place]} holds: "
                "give one of them."
            )
        places[place] = text


def _name_of(modulator: str) -> str:
    try:
        return modulator_name(modulator)
    except UnknownName:
        return modulator  # the circuit says that there is none
