"""The options of commands that train agents, and those that they share with others."""

from __future__ import annotations

import argparse

from dualframe.cli.output_options import add_force

TARGETS = "runtime, cpp_standalone, genn, genn5"
BRANCHES = "biological or task_driven"
BRANCH_CHOICES = (
    "{" + BRANCHES.replace(" or ", ",") + "}"
)  # shown; what checks them names the nearest
TARGET_CHOICES = "{" + TARGETS.replace(", ", ",") + ",auto}"
THREADS = (
    "cores for blocks of agents on cpp_standalone (default 1); other networks use OpenMP, with "
    "which none measured ran faster"
)


def add_train_arguments(subparser: argparse.ArgumentParser) -> None:
    """Declare the options of `dualframe train`.

    Parameters
    ----------
    subparser
        Of the command.
    """
    add = subparser.add_argument
    add("task", metavar="TASK", help="name, TOML file, or a folder of `train --out` to go on with")
    add(
        "--modulate",
        action="append",
        metavar="none|DA,ACh,5-HT",
        help="modulators that act; repeatable, each is a condition (default: the task's)",
    )
    _add_task_arguments(subparser)
    add("--evaluate", action="store_true", help="with a folder: plasticity is frozen")
    add(
        "--record",
        action="append",
        metavar="POP=VAR[,VAR]",
        default=[],
        help="variables of a population, encoder, readout or the environment; repeatable; none for "
        "nothing (default: positions of three agents, where the environment has them)",
    )
    add(
        "--record-every", metavar="TIME", help="interval of --record (default: the task's sampling)"
    )
    add(
        "--record-spikes", metavar="POP[,POP]", default="", help="populations whose spikes are kept"
    )
    add("--record-agents", metavar="0,1", help="agents that are recorded (default: all)")
    add("--out", metavar="DIR", help="folder for tables, agents and figures")
    add_force(subparser)


def add_attribute_arguments(subparser: argparse.ArgumentParser) -> None:
    """Declare the options of `dualframe attribute`.

    Parameters
    ----------
    subparser
        Of the command.
    """
    add = subparser.add_argument
    add("task", metavar="TASK", help="name, or TOML file")
    add("--modulate", metavar="DA,ACh,5-HT", help="modulators that act (default: the task's)")
    add(
        "--receptor",
        action="append",
        metavar="D1",
        help="whose effects are knocked out; repeatable (default: all of the acting modulators)",
    )
    add("--diverse-only", action="store_true", help="without the agents of homogeneous cells")
    _add_task_arguments(subparser)
    add("--out", metavar="DIR", help="folder for the tables and the figure")
    add_force(subparser)


def _add_task_arguments(subparser: argparse.ArgumentParser) -> None:
    """Declare which agents are trained, and how."""
    add = subparser.add_argument
    add("--agents", type=int, help="side by side (default: the task's)")
    add("--trials", type=int, help="trials of each agent (default: the task's)")
    add("--duration", help="simulated time, instead of the task's")
    add("--neurons", type=int, help="size of the network, in tasks that have one")
    add("--branch", metavar=BRANCH_CHOICES, help="default: task_driven")
    add("--model", help="point neurons of the task's cells (default: those that the task states)")
    add_drug_arguments(subparser)
    add(
        "--heterogeneity",
        type=float,
        metavar="CV",
        help="coefficient of variation of the cells' parameters",
    )
    add(
        "--set",
        action="append",
        metavar="SECTION.NAME=VALUE",
        default=[],
        help="another number or text of the task, as `dualframe show TASK` names it; repeatable",
    )
    add("--seed", type=int, help="of everything that is drawn (default: drawn, and reported)")
    add("--target", default="auto", metavar=TARGET_CHOICES, help="default: auto")
    add("--threads", type=int, default=1, help=THREADS)


def add_drug_arguments(subparser: argparse.ArgumentParser) -> None:
    """Declare drugs and knock-outs.

    Parameters
    ----------
    subparser
        Of the command.
    """
    add = subparser.add_argument
    add(
        "--knockout",
        action="append",
        metavar="RECEPTOR[:CELLS]",
        help="without this receptor, in all or some cell types; repeatable",
    )
    add(
        "--drug",
        action="append",
        metavar="DRUG=DOSE[@CELLS]",
        help="a drug of 'dualframe list drugs' with its concentration ('atropine=100 nM', "
        "'haloperidol:D2=5 nM'), or agonist, antagonist or knockout of a receptor "
        "(antagonist:M1=3@ctx_pv): the dose is a multiple of the drug's EC50 or K_B, or "
        "CONCENTRATION/AFFINITY; without one it saturates; repeatable",
    )
