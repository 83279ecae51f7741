"""Protocols: one cell in a dish, what is measured there, and how two models of it compare."""

from dualframe.protocols import measures
from dualframe.protocols.bench import Response, current_clamp

__all__ = ["Response", "current_clamp", "measures"]
