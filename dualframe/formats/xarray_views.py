"""Traces as `xarray.Dataset`: labelled by neuron and time, sharing the memory of the results."""

from __future__ import annotations

from typing import Any

from dualframe.core.errors import UnknownName
from dualframe.core.validation import expect_type
from dualframe.formats.optional_packages import import_optional
from dualframe.results.results import Results


def to_xarray(results: Results, population: str) -> Any:
    """Return the recorded variables of a population as an `xarray.Dataset`.

    Parameters
    ----------
    results
        Of a run.
    population
        Whose trace it is; or a projection, whose weights were followed.

    Returns
    -------
    xarray.Dataset
        A variable for each recorded one, with dimensions ``neuron`` and ``time`` (s) and its unit
        under ``units``. Nothing is copied; the arrays are read-only.

    Raises
    ------
    DualframeError
        If ``xarray`` is not installed.
    UnknownName
        If nothing of the population was recorded.
    """
    expect_type(results, Results, "results", "Results, as df.run returns them")
    xarray = import_optional("xarray", "xarray")
    if population not in results.traces:
        raise UnknownName("trace", population, list(results.traces))
    trace = results.traces[population]
    variables = {
        name: (("neuron", "time"), values, {"units": trace.units[name]})
        for name, values in trace.values.items()
    }
    coordinates = {"neuron": trace.neurons, "time": ("time", trace.t, {"units": "s"})}
    return xarray.Dataset(variables, coordinates, {"population": population})
