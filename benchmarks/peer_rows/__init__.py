"""The rows of the table of peers, by name, in the order of the table."""

from peer_rows import (
    da_stdp,
    dspikes,
    glif,
    hodgkin_huxley,
    layer23,
    navigation,
    parameter_sets,
    potjans_diesmann,
    start,
)

MODULES = (
    da_stdp,
    potjans_diesmann,
    dspikes,
    layer23,
    hodgkin_huxley,
    glif,
    parameter_sets,
    navigation,
    start,
)
ROWS = {row.name: row for module in MODULES for row in module.ROWS}
