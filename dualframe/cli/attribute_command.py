"""`dualframe attribute`: which receptors, on which cells, carry the gain of a task."""

from __future__ import annotations

import argparse

import dualframe as df
from dualframe.cli.data_tables import as_json, format_table
from dualframe.cli.messages import INTERRUPTED, PROGRAM, say
from dualframe.cli.output_options import chosen_folder, save_somewhere
from dualframe.cli.task_options import (
    changed_task,
    check_simulation_options,
    simulation_options,
    with_acting_modulators,
)
from dualframe.simulation.run import resolve_seed
from dualframe.training.attribution import FILES, grid_of_knockouts

SHOWN_COLUMNS = ["without", "agents", "median", "cliffs_delta", "delta_low", "delta_high", "p_holm"]


def attribute_command(options: argparse.Namespace) -> int:
    """Train a task again without one receptor's effects at a time, and compare."""
    check_simulation_options(options)
    seed = resolve_seed(options.seed)
    task = changed_task(options)
    if options.modulate:
        task = with_acting_modulators(task, options.modulate)
    grid = {"receptors": options.receptor, "homogeneous": not options.diverse_only}
    folder = chosen_folder(options, FILES)
    agents = task["protocol"].count("agents") if options.agents is None else options.agents
    rows = len(grid_of_knockouts(task, **grid)[0])
    say(f"{task}; {rows} trainings of {agents} agents, seed {seed}")
    attribution = df.attribute(
        task,
        **grid,
        branch=options.branch or "task_driven",
        model=options.model,
        agents=options.agents,
        **simulation_options(options, seed),
    )
    if folder is not None:
        save_somewhere(attribution.save, folder, force=options.force)
    for note in attribution.notes:
        say(note)
    if options.json:
        print(as_json(attribution.table.to_dict(orient="records")))
    else:
        print(format_table(attribution.table[SHOWN_COLUMNS].round(4)))
        print(f"Tables and figure: {folder}" if folder else "Nothing was saved: add --out DIR.")
    if not attribution.completed:
        say(f"{PROGRAM}: interrupted; the table has what was trained until then.")
        return INTERRUPTED
    return 0
