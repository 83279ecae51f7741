"""Write what the branches agree on, circuit by circuit: ``docs/catalogue/agreement.md``.

Run by ``conf.py`` before each build, from the tables that ``benchmarks/branches.py`` saved. Nothing
is simulated; circuits without a table are named as such.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from dualframe.analysis.branch_agreement import COLUMNS, count_agreement
from dualframe.experiments.branch_comparison_text import agreement_sections

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
CIRCUITS = ("l23", "l23_human", "striatum", "ca1")
HEAD = """\
# Agreement, circuit by circuit

Tables of `benchmarks/branches.py`; [Agreement of the branches](../agreement.md) says what was
measured and what the words mean.
"""


def write_agreement(folder: Path, results: Path = RESULTS) -> None:
    """Write the page from the tables in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    blocks = [HEAD, *(block for name in CIRCUITS for block in circuit_blocks(name, results))]
    (folder / "agreement.md").write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


def circuit_blocks(name: str, results: Path) -> Iterator[str]:
    """Yield the section of a circuit."""
    yield f"## {name}"
    table = results / f"branches_{name}.csv"
    if not table.exists():
        yield f"Not measured yet: `python benchmarks/branches.py {name}`."
        return
    yield f"{table_title(table)}, {measured_on(table)}."
    if (ROOT / "docs" / "figures" / "agreement" / f"{name}.png").exists():
        yield f"![Shifts of {name} in every model](../figures/agreement/{name}.png)"
    agreement = read_table(table)
    for block in agreement_sections(agreement, count_agreement(agreement)):
        yield f"#{block}" if block.startswith("#") else block


def read_table(table: Path) -> pd.DataFrame:
    """Return a saved table; its condition "NA" is noradrenaline, not a missing value."""
    texts = ("condition", "population", "cell_type", "reference", "model", "verdict", "reason")
    numbers = {name: ["", "nan"] for name in COLUMNS if name not in texts}
    return pd.read_csv(table, keep_default_na=False, na_values=numbers)


def table_title(table: Path) -> str:
    """Return the title of a table's page: circuit, models, seeds and window."""
    first = table.with_suffix(".md").read_text(encoding="utf-8").splitlines()[0]
    return first.removeprefix("# ")


def measured_on(table: Path) -> str:
    """Return the date of a table."""
    lines = table.with_suffix(".md").read_text(encoding="utf-8").splitlines()
    (date,) = (line.split("|")[2].strip() for line in lines if line.startswith("| date |"))
    return date
