"""Bandit with reversals: several arms, one of which pays more often, and not always the same one.

A trial is ``ticks`` ticks, by default one. The arms are on offer (``offered``) until the first:
then the arm ``choice`` is drawn, and it wins one with ``p_best`` if it is the best arm, else with
``p_other``, which is paid at the tick ``pays_at``. What the last choice won can be observed
(``last_reward``) from the choice on. The best arm is the first at the beginning and the next one
after every ``reversal_after`` trials. Success is to choose the best arm, paid or not.
"""

from __future__ import annotations

from collections.abc import Mapping

from dualframe.core.errors import NetworkError
from dualframe.environments.environment_record import EnvironmentEquations
from dualframe.environments.environment_spec import EnvironmentSpec
from dualframe.environments.parameter import assumed_parameter
from dualframe.environments.spaces import Discrete, Observation

SOURCE = "a common design of probabilistic reversal learning; all numbers are chosen here"


PARAMETERS = (
    assumed_parameter("interval", "500 ms", "time between ticks"),
    assumed_parameter("ticks", 1, "ticks of a trial; the arm is chosen at the first", kind="count"),
    assumed_parameter("pays_at", 1, "tick of a trial at which the arm pays", kind="count"),
    assumed_parameter("arms", 2, "number of arms", kind="count"),
    assumed_parameter("p_best", 0.8, "probability that the best arm pays", kind="probability"),
    assumed_parameter("p_other", 0.2, "probability that another arm pays", kind="probability"),
    assumed_parameter(
        "reversal_after",
        100,
        "trials after which another arm is best; None is never",
        kind="count or never",
    ),
)

EQUATIONS = """
offered = int(elapsed < 0.5) : 1
paying = int(abs(elapsed + 1 - pays_at) < 0.5) : 1
luck = rand() : 1 (constant over dt)
block = floor((trial + 0.5)/reversal_after) : 1
best = block - arms*floor((block + 0.5)/arms) : 1
right = int(abs(choice - best) < 0.5) : 1
paid = right*int(luck < p_best) + (1 - right)*int(luck < p_other) : 1
last_choice_next = offered*choice + (1 - offered)*last_choice : 1
last_reward_next = offered*paid + (1 - offered)*last_reward : 1
terminal = int(elapsed + 1 > ticks - 0.5) : 1
reward_next = paying*last_reward_next : 1
succeeded = int(abs(last_choice_next - best) < 0.5) : 1
"""


def _write_equations(values: Mapping[str, float]) -> EnvironmentEquations:
    """Return the equations for values of the parameters."""
    arms, ticks, pays_at = (int(values[name]) for name in ("arms", "ticks", "pays_at"))
    if pays_at > ticks:
        raise NetworkError(
            f"pays_at of environment 'bandit' is {pays_at}: expected one of the {ticks} ticks of "
            f"a trial. Raise ticks."
        )
    return EnvironmentEquations(
        state=("last_choice", "last_reward"),
        equations=EQUATIONS,
        start={},
        carried_over=("last_choice", "last_reward"),
        action=Discrete(arms),
        observations=(
            Observation("last_choice", 0, arms - 1),
            Observation("last_reward", 0, 1),
            Observation("offered", 0, 1),
        ),
    )


BANDIT = EnvironmentSpec(
    name="bandit",
    title="several arms, one of which pays more often, in turns",
    source=SOURCE,
    parameters=PARAMETERS,
    write_equations=_write_equations,
)
