r"""The distal reward problem (Izhikevich 2007), with excitability under NA and ACh.

A random network of Izhikevich neurons (``daspnet.m``). One synapse, from neuron n1 to neuron n2,
starts at zero; whenever n2 fires within 20 ms after n1, dopamine rises 1 to 3 s later everywhere.
R-STDP must find the synapse among all others.

Excitability follows Rodriguez-Garcia and Ramaswamy (2024): noradrenaline turns excitatory cells
from regular spiking into bursting, until the synapse reaches its largest weight; acetylcholine then
brings regular spiking back. Here both act through receptors,

.. math:: c = c_0 + \Delta c\, o_{NA} (1 - o_{ACh}), \quad d = d_0 + \Delta d\, o_{NA} (1 - o_{ACh})

with steady-state occupancies of concentrations that the switch changes with a time constant. The
conditions are sets of modulators: none; DA; DA, NA (bursting for ever); DA, NA, ACh (the switch).
``excitability.clamp_DA`` = 1 also holds dopamine at zero after the switch, as that paper's code.

Not as in the sources: every excitatory neuron has the same number of excitatory and of inhibitory
targets, without multapses; n1 to n2 is the only synapse of that pair; e and w change in continuous
time. Two spikes of one step potentiate here and depress there, and its potentiation reads traces
that have decayed one step less, which makes its depression 5 % weaker in comparison. Of the 2024
code's flaws none is repeated: u has the cell's own b, inhibitory synapses are fixed, and all delays
are one step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2.units import ms, mV, second

from dualframe import catalogue
from dualframe.catalogue import CellType, plasticity_rule
from dualframe.network import Network, Population, Projection
from dualframe.neuromodulation.occupancy import hill_equation
from dualframe.neurons.izhikevich_2003_euler import EQUATIONS, IZHIKEVICH_2003_EULER, NOISE
from dualframe.task import Section, Task

N1, N2 = 0, 1  # the synapse that is rewarded
TAGGED = "tagged"

_CELLS = f"""
{NOISE}
I = (noise + g + probe)/unit_time : volt/second
{EQUATIONS.strip()}
dg/dt = -g/dt : volt
dprobe/dt = -probe/dt : volt
dprobed/dt = (probe - probed)/dt : volt
dDA/dt = DA*(exp(-dt/tau_DA)*(1 - clamp_DA*switched) - 1)/dt : 1
switched : 1
"""
_EXCITABILITY = f"""
dNA/dt = (NA_level*(1 - switched*ACh_present) - NA)/tau_excitability : mmolar
dACh/dt = (ACh_level*switched*ACh_present - ACh)/tau_excitability : mmolar
o_NA = {hill_equation("NA/EC50_NA", "n_NA")} : 1
o_ACh = {hill_equation("ACh/EC50_ACh", "n_ACh")} : 1
bursting = o_NA*(1 - o_ACh) : 1
"""


def build(task: Task) -> Network:
    """Return the network of one agent."""
    numbers = task["network"]
    n = numbers.count("neurons")
    n_exc = round(n * float(numbers["excitatory"]))
    excitatory = _excitatory(task, n_exc)
    inhibitory = _inhibitory(task, n - n_exc)
    return Network(
        (excitatory, inhibitory, *_world(task["reward"], numbers["w_max"])),
        (),
        (*_synapses(task, n_exc, n), *_loop(task)),
    )


# --- cells ---------------------------------------------------------------------------------------


def _excitatory(task: Task, n: int) -> Population:
    cell = catalogue.cell(task["network"]["excitatory_cell"])
    numbers = _published_set(cell, "RS")
    acts = "NA" in task.modulators
    return _population(
        task,
        "exc",
        n,
        cell.name,
        numbers,
        +1,
        equations=_CELLS + (_EXCITABILITY if acts else ""),
        reset="V = c + shift_c*bursting\nu += d + shift_d*bursting" if acts else "V = c\nu += d",
        parameters=_receptors(task) if acts else {},
        initial={"NA": task["excitability"]["NA"]} if acts else {},
    )


def _inhibitory(task: Task, n: int) -> Population:
    kind = task["network"]["inhibition"]
    cell = catalogue.cell(task["network"]["inhibitory_cell"])
    numbers = {
        "FS": lambda: _published_set(cell, "FS"),
        "RS": lambda: _published_set(catalogue.cell(task["network"]["excitatory_cell"]), "RS"),
        "AC": lambda: _accommodating(task["accommodation"]),
    }[kind]()
    return _population(
        task,
        "inh",
        n,
        cell.name,
        numbers,
        -1,
        equations=_CELLS,
        reset="V = c\nu += d",
        parameters={},
        initial={},
    )


def _published_set(cell: CellType, label: str) -> dict[str, Any]:
    return cell.point_neuron_set("izhikevich2003", label=label).numbers.plain()


def _accommodating(numbers: Section) -> dict[str, Any]:
    return {name: numbers[name] for name in ("a", "b", "c", "d", "v_b")}


def _population(
    task: Task,
    name: str,
    n: int,
    cell: str,
    numbers: dict[str, Any],
    sign: int,
    *,
    equations: str,
    reset: str,
    parameters: dict[str, Any],
    initial: dict[str, Any],
) -> Population:
    varies = IZHIKEVICH_2003_EULER.varies
    neuron = IZHIKEVICH_2003_EULER.make_neuron({**numbers, "half_noise": task["network"]["noise"]})
    return Population(
        name,
        n,
        equations,
        threshold=neuron.threshold,
        reset=reset,
        parameters={
            **neuron.parameters,
            **parameters,
            "tau_DA": task["reward"]["tau"],
            "clamp_DA": task["excitability"]["clamp_DA"],
        },
        initial={**neuron.initial, **initial},
        heterogeneity=dict.fromkeys(varies, task.heterogeneity) if task.heterogeneity else {},
        cell_type=cell,
        sign=sign,
    )


def _receptors(task: Task) -> dict[str, Any]:
    numbers = task["excitability"]
    parameters = {
        "shift_c": numbers["shift_c"],
        "shift_d": numbers["shift_d"] * mV / ms,
        "tau_excitability": numbers["tau"],
        "NA_level": numbers["NA"],
        "ACh_level": numbers["ACh"],
        "ACh_present": float("ACh" in task.modulators),
    }
    for modulator in ("NA", "ACh"):
        affinity = catalogue.receptor(numbers[f"receptor_{modulator}"]).affinity
        parameters[f"EC50_{modulator}"] = affinity.value("EC50")
        parameters[f"n_{modulator}"] = affinity.value("hill")
    return parameters


# --- the world: who is rewarded, and when --------------------------------------------------------

_COINCIDENCE = """
dsince_n1/dt = ((1 - n1)*(since_n1 + dt) - since_n1)/dt : second
dfired/dt = (n2 - fired)/dt : 1
dn1/dt = -n1/dt : 1
dn2/dt = -n2/dt : 1
"""
_WAITING = """
mine = int(abs(count_told - place - waiting*floor(count_told/waiting)) < 0.5) : 1
wait = delay_min + (delay_max - delay_min)*rand() : second (constant over dt)
dcount_told/dt = told/dt : 1
dtold/dt = -told/dt : 1
ddue/dt = told*mine*(t + wait - due)/dt : second
"""
_NEVER = 1e9 * second


def _world(reward: Section, w_max: Any) -> tuple[Population, ...]:
    """Coincidences, the rewards that are under way (one clock for each), and the criterion."""
    places = reward.count("waiting")
    return (
        Population(
            "coincidence",
            1,
            _COINCIDENCE,
            # strictly after n1, and less than a window later
            threshold="fired > 0.5 and since_n1 > 0.5*dt and since_n1 < window - 0.5*dt",
            reset="fired = 0",
            parameters={"window": reward["window"]},
            initial={"since_n1": 1 * second},
            voltage="fired",
        ),
        Population(
            "reward",
            places,
            _WAITING,
            threshold="t >= due",
            reset="due = never",
            parameters={
                "place": np.arange(places, dtype=float),
                "waiting": float(places),
                "delay_min": reward["delay_min"],
                "delay_max": reward["delay_max"],
                "never": _NEVER,
            },
            initial={"due": _NEVER},
            voltage="due",
        ),
        Population(
            "criterion",
            1,
            "seen : volt\nreached : 1",
            threshold="seen >= level and reached < 0.5",
            reset="reached = 1",
            parameters={"level": reward["criterion"] * w_max},
            voltage="seen",
        ),
    )


# --- synapses ------------------------------------------------------------------------------------


def _synapses(task: Task, n_exc: int, n: int) -> tuple[Projection, ...]:
    numbers = task["network"]
    out = numbers.count("synapses")
    to_exc = round(out * n_exc / n)
    learned = _rule(task)
    return (
        Projection(
            "exc",
            "exc",
            "g += w",
            name="exc_to_exc",
            out_degree=to_exc,
            excluded=([N1], [N2]),
            weight=numbers["w_init"],
            plasticity=learned,
        ),
        Projection(
            "exc",
            "inh",
            "g += w",
            name="exc_to_inh",
            out_degree=out - to_exc,
            weight=numbers["w_init"],
            plasticity=learned,
        ),
        Projection("inh", "exc", "g -= w", out_degree=out, weight=numbers["w_inhibitory"]),
        # its weight has a way of its own into n2, where the criterion sees it a step later:
        # GeNN has no sum of what came in this step
        Projection(
            "exc",
            "exc",
            "probe += w",
            name=TAGGED,
            pairs=([N1], [N2]),
            weight=0 * mV,
            plasticity=learned,
        ),
    )


def _rule(task: Task) -> Any:
    own = task["plasticity"]
    return plasticity_rule(
        own["rule"],
        set=own["set"],
        w_max=task["network"]["w_max"],
        scale=1 * mV,
        signals={"level_DA": "DA"},
        **own.plain(),
    )


def _loop(task: Task) -> tuple[Projection, ...]:
    """From n1 and n2 to a reward, from rewards to dopamine, from the weight to the switch."""
    pulse = float(task["reward"]["pulse"]) if "DA" in task.modulators else 0.0
    release: dict[str, Any] = {"parameters": {"pulse": pulse}, "pairs": "all_to_all"}
    return (
        Projection("exc", "coincidence", "n1 += 1", name="n1_fires", pairs=([N1], [0])),
        Projection("exc", "coincidence", "n2 += 1", name="n2_fires", pairs=([N2], [0])),
        Projection("coincidence", "reward", "told += 1", pairs="all_to_all"),
        Projection("reward", "exc", "DA += pulse", **release),
        Projection("reward", "inh", "DA += pulse", **release),
        Projection(
            "exc",
            "criterion",
            equations="seen_post = probed_pre : volt (summed)",
            name="criterion_sees",
            pairs=([N2], [0]),
        ),
        *(
            # once: the criterion is reached once
            Projection("criterion", name, "switched += 1", pairs="all_to_all")
            for name in ("exc", "inh")
        ),
    )
