"""What an exported program recorded of a run, against which its files are held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dualframe.core.errors import OutputError
from dualframe.targets.cpp.exported_results import OF_PARAMETERS, OF_SPIKES, RUN_RECORD
from dualframe.targets.cpp.external_values import EXPORT, LAYOUT, PARAMETERS


@dataclass(frozen=True)
class ProgramRecord:
    """What a program read and wrote.

    Attributes
    ----------
    path
        The file.
    export
        Checksum of the export; "" where the program has none.
    parameters
        Texts by name, as they were read at start.
    spikes
        Their number by population.
    """

    path: Path
    export: str
    parameters: Mapping[str, str]
    spikes: Mapping[str, int]

    def check_spikes(self, population: str, path: Path, count: int) -> None:
        """Refuse a file of spikes that is not as the program wrote it.

        Parameters
        ----------
        population
            Whose spikes they are.
        path
            The file.
        count
            How many it holds.

        Raises
        ------
        OutputError
            If the program wrote more or fewer.
        """
        written = self.spikes.get(population)
        if written != count:
            raise OutputError(
                f"{str(path)!r} holds {count} spikes, and the run wrote {written} of "
                f"{population!r}: it was changed since, or is of another run. Run ./main again."
            )

    def differences(self, folder: Path) -> Iterator[str]:
        """Yield sentences about what was changed in the export since the run.

        Parameters
        ----------
        folder
            Of the export.
        """
        place = str(self.path.parent)
        if self.export != read_texts(folder / LAYOUT).get(EXPORT, ""):
            yield (
                f"{place!r} holds results of another export than {str(folder)!r} is now: run "
                f"`make && ./main` again."
            )
            return
        now = read_texts(folder / PARAMETERS)
        changed = [name for name, text in self.parameters.items() if now.get(name) != text]
        if changed:
            name = changed[0]
            others = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
            yield (
                f"{place!r} was computed with {name} = {self.parameters[name]}{others}, and "
                f"{PARAMETERS} has {now.get(name, 'none')} now: run ./main again for results of "
                f"these."
            )


def read_program_record(place: Path) -> ProgramRecord:
    """Return what an exported program recorded of a run.

    Parameters
    ----------
    place
        The folder of its results.

    Raises
    ------
    OutputError
        If the file is missing or damaged.
    """
    path = place / RUN_RECORD
    if not path.is_file():
        raise OutputError(f"{str(path)!r} is missing: run ./main again.")
    texts = read_texts(path)
    return ProgramRecord(
        path,
        texts.get(EXPORT, ""),
        _beginning_with(OF_PARAMETERS, texts),
        {name: int(count) for name, count in _beginning_with(OF_SPIKES, texts).items()},
    )


def _beginning_with(prefix: str, texts: Mapping[str, str]) -> dict[str, str]:
    return {n.removeprefix(prefix): text for n, text in texts.items() if n.startswith(prefix)}


def read_texts(path: Path) -> dict[str, str]:
    """Return the values of a file as a program reads it: lines ``name = value  # comment``.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    ValueError
        If a line is another one.
    """
    lines = (line.partition("#")[0] for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.split("=", 1) for line in lines if line.strip())
    return {name.strip(): text.strip() for name, text in pairs}
