"""Protocols: one cell in a dish, what is measured there, and how two models of it compare."""

from dualframe.protocols import measures
from dualframe.protocols.bench import Response, current_clamp
from dualframe.protocols.doses import DoseResponse, dose_response
from dualframe.protocols.fitting import fit_point
from dualframe.protocols.signs import sign_table
from dualframe.protocols.validation import Validation, validate

__all__ = [
    "DoseResponse", "Response", "Validation", "current_clamp", "dose_response", "fit_point",
    "measures", "sign_table", "validate",
]  # fmt: skip
