"""The table of all effects of receptors and their measured shifts, saved and as Markdown.

``python docs/receptor_signs.py`` measures it again (about two minutes) and saves it beside this
file, from where the pages of the catalogue take it. A test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

SAVED = Path(__file__).parent / "receptor_signs.csv"
DIGITS = 5
MODELS = {"biological": "compartments", "glif": "GLIF", "izhikevich": "Izhikevich"}
NUMBERS = (
    "control", "agonist", "shift", "rest_shift_mV", "r_in_ratio", "rheobase_shift_pA",
    "rate_shift_Hz",
)  # fmt: skip

INTRODUCTION = """\
Each effect of each receptor alone: a saturating agonist against control, with the same currents.
The shift must have the direction of the catalogue, which is that of the excitability of the cell,
or of the target of a synapse; and with the receptor knocked out the network must be exactly that
of the control. What decides depends on the kind of effect:

- *conductance, hcn, leak, rest, threshold*: rheobase (smallest step with a spike within 0.5 s);
- *adaptation*: firing rate in the second half of a step of 1 s, in the middle of the f-I range of
  the control (from rheobase to 40 Hz);
- *gain, release*: unitary potential of one spike in a cell held at 0.8 of its rheobase, so that
  chloride is inhibitory;
- *plasticity*: the factor on the rule's part in the equations of the neuron;
- direction *mixed*: resting potential and input resistance, which must go where the conductance
  drives them. What that does to the rheobase is reported as it is found.

"All" is the receptor with all its effects on the cell's own excitability at once. A size whose
status is **assumed** was chosen here because the source gives a direction only: then the sign is a
result and the size is not. `dualframe.experiments.sign_table` makes this table for other receptors
and cells, from a user's own files too.
"""

REMARKS = """\
The point neurons are those that were fitted to the compartments. Rows that are not testable name
what the model lacks; the other model of the point branch then has the effect.
"""

Escape = Callable[[str], str]


def saved() -> pd.DataFrame:
    """Return the saved table, empty texts as ""."""
    table = pd.read_csv(SAVED, keep_default_na=False)
    for name in NUMBERS:
        table[name] = pd.to_numeric(table[name], errors="coerce")
    return table


def save(path: Path = SAVED) -> pd.DataFrame:
    """Measure and save the table."""
    from dualframe.experiments import sign_table

    table = sign_table()
    for name in NUMBERS:
        table[name] = [f"{x:.{DIGITS}g}" if pd.notna(x) else "" for x in table[name]]
    table = table.sort_values(
        ["receptor", "cell", "kind", "effect", "measure", "model"], kind="stable"
    )
    table.to_csv(path, index=False)
    return saved()


def rows(table: pd.DataFrame, first: Sequence[str], escape: Escape) -> list[list[str]]:
    """Return a line for each effect and measure; ``first`` names the columns before the models."""
    keys = ["receptor", "cell", "kind", "effect", "direction", "size", "status"]
    lines = []
    for key, group in table.groupby(keys, sort=False):
        known = dict(zip(keys, map(str, key), strict=True))
        cells = [_text(column, known, escape) for column in first]
        for measure in [name for name in dict.fromkeys(group["measure"]) if name] or [""]:
            mine = group[group["measure"].isin((measure, ""))].to_dict("records")
            found = {row["model"]: shown(row, escape) for row in mine}
            label = _label(measure, mine, escape)
            lines.append([*cells, label, *(found.get(model, "") for model in MODELS)])
    return lines


def shown(row: dict[str, Any], escape: Escape) -> str:
    """Return one measurement as a cell of a table: control to agonist, and the verdict."""
    if row["verdict"] == "not testable":
        return f"not testable: {escape(row['reason'])}"
    unit = "" if row["unit"] == "1" else f" {row['unit']}"
    values = f"{row['control']:.4g} → {row['agonist']:.4g}{unit}"
    plain = row["verdict"] in ("as catalogued", "as found")
    return values if plain else f"{values} (**{row['verdict']}**)"


def _label(measure: str, mine: Sequence[dict[str, Any]], escape: Escape) -> str:
    where = next((row["reason"] for row in mine if row["measure"] and row["reason"]), "")
    return f"{measure}, {escape(where)}" if where else measure


def _text(column: str, known: dict[str, str], escape: Escape) -> str:
    if column in ("receptor", "cell"):
        name = known[column]
        return f"[{escape(name)}](../{column}s/{name}.md)"
    if column == "size":
        status = known["status"].replace("assumed", "**assumed**")
        return f"{escape(known['size'])} ({status})"
    return escape(known[column])


def header(first: Iterable[str]) -> list[str]:
    """Return the header of `rows`."""
    return [*first, "measure", *MODELS.values()]


def counts(table: pd.DataFrame) -> list[list[str]]:
    """Return how many rows of each model have which verdict, single effects only."""
    single = table[table["kind"] != "all"]
    verdicts = ("as catalogued", "opposite", "not testable", "no shift", "not measurable")
    lines = []
    for model, label in MODELS.items():
        own = single[single["model"] == model]
        numbers = [str(int((own["verdict"] == verdict).sum())) for verdict in verdicts]
        exact = own[own["verdict"] != "not testable"]["knockout"].eq("exact")
        lines.append([label, *numbers, f"{int(exact.sum())} of {len(exact)}"])
    return lines


COUNTED = (
    "model", "as catalogued", "opposite", "not testable", "no shift", "not measurable",
    "exact knock-out",
)  # fmt: skip


if __name__ == "__main__":
    print(save().groupby(["model", "verdict"]).size())
