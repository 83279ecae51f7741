"""Training: agents that learn a task side by side, and what is measured of them."""

from dualframe.training.agents import TrainedAgents, load_agents
from dualframe.training.attribution import Attribution, attribute
from dualframe.training.condition_comparison import compare_conditions
from dualframe.training.outcomes import Outcome, OutcomeTables
from dualframe.training.train import evaluate, train

__all__ = [
    "Attribution",
    "Outcome",
    "OutcomeTables",
    "TrainedAgents",
    "attribute",
    "compare_conditions",
    "evaluate",
    "load_agents",
    "train",
]
