"""Sphinx configuration. Nothing is fetched: the build works without a network."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from agreement_pages import write_agreement  # noqa: E402
from catalogue_figures import write_figures  # noqa: E402
from catalogue_pages import write_pages  # noqa: E402
from command_pages import write_commands  # noqa: E402
from gallery_pages import write_gallery  # noqa: E402
from pair_pages import write_pairs  # noqa: E402
from system_pages import write_systems  # noqa: E402

project = "dualframe"
author = "The dualframe developers"
copyright = author
version = release = metadata.version("dualframe")

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"dualframe {version}"
html_static_path = ["_static"]
html_css_files = ["tables.css"]

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's sections name the types where they matter
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3

write_figures()
write_pages(HERE / "catalogue")
write_pairs(HERE / "catalogue")
write_agreement(HERE / "catalogue")
write_systems(HERE / "catalogue")
write_commands(HERE / "catalogue")
write_gallery(HERE / "gallery")
