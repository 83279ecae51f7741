"""For users who go on in Brian2: the Brian2 objects of a network, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from brian2 import defaultclock
from brian2.units import second

from dualframe.core.brian_lock import one_thread_at_a_time
from dualframe.core.errors import NetworkError
from dualframe.network import Network, PoissonInput, Recording, expect_network
from dualframe.simulation.recordings import resolve_recordings
from dualframe.simulation.run import positive_time, resolve_seed
from dualframe.targets.brian.brian_objects import BrianObjects
from dualframe.targets.brian.brian_objects import make_brian_objects as assemble_lowered
from dualframe.targets.lowering.lower_network import lower_network


@one_thread_at_a_time
def assemble(
    network: Network,
    *,
    seed: int | None = None,
    dt: Any = None,
    record: Mapping[str, Sequence[str] | Recording] | None = None,
    duration: Any = None,
) -> BrianObjects:
    """Make the Brian2 objects of a network, on Brian2's current device and preferences.

    Parameters
    ----------
    network
        The description.
    seed
        Seed of connectivity, weights, delays and heterogeneous parameters, as in `run`. Brian2's
        own random numbers are seeded by ``brian2.seed``.
    dt
        Time step, which becomes that of ``brian2.defaultclock``; the default is the one that
        ``defaultclock`` has.
    record
        As in `run`.
    duration
        If given, Poisson input is drawn beforehand for this long from ``seed``, so that the spikes
        are those of `run`. By default Brian2 draws it while it runs, for as long as it runs.

    Returns
    -------
    Assembled
        ``made["pyr"]`` is the ``NeuronGroup``, ``SpikeGeneratorGroup`` or ``Synapses`` of that
        name, ``made.objects`` all of them, ``made.spikes["pyr"]`` a ``SpikeMonitor`` and
        ``made.network`` a Brian2 ``Network``. Equations are in the portable form: constants are
        variables of the groups, dendritic spikes are equations. A projection with several delays
        becomes several ``Synapses``, ``pyr_to_pv_delay0`` and so on. Where a rule has a third
        factor, the ``w`` of its synapses is the weight less what is due since their last spike
        (see `dualframe.plasticity.eligibility_traces`); record ``w`` to follow the weight itself.

    Raises
    ------
    NetworkError
        If a construct has no portable form.
    """
    expect_network(network)
    step = defaultclock.dt if dt is None else positive_time(dt, "dt")
    if duration is None:
        network, length = _drawn_while_running(network), np.inf * second
    else:
        length = positive_time(duration, "duration")
    lowered = lower_network(
        network,
        dt=step,
        duration=length,
        seed=resolve_seed(seed),
        record=resolve_recordings(network, {} if record is None else record, step),
    )
    return assemble_lowered(lowered)


def _drawn_while_running(network: Network) -> Network:
    for source in network.sources:
        if isinstance(source, PoissonInput) and source.has_time_course:
            raise NetworkError(
                f"input {source.name!r} has a time course, which is drawn for the time that is "
                f"simulated: give a duration."
            )
    inputs = tuple(
        replace(source, drawn="target") if isinstance(source, PoissonInput) else source
        for source in network.inputs
    )
    return replace(network, inputs=inputs)
