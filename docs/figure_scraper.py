"""Figures for the gallery: dualframe's are plain matplotlib figures, which pyplot does not know.

Sphinx-gallery looks for pyplot's figures only. This collects every `Figure` that a script leaves
in a variable, alone or in a dictionary, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from weakref import WeakSet

from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst

_shown: WeakSet[Figure] = WeakSet()


def figures(variables: Mapping[str, Any]) -> Iterator[Figure]:
    for value in list(variables.values()):
        for item in value.values() if isinstance(value, dict) else [value]:
            if isinstance(item, Figure) and item not in _shown:
                yield item


def scrape(block: Any, block_vars: Mapping[str, Any], gallery_conf: Mapping[str, Any]) -> str:
    paths = []
    for figure in figures(block_vars["example_globals"]):
        paths.append(next(block_vars["image_path_iterator"]))
        figure.savefig(paths[-1], format="png")
        _shown.add(figure)
    return str(figure_rst(paths, gallery_conf["src_dir"]))


def _get_sg_image_scraper() -> Callable[..., str]:
    return scrape
