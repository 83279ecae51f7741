"""Run a network on a target: check, lower, run, and hand the results over."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from brian2.core.base import BrianObjectException
from brian2.stateupdaters.base import UnsupportedEquationsException
from brian2.units import ms

from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.user_warnings import warn_user
from dualframe.core.validation import as_positive, expect_type
from dualframe.network import Network, Population, Recording, expect_network
from dualframe.results.results import Results
from dualframe.simulation.assemble_results import assemble_results
from dualframe.simulation.run_warnings import warnings_after_run, warnings_before_run
from dualframe.simulation.time_constants import refuse_divergent_step
from dualframe.targets.brian.raw_results import RunOptions
from dualframe.targets.lowering.lower_network import lower_network
from dualframe.targets.lowering.lowered_network import LoweredNetwork
from dualframe.targets.target_support import TARGETS, require_supported, resolve_target

_DEFAULT_DT = 0.1 * ms
MOST_STEPS = 1e10  # days of computing time, at the least


def run(
    network: Network,
    duration: Any,
    *,
    target: str = "auto",
    seed: int | None = None,
    network_seed: int | None = None,
    record: Mapping[str, Sequence[str] | Recording] | None = None,
    spikes: Sequence[str] | None = None,
    dt: Any = _DEFAULT_DT,
    threads: int = 1,
    strict: bool = False,
    use_gpu: bool | None = None,
    precision: str = "float64",
    progress: bool | None = None,
) -> Results:
    """Simulate a network.

    Parameters
    ----------
    network
        The description, from a builder or made by hand.
    duration
        Simulated time.
    target
        ``"runtime"``, ``"cpp_standalone"``, ``"genn"``, ``"genn5"``, or ``"auto"`` (C++ where a
        compiler is found, else the runtime).
    seed
        Seed of everything that is drawn: connectivity, parameters and input. The same seed gives
        the same network on every target. ``None`` chooses one; it stands in the provenance.
    network_seed
        Seed of connectivity, weights, delays and parameters, where these are to be those of
        another run: ``seed`` then draws input and noise only.
    record
        Per population: variable names (``"dspikes"`` for dendritic spikes) or a `Recording`.
        Per projection: ``["w"]`` for the weights at the end; ``Recording("w", neurons=synapses,
        every=1*second)`` follows those of some synapses too (on GeNN, as they are after their
        last spike).
    spikes
        Populations whose spikes are kept; ``None`` keeps all. Long runs of large networks have
        more spikes than memory. The rates of other populations are not known (NaN).
    dt
        Time step.
    threads
        Cores (``cpp_standalone`` only). Copies of a network side by side (`replicate`) run in
        blocks, so many at a time. Another network is computed with OpenMP threads: none that was
        measured ran faster with two than with one, because they meet several times in each step
        (``docs/targets.md``); use processes where there are several runs.
    strict
        Strict floating point, so that targets agree to the last bit; slower. Sums are those that
        the equations write: each input keeps a channel of its own.
    use_gpu
        ``genn`` and ``genn5`` only: ``True`` CUDA, ``False`` GeNN's CPU, ``None`` CUDA where there
        is one.
    precision
        ``"float64"``, or on compiled targets ``"float32"``: half the memory, and rounding
        errors that a chaotic network turns into other spikes after some time
        (``docs/targets.md`` has sizes). Times keep double precision. Refused where a rule of
        plasticity takes differences of growing sums.
    progress
        Whether to show a progress bar; ``None`` shows one in a terminal.

    Returns
    -------
    Results
        Spikes, traces, weights and provenance. An interrupted run (Ctrl-C) returns what was
        simulated until then, with ``completed`` false in the provenance.

    Raises
    ------
    UnknownName
        For an unknown target, population or variable.
    TargetError
        If the target is not usable here or cannot run the network; raised before any code is
        generated.
    """
    expect_network(network)
    name = resolve_target(target)
    check_options(threads, precision, name)
    length, step = resolve_times(duration, dt)
    requested = resolve_recordings(network, {} if record is None else record, step)
    require_supported(network, name, use_gpu)
    chosen = resolve_seed(seed)
    kept = check_spike_recording(network, spikes)
    drawn = chosen if network_seed is None else resolve_seed(network_seed)
    lowered = lower_network(
        network,
        dt=step,
        duration=length,
        seed=chosen,
        record=requested,
        spikes_of=kept,
        network_seed=drawn,
        merged=not strict,
    )
    _check_recorded_synapses(lowered)
    refuse_divergent_step(lowered)
    warnings = warn_user(warnings_before_run(network, lowered))
    with _progress_bar(progress, f"{network.name} on {name}") as report:
        options = RunOptions(
            threads=threads,
            strict=strict,
            use_gpu=use_gpu,
            precision=precision,
            progress=report,
            notify=lambda text: warnings.extend(warn_user([text])),
        )
        with _unsolvable_equations_told():
            raw = TARGETS[name].run(lowered, options)
    facts = {"target": name, "seed": chosen, "threads": threads, "strict": strict}
    facts |= {"network_seed": drawn} if drawn != chosen else {}
    results = assemble_results(network, lowered, raw, facts)
    warnings += warn_user(warnings_after_run(network, lowered, raw, results))
    return results.with_provenance(warnings=warnings)


@contextmanager
def _unsolvable_equations_told() -> Iterator[None]:
    """Say of which population the integration method cannot solve the equations."""
    try:
        yield
    except BrianObjectException as error:
        if not isinstance(error.__cause__, UnsupportedEquationsException):
            raise
        name = str(error).partition("named '")[2].partition("_stateupdater'")[0]
        raise NetworkError(
            f"the integration method of population {name!r} cannot solve its equations: "
            f"{error.__cause__} Give method='euler', or another one."
        ) from error


def positive_time(value: Any, label: str) -> Any:
    """Return a time above zero, also from a text such as ``"2 s"``.

    Parameters
    ----------
    value
        The value.
    label
        How an error calls it.
    """
    return as_positive(value, "time", label)


def resolve_times(duration: Any, dt: Any) -> tuple[Any, Any]:
    """Return duration and time step of a run that can be.

    Parameters
    ----------
    duration, dt
        As in `run`.

    Raises
    ------
    NetworkError
        If the run would be shorter than a step, or have more than `MOST_STEPS`.
    """
    length, step = positive_time(duration, "duration"), positive_time(dt, "dt")
    with np.errstate(over="ignore"):
        steps = float(np.asarray(length)) / float(np.asarray(step))
    if steps < 0.5:
        raise NetworkError(
            f"duration is {duration}, shorter than the time step dt of {dt}: expected at least one "
            f"step."
        )
    if not steps <= MOST_STEPS:
        raise NetworkError(
            f"a duration of {duration} has {steps:.3g} steps with dt = {dt}: expected at most "
            f"{MOST_STEPS:g}; shorten the duration, or raise dt."
        )
    return length, step


def resolve_seed(seed: int | None) -> int:
    """Return the seed of a run; None draws one.

    Parameters
    ----------
    seed
        The seed.
    """
    if seed is None:
        return secrets.randbelow(2**31)
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise NetworkError(f"seed is {seed!r}: expected a whole number, zero or more.")
    return int(seed)


def check_options(threads: int, precision: str, target: str) -> None:
    """Refuse options that a target does not have.

    Parameters
    ----------
    threads
        Cores.
    precision
        Floating-point type.
    target
        Name of the target.
    """
    if precision not in ("float64", "float32"):
        raise UnknownName("precision", precision, ("float64", "float32"))
    if precision == "float32" and target == "runtime":
        raise NetworkError(
            f"precision 'float32' is for compiled targets, not {target!r}: expected 'float64'."
        )
    whole = isinstance(threads, (int, np.integer)) and not isinstance(threads, bool)
    if not whole or threads < 1 or (threads > 1 and target != "cpp_standalone"):
        raise NetworkError(
            f"threads is {threads!r}: expected 1, or more on target 'cpp_standalone' only."
        )


def resolve_recordings(
    network: Network, record: Mapping[str, Any], dt: Any
) -> dict[str, Recording]:
    """Return what to record by population or projection, checked against the network.

    Parameters
    ----------
    network
        The description.
    record
        What to record, by population or projection.
    dt
        Time step, of which a sampling interval has at least one.
    """
    populations = {population.name: population for population in network.populations}
    projections = {projection.name for projection in network.projections}
    found = {}
    example = 'populations and variables, like {"pyr": ["V"]}'
    expect_type(record, Mapping, "record", example)
    for name, request in record.items():
        if name not in populations and name not in projections:
            raise UnknownName(
                "population or projection to record", name, [*populations, *projections]
            )
        expect_type(request, (str, Iterable, Recording), f"record[{name!r}]", example)
        recording = request if isinstance(request, Recording) else Recording(as_tuple(request))
        if name in populations:
            _check_population_recording(populations[name], recording)
        else:
            _check_weight_recording(network, name, recording)
        if recording.every is not None and np.asarray(recording.every) < 0.5 * np.asarray(dt):
            raise NetworkError(
                f"every of record[{name!r}] is {recording.every}, shorter than the time step dt of "
                f"{dt}: expected at least one step."
            )
        found[name] = recording
    return found


def check_spike_recording(network: Network, names: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the populations whose spikes are kept, checked; None is all of them.

    Parameters
    ----------
    network
        The description.
    names
        One name or several.
    """
    if names is None:
        return None
    known = [population.name for population in network.populations]
    for name in as_tuple(names):
        if name not in known:
            raise UnknownName("population whose spikes are kept", name, known)
    return as_tuple(names)


def _check_weight_recording(network: Network, name: str, recording: Recording) -> None:
    if recording.variables != ("w",):
        raise UnknownName(f"variable of projection {name!r}", recording.variables[0], ["w"])
    projection = next(p for p in network.projections if p.name == name)
    one_delay = hasattr(projection.delay, "dim") and np.ndim(projection.delay) == 0
    if recording.every is not None and (projection.plasticity is None or not one_delay):
        raise NetworkError(
            f"the weights of projection {name!r} cannot be followed in time: this needs a "
            f"plasticity rule and one delay. Leave out `every` for those at the end."
        )
    if recording.neurons is not None and recording.every is None:
        raise NetworkError(
            f"recording of projection {name!r} chooses synapses: say how often with every=."
        )


def _check_recorded_synapses(lowered: LoweredNetwork) -> None:
    """Refuse to follow synapses that were not drawn."""
    for synapses in lowered.synapses:
        recording = lowered.recording_of_weights(synapses)
        chosen = None if recording is None else recording.neurons
        if chosen is None or not chosen.size:
            continue
        wrong = chosen[chosen >= len(synapses.i)]
        if wrong.size:
            raise NetworkError(
                f"recording asks for synapse {wrong[0]} of projection {synapses.projection!r}, "
                f"which has {len(synapses.i)}."
            )


def as_tuple(names: str | Sequence[str]) -> tuple[str, ...]:
    """Return one name or several as a tuple.

    Parameters
    ----------
    names
        One name or several.
    """
    return (names,) if isinstance(names, str) else tuple(names)


def _check_population_recording(population: Population, recording: Recording) -> None:
    known = population.variables | ({"dspikes"} if population.events else set())
    for variable in recording.variables:
        if variable not in known:
            raise UnknownName(f"variable of population {population.name!r}", variable, known)
    if recording.neurons is not None and recording.neurons.max() >= population.n:
        raise NetworkError(
            f"recording asks for neuron {recording.neurons.max()} of population "
            f"{population.name!r}, which has {population.n}: expected at most {population.n - 1}."
        )


@contextmanager
def _progress_bar(shown: bool | None, title: str) -> Iterator[Any]:
    if shown is False:
        yield None
        return
    from rich import console, progress  # a run without a bar does not need them

    terminal = console.Console(stderr=True)
    if not (terminal.is_terminal or shown):
        yield None
        return
    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TextColumn("{task.percentage:>3.0f}%"),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=terminal, transient=True) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda fraction: bar.update(task, completed=fraction)
