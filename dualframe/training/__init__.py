"""Training: agents that learn a task side by side, and what is measured of them."""

from dualframe.training.agents import Agents
from dualframe.training.condition_comparison import compare_arms
from dualframe.training.train import evaluate, train

__all__ = ["Agents", "compare_arms", "evaluate", "train"]
