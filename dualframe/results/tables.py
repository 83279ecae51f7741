"""Tables of populations, spikes and weights, in one form so that equal results compare equal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from brian2.units.fundamentalunits import Quantity
from numpy.typing import ArrayLike, NDArray

from dualframe.core.errors import NetworkError, UnknownName
from dualframe.network import Population

Train = tuple[ArrayLike, ArrayLike]


# --- from arrays to tables ----------------------------------------------------------------------


def population_table(populations: Iterable[Population]) -> pd.DataFrame:
    """Return the table (population, cell_type, n, sign) of the populations of a network."""
    rows = [(p.name, p.cell_type, p.n, p.sign or 0) for p in populations]
    return pd.DataFrame(rows, columns=["population", "cell_type", "n", "sign"])


def spike_table(populations: pd.DataFrame, trains: Mapping[str, Train]) -> pd.DataFrame:
    """Return the table of spikes from neurons and times (seconds) by population."""
    kinds = dict(zip(populations["population"], populations["cell_type"], strict=True))
    for name in trains:
        if name not in kinds:
            raise UnknownName("population", name, kinds)
    words = {"population": list(trains), "cell_type": [str(kinds[name]) for name in trains]}
    return _stack_trains(words, list(trains.values()))


def dspike_table(trains: Mapping[tuple[str, str], Train]) -> pd.DataFrame:
    """Return the table of dendritic spikes from neurons and times by (population, dSpike)."""
    words = {"population": [p for p, _ in trains], "dspike": [name for _, name in trains]}
    return _stack_trains(words, list(trains.values()))


def _stack_trains(words: Mapping[str, Sequence[str]], trains: Sequence[Train]) -> pd.DataFrame:
    parts = [(np.asarray(i, dtype=np.int64), np.asarray(t, dtype=float)) for i, t in trains]
    sizes = [len(neuron) for neuron, _ in parts]
    table: dict[str, Any] = {}
    for column, labels in words.items():
        categories = list(dict.fromkeys(labels))
        codes = np.repeat([categories.index(word) for word in labels], sizes).astype(int)
        table[column] = pd.Categorical.from_codes(codes, categories=_text_index(categories))
    table["neuron"] = np.concatenate([np.empty(0, np.int64), *(neuron for neuron, _ in parts)])
    table["t"] = np.concatenate([np.empty(0), *(t for _, t in parts)])
    return pd.DataFrame(table)


# --- one form for every table -------------------------------------------------------------------


def canonical_populations(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of populations with the columns and types of `Results`."""
    names = [str(x) for x in table["population"]]
    sign = table["sign"] if "sign" in table else np.zeros(len(names))
    return pd.DataFrame(
        {
            "population": pd.Series(names, dtype=object),
            "cell_type": pd.Series([str(x) for x in table["cell_type"]], dtype=object),
            "n": np.asarray(table["n"], dtype=np.int64),
            "sign": np.asarray(sign, dtype=np.int64),
        }
    )


def canonical_spikes(table: pd.DataFrame, populations: pd.DataFrame) -> pd.DataFrame:
    """Return spikes in order of time, population and neuron, with categories of all populations."""
    codes = _population_codes(table, populations)
    kinds = populations["cell_type"].tolist()
    cell_types = list(dict.fromkeys(kinds))
    kind_codes = np.array([cell_types.index(kind) for kind in kinds], dtype=int)[codes]
    columns = {
        "population": _population_categories(codes, populations),
        "cell_type": pd.Categorical.from_codes(kind_codes, categories=_text_index(cell_types)),
    }
    return _in_order(table, columns, [codes])


def canonical_dspikes(table: pd.DataFrame, populations: pd.DataFrame) -> pd.DataFrame:
    """Return dendritic spikes in order of time, population, dSpike and neuron."""
    codes = _population_codes(table, populations)
    labels = table["dspike"].astype(object)
    dspike = pd.Categorical(labels, categories=_text_index(sorted(str(x) for x in labels.unique())))
    columns = {"population": _population_categories(codes, populations), "dspike": dspike}
    return _in_order(table, columns, [np.asarray(dspike.codes), codes])


def canonical_weights(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table (pre, post, weight) of a projection, in the order given."""
    kinds = {"pre": np.int64, "post": np.int64, "weight": np.float64}
    return pd.DataFrame({name: np.asarray(table[name], dtype=kind) for name, kind in kinds.items()})


def json_ready(value: Any) -> Any:
    """Return JSON-ready data; what JSON does not know becomes text, and NaN becomes None."""
    if isinstance(value, Mapping):
        return {str(key): json_ready(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [json_ready(item) for item in value]
    if isinstance(value, Quantity):
        return str(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return json_ready(value.tolist())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if value is None or isinstance(value, (str, bool, int)) else str(value)


def _population_codes(table: pd.DataFrame, populations: pd.DataFrame) -> NDArray[np.int64]:
    """Return the row of the table of populations for each spike, and check the neurons."""
    names = populations["population"].tolist()
    codes = pd.Categorical(table["population"], categories=_text_index(names)).codes
    if (codes < 0).any():
        raise UnknownName("population", table["population"].iloc[int(np.argmin(codes))], names)
    neuron = table["neuron"].to_numpy()
    wrong = (neuron < 0) | (neuron >= populations["n"].to_numpy()[codes])
    if wrong.any():
        first = int(np.argmax(wrong))
        name, n = populations["population"][codes[first]], populations["n"][codes[first]]
        raise NetworkError(
            f"a spike is of neuron {neuron[first]} of population {name!r}: expected 0 to {n - 1}."
        )
    return np.asarray(codes, dtype=np.int64)


def _population_categories(codes: NDArray[np.int64], populations: pd.DataFrame) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, categories=_text_index(populations["population"]))


def _in_order(
    table: pd.DataFrame, columns: Mapping[str, pd.Categorical], ties: Sequence[Any]
) -> pd.DataFrame:
    neuron, t = table["neuron"].to_numpy(np.int64), table["t"].to_numpy(float)
    order = np.lexsort((neuron, *ties, t))
    data: dict[str, Any] = {**columns, "neuron": neuron, "t": t}
    return pd.DataFrame({name: values[order] for name, values in data.items()})


def _text_index(words: Iterable[str]) -> pd.Index[Any]:
    return pd.Index(list(words), dtype=object)  # the same in pandas 2 and 3
