"""`dualframe list` and `show`: they print pages that are kept, or make them."""

from __future__ import annotations

import argparse

from dualframe.cli.kept_pages import find_page
from dualframe.cli.printed_tables import PrintedTable
from dualframe.cli.screen import print_page, screen_width
from dualframe.core.shipped_files import SUFFIX


def list_command(options: argparse.Namespace) -> int:
    """Print a table of the catalogue."""
    page = find_page("list", options.kind, keep=options.kind != "targets")
    if options.json:
        print(page["json"])
        return 0
    table = PrintedTable(page["columns"], page["numeric"])
    # the table of systems has lines below it, and is as wide as it is
    below = page["below"]
    print(table.align_columns() if below else table.fit_columns(screen_width()), *below, sep="\n")
    return 0


def show_command(options: argparse.Namespace) -> int:
    """Print an entry of the catalogue, or a circuit, with every number and its source."""
    page = find_page("show", options.name, keep=not options.name.endswith(SUFFIX))
    print_page(page["text"])
    return 0
