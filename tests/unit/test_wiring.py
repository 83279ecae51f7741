"""Which reversal potential a contact has, and what it passes in current mode."""

from __future__ import annotations

from dataclasses import replace

import pytest
from brian2.units import mV

from dualframe import catalogue
from dualframe.building.synaptic_channels import PostsynapticSite, synaptic_channels
from dualframe.circuit import Background
from dualframe.circuit.resolved_circuit import SynapticInput
from dualframe.core.errors import CatalogueError

PYR = "ca1_pyr"  # its compartments have their own E_NMDA, 0.35 mV, and none of AMPA
SITE = (PostsynapticSite("cell", "V"),)


def contact(synapses, **changes):
    return Background("cells", synapses, "soma", name="x", psp="1 mV", **changes)


def parameters(given, rest=None):
    synapses = tuple(catalogue.synapse(kind) for kind in given.synapses)
    resolved = SynapticInput(entry=given, synapses=synapses)
    return synaptic_channels(resolved, catalogue.cell(PYR), SITE, rest).parameters


def test_own_reversal_then_the_cells_then_the_catalogues():
    plain = parameters(contact(("AMPA", "NMDA")))
    assert plain["E_AMPA_x"] == catalogue.synapse("AMPA").numbers.value("E")
    assert plain["E_NMDA_x"] == 0.35 * mV
    own = parameters(contact(("AMPA", "NMDA"), reversal={"NMDA": "7 mV"}))
    assert own["E_NMDA_x"] == 7 * mV
    assert own["E_AMPA_x"] == plain["E_AMPA_x"]


def test_current_mode_shares_are_driving_forces_at_rest():
    rest = -70 * mV
    given = contact(("GABA_A", "GABA_B"), reversal={"GABA_A": "-60 mV", "GABA_B": "-90 mV"})
    found = parameters(given, rest)
    # (-90 + 70) over (-60 + 70), without sign: Dale's law gives that
    assert found["share_GABA_B_x"] == pytest.approx(2)
    assert found["share_GABA_A_x"] == 1
    assert found["sign_GABA_A_x"] == found["sign_GABA_B_x"] == -1
    assert "E_GABA_A_x" not in found


def test_an_only_synapse_may_reverse_at_rest():
    given = contact("GABA_A", reversal="-60 mV")
    assert parameters(given, -60 * mV)["sign_GABA_A_x"] == -1


def test_nothing_is_relative_to_a_synapse_that_reverses_at_rest():
    given = contact(("GABA_A", "GABA_B"), reversal={"GABA_A": "-60 mV"})
    with pytest.raises(CatalogueError, match="'x': GABA_A reverses at the resting potential"):
        parameters(given, -60.2 * mV)
    first = replace(given, synapses={"GABA_B": 1.0, "GABA_A": 1.0})
    assert parameters(first, -60 * mV)["share_GABA_A_x"] == 0
