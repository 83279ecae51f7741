"""A C++ standalone device whose sources hold none of the numbers that data decide.

Brian2's ``cpp_standalone`` writes array lengths, the run's duration, the seed and every parameter
that is set to one number into the source, so that another seed or parameter would mean another
compilation. The device here gives names to such numbers before the source is written: entries of
the device's queue receive a C++ name instead of a value, and arrays whose length depends on the
data have a name for their size while Brian2's templates are rendered. The programs read the values
from two text files (`values.h`): ``parameters.txt``, which a user may edit, and ``layout.txt`` with
lengths and internal state.

An entry of the queue that is not of the expected form keeps its number: the source then differs
for other data and is compiled again, never wrong.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import brian2
import numpy as np
from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

from dualframe.core.atomic_files import write_text_atomically
from dualframe.targets.cpp.checked_reads import read_call
from dualframe.targets.cpp.draws_before_loops import draw_before_loop
from dualframe.targets.cpp.exported_results import name_plainly
from dualframe.targets.cpp.external_values import (
    CONTENTS,
    FIRST_REPLICA,
    HEADER,
    LAYOUT,
    PARAMETERS,
    ExternalValues,
    layout_text,
    values_text,
)
from dualframe.targets.cpp.initial_arrays import (
    files_read_in_place,
    pairs_of_synapses,
    read_in_place,
)
from dualframe.targets.cpp.network_source import end_at_interrupt, take_time_at_end
from dualframe.targets.cpp.objects_source import (
    UnknownTemplate,
    derive_objects_header,
    derive_objects_source,
)
from dualframe.targets.cpp.random_functions import HEADERS as RANDOM_NUMBERS
from dualframe.targets.cpp.random_functions import StreamCodeObject
from dualframe.targets.cpp.synaptic_decays import decays_in_blocks
from dualframe.targets.cpp.synaptic_pathways import loop_over_runs, pathway_classes
from dualframe.targets.cpp.vector_functions import HEADER as FUNCTIONS

# Arrays of a fixed size that holds the number of synapses or of recorded members
_DATA_DRIVEN = frozenset({"sources", "targets", "_indices"})
_STATE = frozenset(
    {
        *("lastspike", "not_refractory", "N", "sources", "targets"),
        *("neuron_index", "spike_time", "spike_number", "period"),
    }
)
_BOOKKEEPING = frozenset(
    {
        *("lastspike", "not_refractory", "lastupdate"),
        *("N", "N_incoming", "N_outgoing", "spike_number"),
    }
)
_NUMERIC = frozenset({"double", "float", "int32_t", "int64_t"})
_EXACT = 2**53  # every whole number up to here is a double
# 2.6 brought the results folder, the end at an interrupt and arguments of programs together
_BEFORE_2_6 = not hasattr(CPPStandaloneDevice, "apply_run_args")


class LiteralFreeDevice(CPPStandaloneDevice):  # type: ignore[misc]
    """Brian2's C++ standalone device, writing names for the numbers that vary with the data."""

    external: ExternalValues
    contents: dict[str, list[dict[str, Any]]]
    read_back: frozenset[str] | None = None  # the results files to write; None for every array
    plain_files: Mapping[str, str] = MappingProxyType({})  # results files that are named otherwise
    replicas, first_replica = 1, 0  # copies of a network: how many, and which is the first

    def code_object_class(self, codeobj_class: Any = None, fallback_pref: Any = None) -> Any:
        """Return the class of code objects: the one whose random numbers are streams."""
        stock = super().code_object_class(codeobj_class, fallback_pref)
        return StreamCodeObject if stock is CPPStandaloneCodeObject else stock

    def generate_objects_source(self, writer: Any, *arguments: Any) -> None:
        """Write ``objects.cpp`` and ``objects.h`` with named lengths and checked files."""
        self.external, self.contents = ExternalValues(), {}
        try:
            objects = self._derive_objects(*arguments)
        except UnknownTemplate as error:
            self.external = ExternalValues()
            warnings.warn(
                f"Brian2 {brian2.__version__} writes C++ in another form than dualframe knows "
                f"({error}): the program is compiled again for other data.",
                RuntimeWarning,
                stacklevel=2,
            )
            super().generate_objects_source(writer, *arguments)
        else:
            self.contents = {"data": self._data_files(), "results": self._result_files()}
            writer.write("objects.*", objects)

    def _derive_objects(
        self, arange_arrays: Any, synapses: Any, static_arrays: Any, *others: Any
    ) -> SimpleNamespace:
        in_place = files_read_in_place(self)
        named = [
            (name, kind, self.external.name_length(name, size), file)
            for name, kind, size, file in static_arrays
            if name not in in_place
        ]
        with self._named_sizes(initialised=True):
            generate = super().generate_objects_source
            stock = _rendered_contents(generate, arange_arrays, synapses, named, *others)
            reads = [
                read_call(name, name, size, self._filled_by(name)) for name, _, size, _ in named
            ]
            return SimpleNamespace(
                cpp_file=derive_objects_source(
                    stock.cpp_file, self.external, reads, self._result_files()
                ),
                h_file=derive_objects_header(stock.h_file, self.external),
            )

    def generate_main_source(self, writer: Any) -> None:
        """Write ``main.cpp``, which reads the named values before anything else."""
        queue, slot = list(self.main_queue), self.code_lines["before_start"]
        lines = list(slot)
        try:
            ordered = self._in_order_of_clocks(queue)
            if self.contents:
                ordered = list(read_in_place(self, ordered))
            self.main_queue[:] = map(self._name_numbers, ordered)
            first = self._name_first_replica()
            slot += self.external.declarations
            slot += [
                f"dualframe::seed_streams({seed!r}L, {first});"
                for function, seed in self.main_queue
                if function == "seed" and seed is not None
            ]
            slot += ["brian::results_dir = dualframe::results_folder(argc, argv);"]
            slot += ["std::signal(SIGINT, dualframe::stop);"] if _BEFORE_2_6 else []
            source = _rendered_contents(super().generate_main_source)
        finally:
            self.main_queue[:], slot[:] = queue, lines
        headers = "".join(f'#include "{name}"\n' for name in (HEADER, RANDOM_NUMBERS[0], FUNCTIONS))
        writer.write("main.cpp", f"{headers}{source}")

    def generate_codeobj_source(self, writer: Any) -> None:
        """Write the code objects with names of lengths, loops over runs, and draws before loops."""
        threads = brian2.prefs["devices.cpp_standalone.openmp_threads"]

        def write(name: str, source: str) -> None:
            if not threads:
                source = draw_before_loop(decays_in_blocks(loop_over_runs(source)))
            writer.write(name, source)

        with self._named_sizes() if self.contents else nullcontext():
            super().generate_codeobj_source(SimpleNamespace(write=write))

    def generate_synapses_classes_source(self, writer: Any) -> None:
        """Write the pathways of synapses; those for several threads are Brian2's."""
        if brian2.prefs["devices.cpp_standalone.openmp_threads"]:
            super().generate_synapses_classes_source(writer)
        else:
            writer.write("synapses_classes.*", pathway_classes())

    def generate_network_source(self, writer: Any, compiler: Any) -> None:
        """Write ``network.cpp`` so that an interrupt ends a run with its results, from 2.5 on."""
        stock = _rendered_contents(super().generate_network_source, compiler)
        source = end_at_interrupt(stock.cpp_file) if _BEFORE_2_6 else stock.cpp_file
        rewritten = take_time_at_end(source)
        writer.write("network.*", SimpleNamespace(cpp_file=rewritten, h_file=stock.h_file))

    def copy_source_files(self, writer: Any, directory: str) -> None:
        """Add the values, and the header that reads them, to the project."""
        super().copy_source_files(writer, directory)
        for header in (HEADER, *RANDOM_NUMBERS, FUNCTIONS):
            writer.write(header, files("dualframe.targets.cpp").joinpath(header).read_text("utf-8"))
        folder = Path(directory)
        write_text_atomically(folder / PARAMETERS, values_text(self.external.parameters))
        write_text_atomically(folder / LAYOUT, layout_text(self.external.layout))
        if self.contents:
            write_text_atomically(folder / CONTENTS, json.dumps(self.contents))

    # --- lengths ---------------------------------------------------------------------------------

    @contextmanager
    def _named_sizes(self, initialised: bool = False) -> Iterator[None]:
        """Let the arrays whose sizes are data have names for sizes, while source is rendered."""
        sizes = {
            variable: self.external.name_length(array, variable.size)
            for variable, array in self.arrays.items()
            if self._has_size_of_data(variable, array)
        }
        if initialised:
            sizes |= {
                variable: self.external.name_length(f"{array}_size", variable.size)
                for variable, array, *_ in (*self.zero_arrays, *self.arange_arrays)
                if variable in self.dynamic_arrays and variable.size > 1
            }
        before = {variable: variable.size for variable in sizes}
        try:
            for variable, name in sizes.items():
                variable.size = name
            yield
        finally:
            for variable, size in before.items():
                variable.size = size

    def _has_size_of_data(self, variable: Any, array: str) -> bool:
        if variable in self.dynamic_arrays or variable.name not in _DATA_DRIVEN:
            return False
        data = self.static_arrays.get(f"_static_array_{array}")
        return data is not None and data.size == variable.size

    # --- numbers of the queue --------------------------------------------------------------------

    def _in_order_of_clocks(self, queue: list[Any]) -> list[Any]:
        """Return a queue with the clocks' starts by name: Brian2 takes them from a set."""
        arrays = {self.arrays[c.variables[name]] for c in self.clocks for name in ("timestep", "t")}
        places = [
            k
            for k, (function, arguments) in enumerate(queue)
            if function == "set_by_single_value" and arguments[0] in arrays
        ]
        ordered = list(queue)
        for k, entry in zip(places, sorted((queue[k] for k in places), key=str), strict=True):
            ordered[k] = entry
        return ordered

    def _name_numbers(self, entry: tuple[str, Any]) -> tuple[str, Any]:
        function, arguments = entry
        name = _NAMED_ENTRIES.get(function)
        return entry if name is None else (function, name(self, arguments))

    def _name_value(self, array: str, index: Any, value: Any, text: str) -> Any:
        """Return the name of a number that an array, or one element of it, is set to."""
        variable = self.variable_of(array)
        if variable is None or c_data_type(variable.dtype) not in _NUMERIC or not _is_exact(text):
            return value
        name = array.removeprefix("_dynamic").removeprefix("_array_")
        name = name if index in (0, None) else f"{name}_at_{index}"
        kind = c_data_type(variable.dtype)
        if self._is_internal(variable, array):
            return self.external.add_state(name, text, kind)
        if variable.name == "delay":
            return self.external.add_time(name, text, "delay")
        return self.external.add_parameter(name, text, kind)

    def variable_of(self, array: str) -> Any:
        """Return the variable whose values a C++ array holds, or None.

        Parameters
        ----------
        array
            Its name.
        """
        tables = (self.arrays, self.dynamic_arrays)
        named = (variable for table in tables for variable, name in table.items() if name == array)
        return next(named, None)

    def _filled_by(self, file: str) -> Any:
        """Return the variable whose values a data file holds, or None."""
        return self.variable_of(file.removeprefix("_static_array_"))

    def _is_internal(self, variable: Any, array: str) -> bool:
        """Whether a variable is Brian2's own: of a clock, private, or state of the simulator."""
        of_clock = any(array.startswith(f"_array_{clock.name}_") for clock in self.clocks)
        return of_clock or variable.name.startswith("_") or variable.name in _STATE

    def _name_first_replica(self) -> str:
        if not self.contents:
            return str(self.first_replica)
        return self.external.add_state(FIRST_REPLICA, str(self.first_replica), "int")

    # --- files -----------------------------------------------------------------------------------

    def _data_files(self) -> list[dict[str, Any]]:
        return [
            {"file": name, "array": _bare_name(name), "dtype": str(values.dtype)}
            for name, values in sorted(self.static_arrays.items())
        ]

    def _result_files(self) -> list[dict[str, Any]]:
        dynamic = self.dynamic_arrays | self.dynamic_arrays_2d
        left_out = pairs_of_synapses(self)
        fixed = {
            v: name for v, name in self.arrays.items() if v not in dynamic and name not in left_out
        }
        tables = {"array": fixed, "vector": self.dynamic_arrays, "rows": self.dynamic_arrays_2d}
        results = (
            self._result_file(variable, name, layout)
            for layout, table in tables.items()
            for variable, name in sorted(table.items(), key=lambda item: item[1])
        )
        chosen = [r for r in results if self.read_back is None or r["file"] in self.read_back]
        return name_plainly(chosen, self.plain_files)

    def _result_file(self, variable: Any, name: str, layout: str) -> dict[str, Any]:
        return {
            "file": Path(self.get_array_filename(variable)).name,
            "array": _bare_name(name),
            "cpp_name": name,
            "dtype": str(np.dtype(variable.dtype)),
            "layout": layout,
            "size": None if layout != "array" else _printable_size(variable.size),
            "bookkeeping": variable.name.startswith("_") or variable.name in _BOOKKEEPING,
        }


def _name_constant(device: LiteralFreeDevice, arguments: Any) -> Any:
    array, value, is_dynamic = arguments
    return array, device._name_value(array, None, value, repr(value)), is_dynamic


def _name_element(device: LiteralFreeDevice, arguments: Any) -> Any:
    array, index, value = arguments
    return array, index, device._name_value(array, index, value, str(value).replace(" ", ""))


def _name_new_size(device: LiteralFreeDevice, arguments: Any) -> Any:
    array, size = arguments
    if not isinstance(size, (int, np.integer)):
        return arguments
    return array, device.external.add_new_length(array, int(size))


def _name_seed(device: LiteralFreeDevice, seed: Any) -> Any:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 10**18:
        return seed
    return device.external.add_seed(int(seed))


def _name_duration(device: LiteralFreeDevice, arguments: Any) -> Any:
    network, lines = arguments
    return network, [_name_run(device, f"{network.name}.run(", line) for line in lines]


def _name_run(device: LiteralFreeDevice, call: str, line: str) -> str:
    numbers = line.removeprefix(call).removesuffix(");").split(", ")
    if not (line.startswith(call) and len(numbers) == 3):
        return line
    duration, report, period = (text.strip() for text in numbers)
    if not (_is_exact(duration) and _is_exact(period)):
        return line
    length = device.external.add_time("duration", duration, "duration")
    every = device.external.add_state("report_period", period, "double")
    return f"{call}{length}, {report}, {every});"


_NAMED_ENTRIES: MappingProxyType[str, Callable[[LiteralFreeDevice, Any], Any]] = MappingProxyType(
    {
        "set_by_constant": _name_constant,
        "set_by_single_value": _name_element,
        "resize_array": _name_new_size,
        "seed": _name_seed,
        "run_network": _name_duration,
    }
)


def _is_exact(text: str) -> bool:
    """Whether a text is a finite number that a double holds."""
    try:
        number = float(text)
    except ValueError:
        return False
    return math.isfinite(number) and (abs(number) < _EXACT or "." in text or "e" in text)


def _printable_size(size: Any) -> Any:
    return size if isinstance(size, str) else int(size)


def _bare_name(array: str) -> str:
    for prefix in ("_static_array_", "_dynamic", "_array_"):
        array = array.removeprefix(prefix)
    return array


def _rendered_contents(generate: Callable[..., None], *arguments: Any) -> Any:
    """Return what a method of the device would write."""
    contents: list[Any] = []
    writer = SimpleNamespace(write=lambda _, content: contents.append(content))
    generate(writer, *arguments)
    return contents[0]
