"""Tables of populations, spikes and weights, in one form so that equal results compare equal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
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
    return _population_frame(tuple((p.name, p.cell_type, p.n, p.sign or 0) for p in populations))


def spike_table(populations: pd.DataFrame, trains: Mapping[str, Train]) -> pd.DataFrame:
    """Return the table of spikes from neurons and times (seconds) by population."""
    names = populations["population"].tolist()
    for name in trains:
        if name not in names:
            raise UnknownName("population", name, names)
    neuron, t, sizes = _stack_trains(list(trains.values()))
    codes = np.repeat(np.array([names.index(name) for name in trains], dtype=np.int64), sizes)
    return _spike_frame(codes, neuron, t, populations)


def dspike_table(trains: Mapping[tuple[str, str], Train]) -> pd.DataFrame:
    """Return the table of dendritic spikes from neurons and times by (population, dSpike)."""
    if not trains:
        return _no_dspikes(()).copy()
    neuron, t, sizes = _stack_trains(list(trains.values()))
    table: dict[str, Any] = {}
    for place, column in enumerate(("population", "dspike")):
        labels = [words[place] for words in trains]
        categories = list(dict.fromkeys(labels))
        codes = np.repeat([categories.index(word) for word in labels], sizes).astype(int)
        table[column] = _categorical(codes, categories)
    return pd.DataFrame({**table, "neuron": neuron, "t": t})


def weight_table(pre: ArrayLike, post: ArrayLike, weight: ArrayLike) -> pd.DataFrame:
    """Return the table (pre, post, weight) of a projection."""
    ends = {"pre": np.asarray(pre, dtype=np.int64), "post": np.asarray(post, dtype=np.int64)}
    return pd.DataFrame({**ends, "weight": np.asarray(weight, dtype=np.float64)})


def _stack_trains(trains: Sequence[Train]) -> tuple[NDArray[np.int64], NDArray[np.float64], Any]:
    """Return the neurons and times of all trains, one behind the other, and the trains' sizes."""
    neurons = [np.asarray(i, dtype=np.int64) for i, _ in trains]
    times = [np.asarray(t, dtype=float) for _, t in trains]
    return (
        np.concatenate([np.empty(0, np.int64), *neurons]),
        np.concatenate([np.empty(0), *times]),
        [len(neuron) for neuron in neurons],
    )


# --- one form for every table -------------------------------------------------------------------


def canonical_populations(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of populations with the columns and types of `Results`."""
    sign = table["sign"] if "sign" in table else [0] * len(table)
    rows = zip(table["population"], table["cell_type"], table["n"], sign, strict=True)
    return _population_frame(tuple((str(p), str(c), int(n), int(s)) for p, c, n, s in rows))


def _population_frame(rows: tuple[tuple[str, str, int, int], ...]) -> pd.DataFrame:
    return _remembered_populations(rows).copy()


@lru_cache(maxsize=64)  # a sweep runs the same populations again and again
def _remembered_populations(rows: tuple[tuple[str, str, int, int], ...]) -> pd.DataFrame:
    names, cell_types, n, sign = zip(*rows, strict=True) if rows else ((), (), (), ())
    return pd.DataFrame(
        {
            "population": pd.Series(list(names), dtype=object),
            "cell_type": pd.Series(list(cell_types), dtype=object),
            "n": np.array(n, dtype=np.int64),
            "sign": np.array(sign, dtype=np.int64),
        }
    )


def canonical_spikes(table: pd.DataFrame, populations: pd.DataFrame) -> pd.DataFrame:
    """Return spikes in order of time, population and neuron, with categories of all populations."""
    codes = _population_codes(table, populations)
    return _spike_frame(codes, _neurons_in(table), _times_in(table), populations)


def canonical_dspikes(table: pd.DataFrame, populations: pd.DataFrame) -> pd.DataFrame:
    """Return dendritic spikes in order of time, population, dSpike and neuron."""
    if table.empty:
        return _no_dspikes(tuple(populations["population"])).copy()
    labels = table["dspike"].astype(object)
    names = sorted(str(x) for x in labels.unique())
    dspikes = np.asarray(pd.Categorical(labels, categories=_text_index(names)).codes)
    codes = _population_codes(table, populations)
    neuron, t = _neurons_in(table), _times_in(table)
    order = _order_of(t, codes, dspikes, neuron)
    words = {
        "population": _categorical(codes[order], populations["population"]),
        "dspike": _categorical(dspikes[order], names),
    }
    return pd.DataFrame({**words, "neuron": neuron[order], "t": t[order]})


@lru_cache(maxsize=64)
def _no_dspikes(populations: tuple[str, ...]) -> pd.DataFrame:
    none = np.empty(0, dtype=np.int64)
    words = {"population": _categorical(none, populations), "dspike": _categorical(none, ())}
    return pd.DataFrame({**words, "neuron": none, "t": np.empty(0)})


def _spike_frame(
    codes: NDArray[np.int64],
    neuron: NDArray[np.int64],
    t: NDArray[np.float64],
    populations: pd.DataFrame,
) -> pd.DataFrame:
    """Return spikes in order, from the row of each one's population, its neuron and its time."""
    kinds = populations["cell_type"].tolist()
    cell_types = list(dict.fromkeys(kinds))
    kind_of = np.array([cell_types.index(kind) for kind in kinds], dtype=np.int64)
    order = _order_of(t, codes, neuron)
    codes = codes[order]
    return pd.DataFrame(
        {
            "population": _categorical(codes, populations["population"]),
            "cell_type": _categorical(kind_of[codes], cell_types),
            "neuron": neuron[order],
            "t": t[order],
        }
    )


def canonical_weights(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table (pre, post, weight) of a projection, in the order given."""
    return weight_table(table["pre"], table["post"], table["weight"])


def json_ready(value: Any) -> Any:
    """Return JSON-ready data; what JSON does not know becomes text, and NaN becomes None."""
    if type(value) in (str, bool, int, type(None)):
        return value
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
    return value if isinstance(value, (str, int)) else str(value)


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


def _order_of(*keys: NDArray[Any]) -> Any:
    """Return what sorts by the first key, then by the next; all as it is, where it is in order."""
    tied = np.ones(max(len(keys[0]) - 1, 0), dtype=bool)
    for key in keys:
        if (tied & (key[1:] < key[:-1])).any():
            return np.lexsort(keys[::-1])
        tied &= key[1:] == key[:-1]
    return slice(None)


def _neurons_in(table: pd.DataFrame) -> NDArray[np.int64]:
    return table["neuron"].to_numpy(np.int64)


def _times_in(table: pd.DataFrame) -> NDArray[np.float64]:
    return table["t"].to_numpy(float)


def _categorical(codes: NDArray[Any], categories: Iterable[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, dtype=_text_categories(tuple(categories)))


@lru_cache(maxsize=256)
def _text_categories(words: tuple[str, ...]) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(_text_index(words))


def _text_index(words: Iterable[str]) -> pd.Index[Any]:
    return pd.Index(list(words), dtype=object)  # the same in pandas 2 and 3
