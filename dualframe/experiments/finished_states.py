"""States of finished runs in a file, so that an interrupted comparison can go on.

A run is known by a digest of its network, seed, times and target: after any change of the circuit
or its calibration it is made again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from dualframe.core.atomic_files import atomic_replacement
from dualframe.core.errors import OutputError
from dualframe.core.serialisation import digest_of
from dualframe.core.user_paths import expand_user
from dualframe.network import Network

KEY = "run"
COLUMNS = (KEY, "population", "cell_type", "n", "rate_Hz", "cv_isi", "correlation")

_TEXTS = COLUMNS[:3]


class FinishedStates:
    """States by run, in memory and, if there is a path, in a CSV file.

    Parameters
    ----------
    path
        The file, written after every run; None for memory alone.
    tables
        States by key of a run.
    """

    def __init__(self, path: Path | None, tables: dict[str, pd.DataFrame]) -> None:
        self.path, self._tables = path, tables

    @classmethod
    def read(cls, path: str | Path | None) -> FinishedStates:
        """Return the states of a file, or none if there is no file yet.

        Parameters
        ----------
        path
            The file, or None.

        Raises
        ------
        OutputError
            If it is no table of finished states, or its folder does not exist.
        """
        if path is None:
            return cls(None, {})
        file = expand_user(path)
        if not file.parent.is_dir():
            raise OutputError(f"{file.parent} is no folder: make it first.")
        if not file.exists():
            return cls(file, {})
        runs = _read_table(file).groupby(KEY, sort=False)
        return cls(file, {str(run_key): table for run_key, table in runs})

    def of(self, run_key: str) -> pd.DataFrame | None:
        """Return the states of a run, None if it was not made."""
        table = self._tables.get(run_key)
        return None if table is None else table.drop(columns=KEY).reset_index(drop=True)

    def add(self, run_key: str, table: pd.DataFrame) -> None:
        """Add the states of a run, and write the file.

        Parameters
        ----------
        run_key
            From `key_of`.
        table
            Of `dualframe.analysis.network_state.population_states`.
        """
        if self.path is None:
            return
        self._tables[run_key] = table.assign(**{KEY: run_key})[list(COLUMNS)]
        with atomic_replacement(self.path) as draft:
            pd.concat(self._tables.values()).to_csv(draft, index=False)

    @staticmethod
    def key_of(network: Network, seed: int, length: Any, begin: Any, target: str) -> str:
        """Return the key of a run.

        Parameters
        ----------
        network, seed, target
            As in `dualframe.run`.
        length, begin
            Simulated time, and where the window of the statistics begins.
        """
        return digest_of([network.digest, seed, float(length), float(begin), target])[:16]


def _read_table(file: Path) -> pd.DataFrame:
    try:
        # the default parser is not exact to the last digit
        table = pd.read_csv(
            file,
            float_precision="round_trip",
            dtype=dict.fromkeys(_TEXTS, object),
            keep_default_na=False,  # a population may be called NA
            na_values={name: [""] for name in COLUMNS if name not in _TEXTS},
        )
    except (OSError, ValueError) as problem:
        raise OutputError(f"{file} is no table of finished states: {problem}.") from problem
    if tuple(table.columns) != COLUMNS:
        raise OutputError(
            f"{file} is no table of finished states (columns {', '.join(COLUMNS)}): name another."
        )
    return table
