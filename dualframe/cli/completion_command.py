"""`dualframe completion`: a script with which a shell completes commands, options and names.

The names of what ships are written into the script, so that a TAB starts no Python.
"""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any

from dualframe.cli.arguments import command_line_parser
from dualframe.cli.catalogue_pages import KINDS
from dualframe.core.errors import DualframeError
from dualframe.core.shipped_files import SUFFIX
from dualframe.neurons.registry import NEURON_MODELS, model_families

LIBRARY = "shtab"
MODELS = (*model_families(), *(name.casefold() for name in NEURON_MODELS))
SHOWN_KINDS = tuple(kind for kind in KINDS if kind != "system")  # whose names are phrases
CHOICES_SHOWN = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Candidates:
    """What an argument may be.

    Parameters
    ----------
    label
        Of the argument, for the shell's function.
    kinds
        Kinds of the catalogue whose names it may be.
    words
        Other words that it may be.
    takes_files
        Whether it may also be a TOML file.
    """

    label: str
    kinds: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    takes_files: bool = False

    def list_words(self) -> tuple[str, ...]:
        """Return the words, sorted, those of the catalogue's kinds included."""
        names = (name for kind in self.kinds for name in KINDS[kind][0]())
        return tuple(sorted({*self.words, *names}))

    def complete_files(self) -> dict[str, Any]:
        """Return what completes words, TOML files and folders, by shell, as `shtab` takes it."""
        function = f"_dualframe_file_or_{self.label}"
        words = " ".join(self.list_words())
        bash = (
            f'{function}() {{\n  compgen -W {shlex.quote(words)} -- "$1"\n'
            f'  compgen -f -X \'!*{SUFFIX}\' -- "$1"\n  compgen -d -- "$1"\n}}'
        )
        zsh = (
            f"{function}() {{\n  _alternative {shlex.quote(f'names:{self.label}:({words})')} \\\n"
            f"    'files:file:_files -g \"*{SUFFIX}\"'\n}}"
        )
        return {
            "bash": function,
            "zsh": function,
            "tcsh": f"({words})",
            "preamble": {"bash": bash, "zsh": zsh},
        }


#: By the name of the argument, or by the command and it where commands differ.
CANDIDATES: Mapping[str, Candidates] = MappingProxyType(
    {
        "circuit": Candidates("circuit", ("circuit",), takes_files=True),
        "calibrate circuit": Candidates("network", ("circuit", "task"), takes_files=True),
        "task": Candidates("task", ("task",), takes_files=True),
        "cell": Candidates("cell", ("cell type",), takes_files=True),
        "show name": Candidates("entry", SHOWN_KINDS, takes_files=True),
        "copy_of": Candidates("copy", ("circuit", "cell type", "receptor", "task")),
        "modulate": Candidates("modulator", ("modulator",)),
        "train modulate": Candidates("modulator", ("modulator",), ("none",)),
        "receptor": Candidates("receptor", ("receptor",)),
        "knockout": Candidates("receptor", ("receptor",)),
        "drug": Candidates("drug", ("drug",), ("agonist", "antagonist", "knockout")),
        "model": Candidates("model", words=MODELS),
        "calibrate model": Candidates("model", words=(*MODELS, "biological", "task_driven")),
    }
)


def completion_command(options: argparse.Namespace) -> int:
    """Print a script with which a shell completes commands, options, names and files."""
    print(completion_script(options.shell))
    return 0


def completion_script(shell: str) -> str:
    """Return the script of a shell.

    Parameters
    ----------
    shell
        ``"bash"``, ``"zsh"`` or ``"tcsh"``.

    Raises
    ------
    DualframeError
        If the library that writes it is not installed.
    """
    try:
        library = import_module(LIBRARY)
    except ImportError as problem:
        raise DualframeError(f"{LIBRARY!r} is not installed: pip install {LIBRARY}") from problem
    parser = command_line_parser()
    for command, action in command_actions(parser):
        _complete_argument(command, action, library)
    script: str = library.complete(parser, shell)
    return script


def command_actions(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.Action]]:
    """Yield the arguments and options of each command, with its name.

    Parameters
    ----------
    parser
        Of the command line.
    """
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command, subparser in action.choices.items():
                yield from ((command, each) for each in _arguments_of(subparser))


def _arguments_of(subparser: argparse.ArgumentParser) -> Iterable[argparse.Action]:
    return (each for each in subparser._actions if not isinstance(each, argparse._HelpAction))


def _complete_argument(command: str, action: Any, library: Any) -> None:
    """Note on an argument what completes it, where that is known."""
    shown = CHOICES_SHOWN.fullmatch(str(action.metavar))
    candidates = CANDIDATES.get(f"{command} {action.dest}", CANDIDATES.get(action.dest))
    if shown:
        action.choices = shown[1].split(",")
    elif candidates is not None and candidates.takes_files:
        action.complete = candidates.complete_files()
    elif candidates is not None:
        action.choices = candidates.list_words()
    elif action.metavar == "DIR":
        action.complete = library.DIRECTORY
    elif action.metavar in ("FILE", "MANIFEST"):
        action.complete = library.FILE
