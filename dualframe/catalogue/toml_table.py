"""Strict reading of one TOML table: every key is known, every number has unit and origin.

Every error is a `CatalogueError` that names file, table and key, what was expected, and the
remedy. Nothing that is read is evaluated.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any, NoReturn

from dualframe.catalogue.bibliography import PACKAGED, references, suggest_source
from dualframe.catalogue.sourced_value import STATUSES, Numbers, Origin, Sourced
from dualframe.core.errors import CatalogueError, QuantityError, suggest_name
from dualframe.core.parameter_table import AnyDimension, Dimensions, ParameterTable
from dualframe.core.quantity import quantity
from dualframe.core.shipped_files import KINDS, shipped_folder
from dualframe.core.text_files import read_text_file

ORIGIN = ("source", "status", "note", "error_is")
_DEEP_KEY = re.compile(r"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){64}")
INLINE = ("value", "source", "status", "note", "error", "error_is", "n")

#: Numbers of these names are greater than zero wherever they stand; others by their table.
POSITIVE = frozenset(
    {
        "r_in",
        "tau_m",
        "c_m",
        "rheobase",
        "C",
        "R",
        "decay",
        "rise",
        "length",
        "diameter",
        "cm",
        "gl",
        "r_axial",
        "EC50",
        "hill",
        "Ki",
        "Kd",
        "tau_on",
        "tau_off",
        "tau_rise",
        "tau_decay",
        "tau_fall",
        "tau",
        "slope",
        "clearance_tau",
        "reference_concentration",
        "Vmax",
        "Km",
        "IC50",
        "tau_fast",
        "tau_slow",
        "tau_K",
        "tau_hill",
        "release_total",
        "spike_width",
        "tauA",
        "tauw",
        "beta",
    }
)


@dataclass(frozen=True)
class Table:
    """A TOML table with its place in the file and the origin it inherits.

    Parameters
    ----------
    data
        The table as `tomllib` returns it.
    file, path
        File name, and the table's name in it ("" for the top level).
    references
        Keys that a source may name.
    source, status, error_is
        Inherited from the enclosing table, unless given in this one.
    """

    data: Mapping[str, Any]
    file: str
    path: str
    references: Collection[str]
    source: tuple[str, ...] = ()
    _: KW_ONLY
    status: str = ""
    error_is: str = ""

    @property
    def where(self) -> str:
        """File and table, as errors call them."""
        return f"{self.file}, table [{self.path}]" if self.path else self.file

    def fail(self, key: str, problem: str) -> NoReturn:
        """Raise the error of a key: where it stands, what is wrong, what to do."""
        raise CatalogueError(f"{self.where}, key {key!r}: {problem}")

    def only(self, *keys: str | Iterable[str]) -> None:
        """Refuse keys that are not in ``keys`` or the origin keys."""
        known = {*ORIGIN}
        for key in keys:
            known |= {key} if isinstance(key, str) else set(key)
        for key in self.data:
            if key not in known:
                self.fail(key, f"unknown key. {suggest_name(key, known)}")

    def text(self, key: str, default: str | None = None, choices: Collection[str] = ()) -> str:
        """Return a text; without ``default`` it is required."""
        value = self.data.get(key, default)
        if value is None:
            self.fail(key, f'missing. Add a text, like {key} = "{next(iter(choices), "...")}".')
        if not isinstance(value, str):
            self.fail(key, f"{value!r} is not a text. Put it in double quotes.")
        if choices and value not in choices:
            self.fail(key, f"unknown {key} {value!r}. {suggest_name(value, choices)}")
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return a list of texts; one text counts as a list of one."""
        value = self.data.get(key, default)
        value = [value] if isinstance(value, str) else value
        if value is None:
            self.fail(key, f'missing. Add a list of texts, like {key} = ["a", "b"].')
        if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
            self.fail(key, f'{value!r} is not a list of texts, like ["a", "b"].')
        return tuple(value)

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Return true or false."""
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            self.fail(key, f"expected true or false, not {value!r}.")
        return value

    def integer(self, key: str, choices: Collection[int]) -> int:
        """Return an integer out of ``choices``."""
        value = self.data.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value not in choices:
            self.fail(key, f"expected one of {sorted(choices)}, not {value!r}.")
        return value

    def child(self, key: str, label: str = "") -> Table | None:
        """Return the sub-table of a key, or None."""
        value = self.data.get(key)
        if value is None:
            return None
        return self._make_subtable(value, key, label or key)

    def need(self, key: str) -> Table:
        """Return the sub-table of a key, which must be there."""
        found = self.child(key)
        if found is None:
            self.fail(key, f"missing. Add a table [{self._path_of(key)}].")
        return found

    def children(self, key: str) -> list[Table]:
        """Return the tables of an array of tables, empty if there is none."""
        value = self.data.get(key, [])
        if not isinstance(value, list):
            self.fail(key, f"expected an array of tables. Write [[{self._path_of(key)}]].")
        return [self._make_subtable(item, key, f"{key}.{i}") for i, item in enumerate(value, 1)]

    def origin(self, required: bool = True) -> Origin:
        """Return the origin that stands on this table or is inherited."""
        source, status = self._source_and_status(self.data, "source")
        if required and not source:
            self.fail("source", 'missing. Add source = "key of references.bib".')
        if required and not status:
            self.fail("status", f"missing. Give one of {', '.join(STATUSES)}.")
        return Origin(source, status or "assumed", self.text("note", ""))

    def numbers(self, form: ParameterTable, where: str = "") -> Numbers:
        """Return the numbers of a form: all its required ones, and the optional ones given."""
        missing = [name for name in form.required if name not in self.data]
        if missing:
            self.fail(missing[0], f"missing. This table needs {', '.join(form.required)}.")
        found = (
            (name, self.number(name, kind, positive=name in form.positive))
            for name, kind in form.dimensions.items()
            if name in self.data
        )
        return Numbers(where or self.path, tuple(found), self.text("note", ""))

    def labelled_numbers(self, dimensions: Dimensions, where: str) -> tuple[str, Numbers]:
        """Return the label of a table that holds any numbers of some names, and these."""
        self.only("label", dimensions)
        return self.text("label"), self.numbers(ParameterTable({}, dimensions), where)

    def check_rising(self, numbers: Numbers, low: str, high: str) -> None:
        """Refuse numbers that stand in the wrong order, for example a threshold below rest."""
        if low in numbers and high in numbers and not numbers.value(low) < numbers.value(high):
            self.fail(high, f"{numbers[high].written} must be above {low}, {numbers[low].written}.")

    def number(
        self,
        key: str,
        kind: AnyDimension,
        *,
        positive: bool = False,
        words: Collection[str] = (),
        beside: Collection[str] = (),
    ) -> Sourced:
        """Return one number, written as a text or as an inline table with its own origin.

        Parameters
        ----------
        key, kind
            Where it stands, and its dimension.
        positive
            Whether it must be above zero.
        words
            Texts that may stand instead of a number.
        beside
            Further keys that its inline table may have.
        """
        entry = self.data.get(key)
        if entry is None:
            self.fail(key, "missing. Add a number with its unit.")
        inline = entry if isinstance(entry, Mapping) else {"value": entry}
        for name in inline:
            if name not in (*INLINE, *beside):
                self.fail(f"{key}.{name}", f"unknown key. {suggest_name(name, (*INLINE, *beside))}")
        if "value" not in inline:
            self.fail(key, 'has no value. Write { value = "...", source = "..." }.')
        source, status = self._source_and_status(inline, key)
        if not source:
            self.fail(
                key,
                'has no source. Give source = "key of references.bib" on the table '
                "or on the number.",
            )
        if not status:
            self.fail(key, f"has no status. Give one of {', '.join(STATUSES)}.")
        error = inline.get("error")
        value = inline["value"]
        if value not in words:
            value = self._read_quantity(value, kind, key, words)
        if (positive or key in POSITIVE) and float(value) <= 0:
            self.fail(key, f"{inline['value']!r} must be greater than zero.")
        error_is = inline.get("error_is", self.text("error_is", self.error_is))
        return Sourced(
            value=value,
            source=source,
            status=status,
            note=self._number_note(inline, key),
            written=str(inline["value"]),
            error=None if error is None else self._read_quantity(error, kind, f"{key}.error"),
            error_is="" if error is None else str(error_is),
            n=self._cell_count(inline, key),
        )

    def _read_quantity(
        self, value: Any, kind: AnyDimension, key: str, words: Collection[str] = ()
    ) -> Any:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            self.fail(key, f"{value!r} is not a number. Write it with its unit, like '10 ms'.")
        try:
            result = quantity(value, kind, f"{self.where}, key {key!r}")
        except QuantityError as error:
            instead = f" Or write {', '.join(map(repr, words))}." if words else ""
            raise CatalogueError(f"{error}{instead}") from error
        if not math.isfinite(float(result)):
            self.fail(key, f"{value!r} is not a finite number.")
        return result

    def _number_note(self, inline: Mapping[str, Any], key: str) -> str:
        note = inline.get("note", "")
        if not isinstance(note, str):
            self.fail(f"{key}.note", f"{note!r} is not a text. Put it in double quotes.")
        return note

    def _cell_count(self, inline: Mapping[str, Any], key: str) -> int | None:
        count = inline.get("n")
        if count is not None and (isinstance(count, bool) or not isinstance(count, int)):
            self.fail(f"{key}.n", f"expected a whole number of cells, not {count!r}.")
        return count

    def _source_and_status(self, entry: Mapping[str, Any], key: str) -> tuple[tuple[str, ...], str]:
        source = (
            self._read_sources(entry, key) or self._read_sources(self.data, "source") or self.source
        )
        status = entry.get("status", self.data.get("status", self.status))
        if status and status not in STATUSES:
            place = "status" if entry is self.data else f"{key}.status"
            self.fail(place, f"unknown status {status!r}. {suggest_name(status, STATUSES)}")
        return source or self.source, status

    def _read_sources(self, entry: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = entry.get("source", [])
        keys = [value] if isinstance(value, str) else value
        if not isinstance(keys, list) or not all(isinstance(k, str) for k in keys):
            self.fail(key, f"source {value!r} is not a key of references.bib, or a list of keys.")
        for name in keys:
            if name not in self.references:
                hint = suggest_source(name, self.references)
                self.fail(key, f"source {name!r} is not in references.bib. {hint}")
        return tuple(keys)

    def _make_subtable(self, value: Any, key: str, label: str) -> Table:
        if not isinstance(value, Mapping):
            self.fail(key, f"expected a table. Write [{self._path_of(key)}].")
        source, status = self._source_and_status(self.data, "source")
        error_is = self.text("error_is", self.error_is)
        return Table(
            data=value,
            file=self.file,
            path=self._path_of(label),
            references=self.references,
            source=source,
            status=status,
            error_is=error_is,
        )

    def _path_of(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def read_toml_table(path: Path) -> Table:
    """Return the top-level table of a TOML file.

    A ``references.bib`` beside it may add sources to the catalogue's.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    CatalogueError
        If the file cannot be read, or is not TOML.
    """
    return table_from(load_toml(path), path)


def table_from(data: Mapping[str, Any], path: Path) -> Table:
    """Return what a file holds as its top-level table.

    Parameters
    ----------
    data
        The content, as `load_toml` returns it.
    path
        Of the file; a ``references.bib`` beside it may add sources to those of the catalogue and of
        the circuits and tasks that ship.
    """
    sources = {key for file in bibliographies(path.parent) for key in references(file)}
    return Table(data, path.name, "", sources)


def bibliographies(folder: Path) -> list[Path]:
    """Return the files of references that a user's file may name: beside it first, then ours.

    Parameters
    ----------
    folder
        Of the user's file.
    """
    places = (folder, *(shipped_folder(kind) for kind in KINDS), PACKAGED.parent)
    return [file for file in (place / PACKAGED.name for place in places) if file.is_file()]


def load_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file; errors as `read_toml_table`."""
    text = read_text_file(path)
    if _DEEP_KEY.search(text):  # which tomllib takes minutes for
        raise CatalogueError(f"{path.name} has a key of more than 64 parts: remove levels.")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{path.name} is not valid TOML: {error}. {_remedy(error)}") from error
    except RecursionError as error:
        raise CatalogueError(
            f"{path.name} has lists or tables in one another that are too deep to be read: "
            "remove levels."
        ) from error
    except ValueError as error:  # of int(), above its number of digits
        raise CatalogueError(
            f"{path.name} has a number that is too long to be one: write it shorter."
        ) from error


def _remedy(error: tomllib.TOMLDecodeError) -> str:
    if "Cannot" in str(error):  # overwrite, declare twice, mutate: the key or table stands twice
        return "It stands twice: remove or rename one."
    return (
        'Write lines like name = "l23" below tables like [[populations]]; texts stand in double '
        'quotes, numbers with a unit too: delay = "1.5 ms".'
    )
