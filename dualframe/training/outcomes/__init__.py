"""Outcomes: what is recorded of agents while they learn, and what is measured of them."""

from dualframe.training.outcomes.outcome import MainOutcome, Outcome, OutcomeTables, TrainingSetup
from dualframe.training.outcomes.registry import OUTCOMES, outcome_of

__all__ = ["OUTCOMES", "MainOutcome", "Outcome", "OutcomeTables", "TrainingSetup", "outcome_of"]
