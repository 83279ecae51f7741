"""Experiments on single cells: what is measured of one, and how two models of it compare."""

from dualframe.experiments import electrophysiology as measures
from dualframe.experiments.current_clamp import current_clamp
from dualframe.experiments.dose_response import DoseResponse, dose_response
from dualframe.experiments.model_comparison import Validation, validate
from dualframe.experiments.model_fitting.fit_point_neuron import fit_point
from dualframe.experiments.receptor_signs.sign_table import sign_table
from dualframe.experiments.response import Response

__all__ = [
    "DoseResponse",
    "Response",
    "Validation",
    "current_clamp",
    "dose_response",
    "fit_point",
    "measures",
    "sign_table",
    "validate",
]
