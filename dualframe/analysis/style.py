"""How figures look: one colour per cell type, readable from the last row of a lecture hall.

The colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), told apart by all common
kinds of colour vision, with two of Tol's muted scheme and four more for the types that share a
circuit with many others, chosen as far from the rest as those are from each other (CIELAB, under
deuteranopia, protanopia and trichromacy; the tests repeat the calculation).

Related types of different regions share a hue: pyramidal cells are vermilion, parvalbumin cells
blue, somatostatin cells green, VIP and CCK cells purple.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

P = ParamSpec("P")
R = TypeVar("R")

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"
INDIGO, WINE, PINE, SAND, BROWN, RUST = (
    "#332288",
    "#882255",
    "#005A44",
    "#C4B764",
    "#5C1F00",
    "#9B4E3B",
)
GREY = "#5A5A5A"

CELL_COLOURS: Mapping[str, str] = {
    "ctx_l23_pyr": VERMILION,
    "ctx_l4_exc": ORANGE,
    "ctx_l5_et": BROWN,
    "ctx_l5_it": SAND,
    "ctx_l5_np": RUST,
    "ctx_l6_pyr": WINE,
    "ctx_pv": BLUE,
    "ctx_sst": GREEN,
    "ctx_vip": PURPLE,
    "ctx_ndnf_ngf": SKY,
    "ctx_chandelier": INDIGO,
    "ca1_pyr": VERMILION,
    "ca1_pv_basket": BLUE,
    "ca1_olm": GREEN,
    "ca1_cck_basket": PURPLE,
    "ca1_bistratified": PINE,
    "ca1_axoaxonic": INDIGO,
    "ca1_ngf": SKY,
    "ca3_pyr": BROWN,
    "ca3_pv_basket": BLUE,
    "ca3_cck_basket": PURPLE,
    "dg_granule": ORANGE,
    "dg_basket": BLUE,
    "dg_mossy": WINE,
    "str_d1_msn": WINE,
    "str_d2_msn": PINE,
    "str_fsi": BLUE,
    "str_tan": ORANGE,
    "thal_tc": ORANGE,
    "thal_trn": INDIGO,
    "mid_da": WINE,
    "cb_granule": ORANGE,
    "cb_golgi": GREEN,
    "cb_purkinje": INDIGO,
    "cb_mli": SKY,
    "insect_kc": VERMILION,
}
_OTHERS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, INDIGO, WINE, PINE, BROWN, SAND, RUST)

STYLE: Mapping[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same figure everywhere
    "font.size": 13,
    "axes.titlesize": 14,
    "axes.labelsize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 1.0,
    "axes.edgecolor": "#303030",
    "axes.labelcolor": "#202020",
    "text.color": "#202020",
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "xtick.color": "#303030",
    "ytick.color": "#303030",
    "legend.frameon": False,
    "legend.fontsize": 12,
    "lines.linewidth": 1.5,
    "hatch.linewidth": 0.6,
    "lines.solid_capstyle": "round",
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.06,
}

# Text that stays text, so that a figure can be edited after it was saved.
SAVING: Mapping[str, Any] = {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "none"}


def house_style(function: Callable[P, R]) -> Callable[P, R]:
    """Run a drawing function in the house style and leave the user's settings alone.

    Axes of the user's (``ax=``) are drawn into with the user's settings.
    """

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with matplotlib_settings(STYLE if kwargs.get("ax") is None else {}):
            return function(*args, **kwargs)

    return wrapper


def matplotlib_settings(rc: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Use matplotlib settings for a while."""
    options: Any = dict(rc)  # matplotlib's annotation lists the keys of one version
    return mpl.rc_context(options)


def new_figure(width: float, height: float) -> Figure:
    """Return a figure of a size in inches; no pyplot, hence no window and no global state."""
    return Figure(figsize=(width, height), dpi=150, layout="constrained", facecolor="white")


def cell_type_colours(cell_types: Iterable[str]) -> dict[str, str]:
    """Return one colour per cell type.

    A type of the catalogue has its colour always. Another name has a colour that follows from
    the name, moved on only if another type in the same call has it already.
    """
    names = list(dict.fromkeys(cell_types))
    chosen = {name: CELL_COLOURS[name] for name in names if name in CELL_COLOURS}
    for name in names:
        if name in chosen:
            continue
        first = zlib.crc32(name.encode()) % len(_OTHERS)
        ordered = _OTHERS[first:] + _OTHERS[:first]
        free = [colour for colour in ordered if colour not in chosen.values()]
        chosen[name] = free[0] if free else ordered[0]
    return chosen


def tinted_colour(colour: str, strength: float) -> str:
    """Mix a colour with white: 1 is the colour, 0 is white."""
    red, green, blue = (1 - strength * (1 - x) for x in to_rgb(colour))
    return to_hex((red, green, blue))


def readable_colour(colour: str) -> str:
    """Return the colour, darkened until text in it is readable on white (WCAG contrast 4.5)."""
    red, green, blue = to_rgb(colour)
    while _contrast_with_white(red, green, blue) < 4.5:
        red, green, blue = 0.95 * red, 0.95 * green, 0.95 * blue
    return to_hex((red, green, blue))


def _contrast_with_white(*rgb: float) -> float:
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in rgb]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)
