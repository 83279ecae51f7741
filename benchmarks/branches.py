"""Whether the branches agree on what four neuromodulators do to each circuit.

    python benchmarks/branches.py                  # all circuits: results/branches_*, the figures
    python benchmarks/branches.py l23              # one of them
    python benchmarks/branches.py l23 --seeds 3    # a look

ACh, 5-HT, DA and NA at level 0.8, those that act on a cell of the circuit; point neurons (GLIF,
Izhikevich) against dendrites; ten seeds.
Nothing is recorded but spikes, and all runs of a model are one program: the modulators that do not
act are there at level zero, and seeds and levels are data. Finished runs stand in results/runs/ and
are not made again while the network is the same, so that an interrupted table goes on where it was;
`--fresh` forgets them.

Two seconds, of which 1.5 count: the twenty SST cells of layer 2/3 at 0.05, firing at 5 Hz, then
have 150 spikes. Counting alone makes 8 % of a rate, and 3 % over ten seeds; larger populations have
more spikes. The rest of the spread is that between networks, which more time would not lessen.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from brian2 import second
from measure import RESULTS, cost, save

import dualframe as df
from dualframe.circuit import Circuit
from dualframe.experiments.branch_comparison import BranchComparison
from dualframe.experiments.branch_comparison_text import comparison_sections
from dualframe.experiments.branch_runs import branch_builder
from dualframe.neuromodulation.population_equations import check_modulation

CIRCUITS = ("l23", "l23_human", "striatum", "ca1")
MODULATORS = ("ACh", "5-HT", "DA", "NA")
LEVEL = 0.8
POINT_NEURONS = ("glif", "izhikevich")
SEEDS = 10
DURATION = 2.0  # s
FIGURES = Path(__file__).resolve().parents[1] / "docs" / "figures" / "agreement"


def modulated(circuit: Circuit, modulators: Sequence[str], acting: str) -> Circuit:
    """Return a circuit with one modulator at its level and the others at zero.

    All conditions then have the same equations, and one program serves a model's runs.
    """
    for modulator in modulators:
        level = LEVEL if modulator == acting else 0.0
        circuit = circuit.with_modulation(modulator, level=level)
    return circuit


def acting_modulators(circuit: Circuit, modulators: Sequence[str]) -> list[str]:
    """Return the modulators that have a compiled effect on a cell of the circuit."""
    return [name for name in modulators if not problem_of(circuit, name)]


def problem_of(circuit: Circuit, modulator: str) -> str:
    """Return why a modulator does nothing in a circuit, "" if it does something."""
    try:
        check_modulation(circuit.with_modulation(modulator, level=LEVEL).resolved)
    except df.errors.CatalogueError as error:
        return str(error)
    return ""


def compare_circuit(
    name: str, options: argparse.Namespace, finished: Path | None
) -> BranchComparison:
    """Run a circuit in all models, conditions and seeds."""
    circuit = df.circuit(name)
    scale = options.scale or circuit.default_scale
    modulators = acting_modulators(circuit, options.modulators)
    control, *conditions = (
        modulated(circuit, modulators, acting).scaled(scale) for acting in ("", *modulators)
    )
    return df.compare_branches(
        control,
        dict(zip(modulators, conditions, strict=True)),
        models=("biological", *options.models),
        seeds=range(options.seeds),
        duration=options.duration * second,
        builders={
            model: branch_builder(model, cells=options.cells, synapses=options.synapses)
            for model in options.models
        },
        target="cpp_standalone",
        finished=finished,
        progress=False,
    )


def save_comparison(
    name: str, comparison: BranchComparison, out: Path, figures: Path, notes: Sequence[str]
) -> None:
    """Write the table, the page and the figure of a circuit."""
    sections = comparison_sections(comparison.tables)
    table = comparison.agreement.astype(object)
    rows = table.where(table.notna(), "").to_dict(orient="records")
    title = comparison.tables.heading
    save(f"branches_{name}", title, rows, notes, out, body=sections)
    df.plots.savefig(comparison.plot(), figures / f"{name}.png", force=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare the branches of each circuit, and save what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("circuits", nargs="*", default=CIRCUITS, help=", ".join(CIRCUITS))
    parser.add_argument("--models", nargs="+", default=POINT_NEURONS)
    parser.add_argument("--modulators", nargs="+", default=MODULATORS)
    parser.add_argument("--cells", help="published or fitted; default: that of the circuit")
    parser.add_argument("--synapses", help="current or conductance; default: that of the circuit")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--scale", type=float, help="default: that of the circuit")
    parser.add_argument("--duration", type=float, default=DURATION, help="simulated time in s")
    parser.add_argument("--fresh", action="store_true", help="forget finished runs")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--figures", type=Path, help=f"default: {FIGURES.name} of the docs")
    options = parser.parse_args(arguments)
    figures = options.figures or (FIGURES if options.out == RESULTS else options.out)
    for name in options.circuits:
        finished = options.out / "runs" / f"branches_{name}.csv"
        finished.parent.mkdir(parents=True, exist_ok=True)
        if options.fresh:
            finished.unlink(missing_ok=True)
        with cost() as spent:
            comparison = compare_circuit(name, options, finished)
        if not comparison.completed:
            print(f"{name}: interrupted after {comparison.runs} runs; the next call goes on there.")
            return
        note = (
            f"This call took {spent.cpu:.0f} s of CPU time; runs that were finished before are not "
            "in it."
        )
        problems = (problem_of(df.circuit(name), each) for each in options.modulators)
        silent = [f"Not run: {problem}" for problem in problems if problem]
        save_comparison(name, comparison, options.out, figures, [*silent, note])


if __name__ == "__main__":
    main()
