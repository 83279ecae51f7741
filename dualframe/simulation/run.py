"""Run a network on a target: check, lower, run, and hand the results over."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from brian2.core.base import BrianObjectException
from brian2.stateupdaters.base import UnsupportedEquationsException
from brian2.units import ms

from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.user_warnings import warn_user
from dualframe.core.validation import as_positive
from dualframe.network import Network, Recording, expect_network
from dualframe.results.results import Results
from dualframe.simulation.assemble_results import assemble_results
from dualframe.simulation.progress_bar import progress_bar
from dualframe.simulation.recordings import (
    check_recorded_synapses,
    check_spike_recording,
    resolve_recordings,
)
from dualframe.simulation.run_warnings import warnings_after_run, warnings_before_run
from dualframe.simulation.time_constants import refuse_divergent_step
from dualframe.targets.brian.raw_results import RunOptions
from dualframe.targets.lowering.lower_network import lower_network
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
        Per population: variable names (``"dspikes"`` for dendritic spikes), which keep the first
        three neurons at every time step, as on the command line; or a `Recording`, which keeps what
        it says: ``Recording("V")`` every neuron, ``Recording("V", neurons=[0, 7], every=1*ms)``
        two of them once in a millisecond. What takes more than 1 GB is warned of before the run.
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
    check_recorded_synapses(lowered)
    refuse_divergent_step(lowered)
    warnings = warn_user(warnings_before_run(network, lowered))
    with progress_bar(progress, f"{network.name} on {name}") as report:
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
