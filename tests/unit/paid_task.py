"""A task of 60 ms whose three cells are paid at every tick, whatever they do."""

from __future__ import annotations

from pathlib import Path

import dualframe as df
from dualframe.task import Task

#: Of the environment: a reward of one at the end of each.
TICK = 20  # ms
TEXT = """
name = "paid"
title = "cells that are paid for nothing"
modulators = ["DA"]
source = "dualframe"
status = "assumed"

[protocol]
trials = "3"
trial_limit = "20 ms"
dt = "0.1 ms"
sampling = "1 ms"
agents = "2"

[environment]
kind = "bandit"
interval = "20 ms"
p_best = "1"
p_other = "1"

[outcome]
kind = "trials"
main = "last_success_rate"

[[modulations]]
modulator = "DA"
level = "50 nM"

[[releases]]
name = "phasic"
kind = "signal_release"
modulator = "DA"
signal = "reward"
size = "500 nM"

[[encoders]]
name = "place"
kind = "place_cells"
observes = ["last_choice"]
low = "0"
high = "1"
spacing = "1"
sigma = "1"
rate_max = "500 Hz"

[[populations]]
name = "action"
cell = "ctx_l5_et"
n = "3"

[[projections]]
name = "learned"
pre = "place"
post = "action"
synapse = "AMPA"
compartment = "soma"
current = "400 pA"
delay = "1 ms"
pairs = "all_to_all"

[projections.plasticity]
rule = "r_stdp"
set = "izhikevich2007"
w_max = "4"
scale = "1"
signals = { level_DA = "o_D1" }
"""


def paid(folder: Path, *changes: tuple[str, str]) -> Task:
    """Return the task, with other lines."""
    text = TEXT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "paid.toml"
    path.write_text(text, encoding="utf-8")
    return df.task(path)
