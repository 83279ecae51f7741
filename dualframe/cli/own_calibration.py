"""The strengths of a user's circuit that has none yet: found before it is built, and kept."""

from __future__ import annotations

from time import monotonic

import dualframe as df
from dualframe.cli.messages import say
from dualframe.core.errors import CatalogueError
from dualframe.core.shipped_files import SUFFIX
from dualframe.simulation.run_specification import RunSpecification


def calibrate_what_lacks(specification: RunSpecification) -> None:
    """Find and keep the strengths of a user's circuit that has none, and say so.

    Weights take seconds. Background rates that the circuit does not state are searched for in runs
    of the whole circuit: that is left to `dualframe calibrate`.

    Parameters
    ----------
    specification
        What is to be built; of a user's own circuit.

    Raises
    ------
    CatalogueError
        If background rates are to be found: it names the command.
    """
    own = specification.circuit.endswith(SUFFIX) and not specification.calibration
    if not own or not specification.lacks_calibration:
        return
    circuit = specification.resolved_circuit.full_size
    if any(background.events is None for background in circuit.background):
        raise CatalogueError(
            f"circuit {circuit.name!r} has no calibration for {specification.model_key!r} that "
            f"belongs to it, and does not state the rates of its background, which are searched "
            f"for in minutes: {_command(specification)}. Or give every [[background]] a rate."
        )
    model = specification.model_key
    count = sum(contact.is_calibrated for contact in circuit.contacts)
    say(f"{circuit.name}: finding the weights of {count} contacts for {model} ...")
    begin = monotonic()
    df.calibrate(
        circuit,
        "biological" if specification.branch == "biological" else specification.model or "glif",
        synapses=specification.synapses or None,
        cells=specification.cells or None,
    )
    say(
        f"{circuit.name}: found in {monotonic() - begin:.0f} s, and kept in the user's cache. To "
        f"store them beside the circuit: {_command(specification)}"
    )


def _command(specification: RunSpecification) -> str:
    words = ["dualframe calibrate", specification.circuit]
    if specification.branch != "biological":
        words += ["--model", specification.model or "glif"]
    for option in ("synapses", "cells"):
        if value := getattr(specification, option):
            words += [f"--{option}", value]
    return " ".join(words)
