"""Writes the pages of all that ships: ``python -m dualframe.cli.shipped_pages``.

The file, `dualframe.cli.kept_pages.SHIPPED`, is no part of the repository: it belongs to one state
of the sources, and another takes no notice of it.
"""

from __future__ import annotations

import json

from dualframe.cli.catalogue_pages import KINDS, LISTS
from dualframe.cli.kept_pages import SHIPPED, content_stamp, digest_of_page, make_page
from dualframe.core.atomic_files import write_text_atomically


def write_pages() -> None:
    """Write every page of `list` and `show` that is the same on every machine."""
    calls = [("list", kind) for kind in LISTS if kind != "targets"]
    calls += [("show", name) for names, _ in KINDS.values() for name in names()]
    pages = {f"{command} {name}": make_page(command, name) for command, name in calls}
    digests = {words: digest_of_page(page) for words, page in pages.items()}
    content = {"stamp": content_stamp(), "pages": pages, "digests": digests}
    write_text_atomically(SHIPPED, json.dumps(content, indent=0))


if __name__ == "__main__":
    write_pages()
