"""Heterogeneous populations of whole GLIF specimens: each neuron is one fitted cell.

A specimen's parameters belong together (each cell has its own pair of after-spike time constants),
so neurons draw specimens, never single parameters, and nothing is averaged.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from brian2.units.fundamentalunits import Quantity, get_dimensions

from dualframe.catalogue.allen_glif_files import read_glif
from dualframe.catalogue.point_neuron_set import PointNeuronSet
from dualframe.core.errors import CatalogueError
from dualframe.core.random_streams import named_stream
from dualframe.core.user_paths import expand_user
from dualframe.core.validation import check_count
from dualframe.network import Population
from dualframe.neurons import glif
from dualframe.neurons.point_neuron import PointNeuron


@dataclass(frozen=True)
class Specimens:
    """GLIF sets of one level with the same parameters, from which neurons are drawn whole.

    Parameters
    ----------
    sets
        The specimens.
    name
        Where they come from, as errors and ``net.meta`` call it.

    Raises
    ------
    CatalogueError
        If there is none, or they differ in level or in the number of after-spike currents.
    """

    sets: tuple[PointNeuronSet, ...]
    name: str = "specimens"

    def __post_init__(self) -> None:
        if not self.sets:
            raise CatalogueError(f"{self.name} holds no specimen.")
        _same(self, "level", [own.model for own in self.sets], "Choose one with level=.")
        currents = [sum(name.startswith("asc_amp") for name in own.numbers) for own in self.sets]
        _same(
            self, "number of after-spike currents", currents, "Keep those of one number together."
        )
        origins = ["file" if "t_cut" in own.numbers else "catalogue" for own in self.sets]
        _same(self, "origin", origins, "Keep those of files together.")

    def __len__(self) -> int:
        return len(self.sets)

    @property
    def level(self) -> int:
        """The GLIF level of all of them."""
        return _level_of(self.sets[0], self.name)

    def draw(self, n: int, seed: int = 0, key: str = "") -> tuple[int, ...]:
        """Return the index of the specimen of each of ``n`` neurons.

        Every specimen is taken once before any is taken twice; the order is random. ``key``
        (a population's name) makes draws of one ``seed`` differ between populations.
        """
        check_count(n, f"number of neurons drawn from {self.name}")
        rng = named_stream(seed, key)
        rounds = [rng.permutation(len(self)) for _ in range(-(-n // len(self)))]
        return tuple(int(i) for i in np.concatenate([*rounds, np.empty(0, int)])[:n])

    def parameters(self, chosen: Sequence[int]) -> dict[str, Any]:
        """Return the parameters as arrays with one value per neuron, for the specimens chosen."""
        values = {
            name: _stack([self.sets[i].numbers.value(name) for i in chosen])
            for name in self.sets[0].numbers
        }
        steps = [own.dt.value for own in self.sets if own.dt is not None]
        if "t_cut" in values:  # from files, which all say it
            values["dt_of_fit"] = _stack([steps[i] for i in chosen])
        return values


#: What a population's specimens can be given as.
Source: TypeAlias = "Specimens | PointNeuronSet | str | os.PathLike[str]"


@dataclass(frozen=True)
class Drawn:
    """Specimens, and how a population draws its neurons from them.

    Parameters
    ----------
    specimens
        The specimens.
    level
        A level to which they are reduced (1 from 3, 2 from 4), or None: theirs.
    seed, key
        Of the draw, see `Specimens.draw`.

    Raises
    ------
    CatalogueError
        If the specimens are not of a level from which ``level`` is derived.
    """

    specimens: Specimens
    level: int | None = None
    seed: int = 0
    key: str = ""

    def __post_init__(self) -> None:
        own, wanted = self.specimens.level, self.level
        if wanted is not None and own not in (wanted, glif.LEVELS[wanted].source):
            raise CatalogueError(
                f"{self.specimens.name} holds GLIF{own} specimens: GLIF{wanted} is not made from "
                f"them. Read files of GLIF{wanted}, or choose GLIF{own}."
            )

    @property
    def described(self) -> str:
        """What the population is made of, in one line."""
        own = self.specimens
        return f"GLIF{self.level or own.level}: {len(own)} specimens of {own.name}"

    def membrane(self, n: int) -> PointNeuron:
        """Return ``n`` neurons as one membrane, with a specimen's parameters each."""
        chosen = self.specimens.draw(n, self.seed, self.key)
        level = self.level or self.specimens.level
        return glif.glif_neuron(level, self.specimens.parameters(chosen))


def read_glif_folder(path: str | os.PathLike[str], *, level: int | str | None = None) -> Specimens:
    """Return the GLIF neurons of a folder of Allen ``neuron_config.json`` files.

    Parameters
    ----------
    path
        A folder; files in folders below it count too. Those with ``neuron_config`` in their names
        are read, or all ``.json`` files where no name has it.
    level
        Keep the specimens of one level (3, ``"glif3"``); needed where files of several lie there.

    Raises
    ------
    CatalogueError
        If there is no such folder or no such file in it, a file is malformed, the levels are
        mixed, or the specimens differ in the number of after-spike currents.
    UnknownName
        If ``level`` is no GLIF level.

    See Also
    --------
    dualframe.read_glif : one file.
    """
    folder = expand_user(path)
    if not folder.is_dir():
        raise CatalogueError(
            f"there is no folder {str(path)!r}. Check the path; one file is read with read_glif."
        )
    files = sorted(folder.rglob("*.json"))
    files = [file for file in files if "neuron_config" in file.name] or files
    if not files:
        raise CatalogueError(f"folder {folder.name!r} holds no .json file, nor do those below it.")
    found = [read_glif(file) for file in files]
    if level is not None:
        number = glif.glif_level(level)
        counted = dict(Counter(own.model for own in found))
        found = [own for own in found if own.model == f"GLIF{number}"]
        if not found:
            held = ", ".join(f"{form} ({count})" for form, count in counted.items())
            raise CatalogueError(f"folder {folder.name!r} holds no GLIF{number}, but {held}.")
    return Specimens(tuple(found), f"folder {folder.name!r}")


def as_specimens(source: Source) -> Specimens:
    """Return specimens from a folder, a file, one set, or specimens."""
    if isinstance(source, Specimens):
        return source
    if isinstance(source, PointNeuronSet):
        return Specimens((source,), source.label)
    if expand_user(source).is_dir():
        return read_glif_folder(source)
    own = read_glif(source)
    return Specimens((own,), own.label)


def from_glif(
    source: Source,
    n: int,
    *,
    name: str = "cells",
    seed: int = 0,
    level: int | str | None = None,
    equations: str = "",
    currents: Iterable[str] = (),
    parameters: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    cell_type: str = "",
    sign: int | None = None,
) -> Population:
    """Make a population of ``n`` neurons out of GLIF specimens, for a network by hand.

    Parameters
    ----------
    source
        From `dualframe.read_glif` or `dualframe.read_glif_folder`, a set of the catalogue
        (``df.cell("ctx_pv").point_neuron_set("GLIF3")``), or a path of either kind.
    n
        Number of neurons. Each specimen is taken once before any is taken twice.
    name
        Name of the population.
    seed
        Of the draw; the same seed, name and folder give the same neurons.
    level
        A level to which the specimens are reduced (1 from 3, 2 from 4).
    equations, currents
        Further Brian2 text, for example of synapses, and the names of the currents (amp, positive
        inward) in it that enter the membrane. ``I_ext`` is there always.
    parameters, initial
        Constants and initial values that the text needs, or that replace a specimen's.
    cell_type, sign
        See `dualframe.network.Population`.

    Raises
    ------
    CatalogueError
        If a file is malformed, or the level is not made from these specimens.
    NetworkError
        If a count, name or shape cannot be what was asked for.
    """
    number = None if level is None else glif.glif_level(level)
    neuron = Drawn(as_specimens(source), number, seed, name).membrane(n)
    total = neuron.input_equation(["I_ext", *currents])
    return Population(
        name=name,
        n=n,
        equations=f"{neuron.equations}\n{total}\nI_ext : amp\n{equations}",
        threshold=neuron.threshold,
        reset=neuron.reset,
        refractory=neuron.refractory,
        parameters={**neuron.parameters, **(parameters or {})},
        initial={**neuron.initial, **(initial or {})},
        cell_type=cell_type,
        sign=sign,
        voltage=neuron.voltage,
    )


def _level_of(stored: PointNeuronSet, owner: str) -> int:
    if stored.model not in {model.name for model in glif.GLIF_MODELS}:
        raise CatalogueError(f"{owner}: {stored.model} is no GLIF level 1 to 5.")
    return glif.glif_level(stored.model)


def _same(owner: Specimens, label: str, values: Sequence[Any], remedy: str) -> None:
    counted = Counter(values)
    if len(counted) > 1:
        odd = counted.most_common()[-1][0]
        example = owner.sets[list(values).index(odd)].label
        held = ", ".join(f"{value} ({count})" for value, count in counted.most_common())
        raise CatalogueError(
            f"{owner.name}: the specimens differ in {label}: {held}, for example {example!r} has "
            f"{odd}. {remedy}"
        )


def _stack(values: Sequence[Any]) -> Any:
    return Quantity(np.array([float(np.asarray(v)) for v in values]), dim=get_dimensions(values[0]))
