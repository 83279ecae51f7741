"""Synapse models: receptor currents and short-term plasticity."""

from dualframe.synapses.short_term_plasticity import ShortTerm, with_short_term

__all__ = ["ShortTerm", "with_short_term"]
