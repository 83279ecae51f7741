"""Write the reference of the command line from its parser: ``docs/catalogue/commands.md``.

Run by ``conf.py`` before each build.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from dualframe.cli.arguments import command_line_parser
from dualframe.cli.command_list import COMMANDS

HEAD = """\
# Command line

What `dualframe COMMAND --help` prints. Most commands take `--json`, for the same facts as data.
"""


def write_commands(folder: Path) -> None:
    """Write the page."""
    parsers = command_parsers()
    parts = [HEAD]
    for name in COMMANDS:
        text = parsers[name].format_help().rstrip()
        parts += [f"\n## dualframe {name}\n", "```text", text, "```"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "commands.md").write_text("\n".join(parts) + "\n", encoding="utf-8")


def command_parsers() -> dict[str, argparse.ArgumentParser]:
    """Return the parsers of the commands by name."""
    actions = command_line_parser()._actions
    [commands] = [action for action in actions if isinstance(action, argparse._SubParsersAction)]
    return dict(commands.choices)
