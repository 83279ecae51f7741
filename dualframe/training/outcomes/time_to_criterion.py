"""When one synapse among many reaches a criterion, and whether it stays there.

The criterion is a readout (``criterion``) that sees every spike of the synapse or, without one, a
share ``level`` of the largest weight that a sample of the synapse reaches.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.section_schema import SectionSchema
from dualframe.network import Projection, Recording
from dualframe.results.results import Results
from dualframe.targets.lowering.network_size import expected_synapses
from dualframe.training.outcomes.outcome import MainOutcome, Outcome, OutcomeTables, TrainingSetup

#: How weights are shown: factor and end of the column's name, by unit.
_SHOWN = {"volt": (1e3, "_mV"), "siemens": (1e9, "_nS")}


def record_synapse(setup: TrainingSetup) -> dict[str, Recording]:
    """Return recordings of one synapse in time, and of the others' weights at the end.

    Raises
    ------
    UnknownName
        If the table names a population or projection that the network does not have.
    NetworkError
        If the followed synapse is not one, or does not learn, or the criterion is not one neuron.
    """
    _check_entries(setup)
    followed = Recording(("w",), every=setup.sampling)
    others = {name: Recording(("w",)) for name in setup.entries["learned"]}
    return {setup.entries["synapse"]: followed, **others}


def _check_entries(setup: TrainingSetup) -> None:
    """Refuse names in the table of which no outcome could be made once agents have learned."""
    entries, network = setup.entries, setup.network
    projections = {projection.name: projection for projection in network.projections}
    for name in (entries["synapse"], *entries["learned"]):
        if name not in projections:
            raise UnknownName("projection of the table [outcome]", name, projections)
        if projections[name].plasticity is None:
            raise NetworkError(
                f"the table [outcome] names {name!r}, a projection that does not learn: expected "
                f"one with a plasticity rule."
            )
    size = expected_synapses(network, projections[entries["synapse"]])
    if size > 1:
        raise NetworkError(
            f"the table [outcome] follows the synapse {entries['synapse']!r}, a projection of "
            f"{size:.6g} synapses: expected one of a single pair."
        )
    for key in ("criterion", "reward"):
        sources = {source.name: source for source in (*network.populations, *network.sources)}
        name = entries[key]
        if name and name not in sources:
            raise UnknownName(f"{key} of the table [outcome]", name, sources)
        if key == "criterion" and name and sources[name].n > 1:
            raise NetworkError(
                f"the table [outcome] has the criterion {name!r} of {sources[name].n} neurons: "
                f"expected a population of one, whose spike says that an agent has reached it."
            )


def tabulate_synapse(setup: TrainingSetup, results: Results) -> OutcomeTables:
    """Return a row per agent on its synapse, and the synapse's weight in time."""
    entries, agents = setup.entries, np.arange(setup.agents)
    synapse = entries["synapse"]
    factor, unit = _SHOWN.get(results.weight_units[synapse], (1.0, ""))
    final = results.weights[synapse]["weight"].to_numpy()
    trace = results.traces[synapse]
    reached = _times_to_criterion(setup, results)
    largest = trace.values["w"].max(axis=1) if trace.t.size else final
    lost = float(entries["collapse"]) * _largest_weight(setup, synapse)
    ranks = [_rank_synapse(setup, results, agent, w) for agent, w in enumerate(final)]
    outcomes = pd.DataFrame(
        {
            "agent": agents,
            "reached": [agent in reached for agent in agents],
            "time_to_criterion_s": [reached.get(agent, np.nan) for agent in agents],
            f"final_weight{unit}": factor * final,
            f"max_weight{unit}": factor * np.maximum(largest, final),
            "collapsed": [agent in reached and final[agent] < lost for agent in agents],
            "rewarded_rank": [rank for rank, _ in ranks],
            "plastic_synapses": [count for _, count in ranks],
            "rewards": _count_rewards(setup, results),
        }
    )
    curves = pd.DataFrame(
        {
            "agent": np.repeat(agents, trace.t.size),
            "t_s": np.tile(trace.t, setup.agents),
            f"weight{unit}": factor * trace.values["w"].ravel(),
        }
    )
    return OutcomeTables(outcomes=outcomes, curves=curves)


def _times_to_criterion(setup: TrainingSetup, results: Results) -> dict[Any, float]:
    """Return when agents reached the criterion: by its readout, or in the sampled weight."""
    entries = setup.entries
    if entries["criterion"]:
        return dict(zip(*results.spike_trains(entries["criterion"]), strict=True))
    trace = results.traces[entries["synapse"]]
    level = float(entries["level"]) * _largest_weight(setup, entries["synapse"])
    above = trace.values["w"] >= level
    return {int(k): float(trace.t[above[k].argmax()]) for k in np.flatnonzero(above.any(axis=1))}


def _projection(setup: TrainingSetup, name: str) -> Projection:
    return next(p for p in setup.network.projections if p.name == name)


def _largest_weight(setup: TrainingSetup, synapse: str) -> float:
    plasticity = _projection(setup, synapse).plasticity
    assert plasticity is not None
    return float(plasticity.w_max)


def _count_rewards(setup: TrainingSetup, results: Results) -> np.ndarray:
    name = setup.entries["reward"]
    neurons = results.spike_trains(name)[0]
    return np.bincount(neurons // setup.network.source(name).n, minlength=setup.agents)


def _rank_synapse(
    setup: TrainingSetup, results: Results, agent: int, weight: float
) -> tuple[int, int]:
    """Rank of the followed synapse among the agent's plastic ones (1 is the largest), their number.

    Synapses at the same weight share the best rank.
    """
    larger, count = 0, 1
    for name in setup.entries["learned"]:
        n = setup.network.source(_projection(setup, name).source).n
        table = results.weights[name]
        weights = table["weight"].to_numpy()[table["pre"].to_numpy() // n == agent]
        larger, count = larger + int((weights > weight).sum()), count + weights.size
    return larger + 1, count


def count_lasting_successes(tables: OutcomeTables) -> tuple[int, int]:
    """Return the agents that reached the criterion and did not fall below again, and all."""
    lasting = tables.outcomes["reached"] & ~tables.outcomes["collapsed"]
    return int(lasting.sum()), len(lasting)


TIME_TO_CRITERION = Outcome(
    name="time_to_criterion",
    title="time at which one synapse among many reaches its criterion",
    schema=SectionSchema(
        numbers={"collapse": "dimensionless", "level": "dimensionless"},
        texts={"criterion": (), "reward": (), "synapse": ()},
        lists=("learned",),
        defaults={"criterion": "", "level": "0.9999", "collapse": "0.5"},
    ),
    populations_with_spikes=lambda setup: tuple(
        filter(None, (setup.entries["criterion"], setup.entries["reward"]))
    ),
    make_recordings=record_synapse,
    make_tables=tabulate_synapse,
    main=lambda entries: MainOutcome("time_to_criterion_s", less_is_better=True),
    count_successes=count_lasting_successes,
    source="Izhikevich 2007; Rodriguez-Garcia and Ramaswamy 2024",
)
