"""What an exported program tells its user, and how the files of its results are named.

=============================  =====================================================================
spikes_POPULATION.bin          12 bytes for each spike: neuron (int32), time in s (float64)
trace_POPULATION.VARIABLE.bin  recorded variables, a row for each time; ``.t`` are the times
dspikes_POPULATION.STEP.bin    the time step of the last dendritic spike, likewise
weights_SYNAPSES.w.bin         weights at the end, of what learns and of what is recorded; ``.pre``
                               and ``.post`` are the neurons of each synapse (int32)
state_POPULATION.VARIABLE.bin  state variables at the end
run_record.txt                 the export that the files belong to, its parameters as they were
                               read, and the number of spikes of each population
=============================  =====================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dualframe.targets.cpp.external_values import EXPORT
from dualframe.targets.cpp.result_files import ResultFiles

RUN_RECORD = "run_record.txt"
OF_PARAMETERS, OF_SPIKES = "parameter.", "spikes."  # its names begin so

# in a terminal one line that changes, else a line for each tenth
SHOWN_PROGRESS = """static const bool in_terminal = isatty(2);
        static const double total = dualframe::duration("duration");
        static int said = 0;
        const int reached = total > 0 ? (int)(100*now/total) : 0;
        if (reached >= said + (in_terminal ? 1 : 10)) {
            said = in_terminal ? reached : reached - reached % 10;
            length = snprintf(line, 256, in_terminal ? "\\r%d %% of %g s " : "%d %% of %g s\\n",
                              said, total);
        }"""


def plain_files(files: ResultFiles) -> dict[str, str]:
    """Return the plain name of each results file, by the name that Brian2 gives.

    Parameters
    ----------
    files
        What results are read from; the two files of spikes become one.
    """
    return {stock: name for name, stocks in _named_files(files) for stock in stocks}


def _named_files(files: ResultFiles) -> Iterator[tuple[str, tuple[str, ...]]]:
    for population, columns in files.spikes.items():
        yield spikes_file(population), (columns["i"][0], columns["t"][0])
    for name, kinds in files.traces.items():
        for kind, columns in kinds.items():
            for variable, (stock, _) in columns.items():
                yield trace_file(kind, name, variable), (stock,)
    for synapses, columns in files.weights.items():
        for column, (stock, _) in columns.items():
            yield weights_file(synapses, column), (stock,)
    for population, columns in files.states.items():
        for variable, (stock, _) in columns.items():
            yield f"state_{population}.{variable}.bin", (stock,)


def spikes_file(population: str) -> str:
    """Return the name of the file of a population's spikes."""
    return f"spikes_{population}.bin"


def weights_file(synapses: str, column: str) -> str:
    """Return the name of a file of weights: their column ``w``, ``pre`` or ``post``."""
    return f"weights_{synapses}.{column}.bin"


def trace_file(kind: str, name: str, variable: str) -> str:
    """Return the name of the file of a recorded variable.

    Parameters
    ----------
    kind
        ``"trace"``, or ``"dspikes"`` for dendritic spikes.
    name
        Population or projection.
    variable
        As the monitor calls it, or ``"t"``.
    """
    return f"{kind}_{name}.{variable}.bin"


def name_plainly(
    results: Iterable[Mapping[str, Any]], plain: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the files of results with their plain names; two of one name hold spikes together.

    Parameters
    ----------
    results
        As `LiteralFreeDevice` describes them.
    plain
        Plain name by Brian2's; another file keeps its name.
    """
    files: dict[str, dict[str, Any]] = {}
    for result in results:
        name = plain.get(result["file"], result["file"])
        first = files.get(name)
        files[name] = {**result, "file": name} if first is None else _joined(first, result)
    return list(files.values())


def _joined(neuron: Mapping[str, Any], time: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **neuron,
        "array": neuron["array"].removesuffix("_i"),
        "cpp_name": f"{neuron['cpp_name']}, {time['cpp_name']}",
        "dtype": f"{neuron['dtype']}, {time['dtype']}",
        "layout": "spikes",
    }


def closing_code(assembled: Any, device: Any) -> dict[str, str]:
    """Return C++ that says and records what was simulated, by its place in the program.

    Parameters
    ----------
    assembled
        The Brian2 objects.
    device
        Brian2's device, which names the arrays.
    """
    counts = {
        population: f"brian::{device.get_array_name(monitor.variables['t'], False)}.size()"
        for population, monitor in assembled.spikes.items()
    }
    lines = "".join(
        f'run_record += "{OF_SPIKES}{population} = " + std::to_string({count}) + "\\n";\n'
        for population, count in counts.items()
    )
    in_all = " + ".join(["0L", *(f"(long){count}" for count in counts.values())])
    return {
        "after_start": "std::string run_record = "
        f'dualframe::layout().line("{EXPORT}") '
        f'+ dualframe::parameters().lines("{OF_PARAMETERS}");',
        "before_end": f"{lines}const long spikes_in_all = {in_all};\n"
        "const double simulated_s = brian::_array_defaultclock_t[0];",
        "after_end": f'dualframe::write_bytes(brian::results_dir, "{RUN_RECORD}", '
        "run_record.data(), run_record.size(), 1);\n"
        'std::printf("%s%g s simulated in %.3g s, %ld spikes; results in %s\\n", '
        'isatty(2) ? "\\r" : "", simulated_s, Network::_last_run_time, spikes_in_all, '
        "brian::results_dir.c_str());",
    }
