"""Numbers out of generated C++: literals become values that the program reads at start.

Brian2 writes array lengths, the run's duration, the seed and every parameter that is set to a
single number into the source, so that another seed or parameter would mean another compilation.
The functions here replace such literals by named values, which `values.h` reads from two text
files: ``parameters.txt`` (what a user may edit) and ``layout.txt`` (lengths and internal state).

A literal is replaced only where the statement itself says whose value it is. A statement that is
not recognised keeps its literal: the source then differs and is compiled again, never wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

NUMBER = r"-? ?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_LENGTH = re.compile(r"^const int _num_(\w+) = (\d+);", re.MULTILINE)
_POINTER = re.compile(r"^\s*(\w+) ?\* ?(_array_\w+);", re.MULTILINE)
_VECTOR = re.compile(r"^\s*std::vector<(\w+)> (_dynamic_array_\w+);", re.MULTILINE)
_CLOCK = re.compile(r"^\s*Clock (\w+);", re.MULTILINE)
# Lengths that vary with the seed although no neuron count does.
_DATA_DRIVEN = ("_sources", "_targets", "__indices")
_INTERNAL = (
    *("_lastspike", "_not_refractory", "_period", "_N", "_sources", "_targets"),
    *("_neuron_index", "_spike_time", "_spike_number"),
)
_EXACT = 2**53  # every whole number up to here is a double


@dataclass
class Values:
    """Named values of one program, in the order in which the program mentions them."""

    parameters: dict[str, str] = field(default_factory=dict)
    layout: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    clocks: tuple[str, ...] = ()

    def parameter(self, name: str, value: str) -> str:
        """Add an editable value and return its unique name."""
        return self._add(self.parameters, name, value)

    def internal(self, name: str, value: str) -> str:
        """Add a length or other internal value and return its unique name."""
        return self._add(self.layout, name, value)

    def _add(self, table: dict[str, str], name: str, value: str) -> str:
        # Numbered by occurrence, never by value: the source must not depend on the values.
        taken = self.parameters.keys() | self.layout.keys()
        unique, count = name, 1
        while unique in taken:
            count += 1
            unique = f"{name}_{count}"
        table[unique] = value.replace(" ", "")
        return unique


def lift_objects(source: str, values: Values) -> str:
    """Replace the lengths in ``objects.cpp``, its file reading and its file writing."""
    lengths = {match[1]: int(match[2]) for match in _LENGTH.finditer(source)}
    values.types = {m[2]: m[1] for p in (_POINTER, _VECTOR) for m in p.finditer(source)}
    values.clocks = tuple(_CLOCK.findall(source))
    values.lengths = {name: n for name, n in lengths.items() if _is_data(name, n, lengths)}
    source = _lift_definitions(source, values)
    source = _lift_allocations(source, values)
    source = _lift_dynamic(source, values)
    return _simplify_files(source, values)


def lift_main(source: str, values: Values) -> str:
    """Replace assigned numbers, the seed, the duration and sizes in ``main.cpp``."""
    declared: list[str] = []
    source = _lift_assignments(source, values, declared)
    source = _lift_resizes(source, values, declared)
    source = _lift_seed(source, values, declared)
    source = _lift_run(source, values, declared)
    block = "\n".join(declared)
    return f"namespace lifted {{\n{block}\n}}\n{source}" if declared else source


def lift_code_object(source: str, values: Values) -> str:
    """Replace the lengths of connection and recording indices in one code object."""
    pointers = re.findall(r"= (_array_\w+);", source)
    for key in ("sources", "targets", "_indices"):
        owners = {name for name in pointers if name.endswith(f"_{key}")}
        if len(owners) == 1:
            source = _lift_constant(source, key, owners.pop(), values)
    return source


def _is_data(name: str, n: int, lengths: dict[str, int]) -> bool:
    if name.startswith("_static_array_"):
        return True
    return name.endswith(_DATA_DRIVEN) and lengths.get(f"_static_array_{name}") == n


def _lift_definitions(source: str, values: Values) -> str:
    def read(match: re.Match[str]) -> str:
        if match[1] not in values.lengths:
            return match[0]
        name = values.internal(match[1], match[2])
        return f'const int _num_{match[1]} = dualframe::length("{name}");'

    return _LENGTH.sub(read, source)


def _lift_allocations(source: str, values: Values) -> str:
    def count(match: re.Match[str]) -> str:
        name, n = match["name"], int(match["n"])
        if values.lengths.get(name) != n:
            return match[0]
        return match[0].replace(match["literal"], match["literal"].replace(str(n), f"_num_{name}"))

    for pattern in (
        r"(?P<name>\w+) = new \w+(?P<literal>\[(?P<n>\d+)\]);",
        r"for\(int i=0; (?P<literal>i<(?P<n>\d+);) i\+\+\) (?P<name>\w+)\[i\] = ",
        r"reinterpret_cast<char\*>\((?P<name>\w+)\)(?P<literal>, (?P<n>\d+)\*)sizeof",
    ):
        source = re.sub(pattern, count, source)
    return source


def _lift_dynamic(source: str, values: Values) -> str:
    """Arrays that ``objects.cpp`` itself resizes, for example the bins of input spikes."""
    sized: dict[str, str] = {}

    def resize(match: re.Match[str]) -> str:
        if int(match[2]) < 2:  # a monitor's array, empty at start
            return match[0]
        sized[match[1]] = match[2]
        name = values.internal(f"{match[1]}_size", match[2])
        return f'{match[1]}.resize(dualframe::length("{name}"));'

    def loop(match: re.Match[str]) -> str:
        if sized.get(match[2]) != match[1]:
            return match[0]
        return f"for(int i=0; i<(int){match[2]}.size(); i++) {match[2]}[i] = "

    source = re.sub(r"(_dynamic_array_\w+)\.resize\((\d+)\);", resize, source)
    return re.sub(r"for\(int i=0; i<(\d+); i\+\+\) (_dynamic_array_\w+)\[i\] = ", loop, source)


def _simplify_files(source: str, values: Values) -> str:
    """Reading and writing through `values.h`: checked lengths, and a third of the build time."""
    source = source.replace('.open("results/', '.open(results_dir + "')
    for pattern, call in _FILES:
        source = pattern.sub(call, source)
    return source


def _block(text: str) -> re.Pattern[str]:
    """Compile a C++ block in which NAME, FILE and COUNT stand for what varies."""
    pattern = re.escape(text).replace(r"\ ", r"\s*").replace("NAME", r"\1")
    pattern = pattern.replace(r"\1", r"(\w+)", 1)
    pattern = pattern.replace("FILE", r'([^"]+)').replace("COUNT", r"(\w+)").replace("ANY", r"\w+")
    return re.compile(pattern)


_FILES = (
    (
        _block(
            'ifstream fNAME; fNAME.open("static_arrays/FILE", ios::in | ios::binary); '
            "if(fNAME.is_open()) { fNAME.read(reinterpret_cast<char*>(NAME), COUNT*sizeof(ANY)); "
            '} else { std::cout << "Error opening static array NAME." << endl; }'
        ),
        r'dualframe::read_array("static_arrays/\2", \1, \3);',
    ),
    (
        _block(
            'ofstream outfile_NAME; outfile_NAME.open(results_dir + "FILE", ios::binary | '
            "ios::out); if(outfile_NAME.is_open()) { outfile_NAME.write(reinterpret_cast<char*>("
            "NAME), COUNT*sizeof(NAME[0])); outfile_NAME.close(); } else { std::cout << "
            '"Error writing output file for NAME." << endl; }'
        ),
        r'dualframe::write_array(results_dir, "\2", \1, \3);',
    ),
    (
        _block(
            'ofstream outfile_NAME; outfile_NAME.open(results_dir + "FILE", ios::binary | '
            "ios::out); if(outfile_NAME.is_open()) { if (! NAME.empty() ) { outfile_NAME.write("
            "reinterpret_cast<char*>(&NAME[0]), NAME.size()*sizeof(NAME[0])); "
            "outfile_NAME.close(); } } else { std::cout << "
            '"Error writing output file for NAME." << endl; }'
        ),
        r'dualframe::write_vector(results_dir, "\2", \1);',
    ),
    (
        _block(
            'ofstream outfile_NAME; outfile_NAME.open(results_dir + "FILE", ios::binary | '
            "ios::out); if(outfile_NAME.is_open()) { for (int n=0; n<NAME.n; n++) { if (! NAME(n)"
            ".empty()) { outfile_NAME.write(reinterpret_cast<char*>(&NAME(n, 0)), "
            "NAME.m*sizeof(NAME(0, 0))); } } outfile_NAME.close(); } else { std::cout << "
            '"Error writing output file for NAME." << endl; }'
        ),
        r'dualframe::write_rows(results_dir, "\2", \1);',
    ),
)


def _lift_assignments(source: str, values: Values, declared: list[str]) -> str:
    def read(match: re.Match[str]) -> str:
        indent, array, index, literal = match.groups()
        kind = values.types.get(array, "")
        if kind not in ("double", "float", "int32_t", "int64_t") or not _is_exact(literal):
            return match[0]
        name = _declare(_value_name(array, index), literal, kind, values, declared, array)
        return f"{indent}{array}[{index}] = lifted::{name};"

    pattern = rf"^(\s*)(_(?:dynamic_)?array_\w+)\[(\w+)\] = ({NUMBER});"
    return re.sub(pattern, read, source, flags=re.MULTILINE)


def _declare(
    name: str, literal: str, kind: str, values: Values, declared: list[str], array: str
) -> str:
    internal = _is_internal(array, values)
    unique = (values.internal if internal else values.parameter)(name, literal)
    reader = "internal" if internal else "parameter"
    declared.append(f'const {kind} {unique} = ({kind})dualframe::{reader}("{unique}");')
    return unique


def _value_name(array: str, index: str) -> str:
    name = re.sub(r"^_(dynamic_)?array_", "", array)
    return name if index in ("0", "i") else f"{name}_at_{index}"


def _is_internal(array: str, values: Values) -> bool:
    """Whether an array is Brian2's own: clocks, private variables, the refractory state."""
    clock = any(array.startswith(f"_array_{name}_") for name in values.clocks)
    private = re.search(r"array_\w+?__\w", array) is not None
    return clock or private or array.endswith(_INTERNAL)


def _is_exact(literal: str) -> bool:
    return abs(float(literal.replace(" ", ""))) < _EXACT or "." in literal or "e" in literal


def _lift_resizes(source: str, values: Values, declared: list[str]) -> str:
    def read(match: re.Match[str]) -> str:
        name = values.internal(f"{match[1]}_size", match[2])
        declared.append(f'const int {name} = dualframe::length("{name}");')
        return f"{match[1]}.resize(lifted::{name});"

    return re.sub(r"(_dynamic_array_\w+)\.resize\((\d+)\);", read, source)


def _lift_seed(source: str, values: Values, declared: list[str]) -> str:
    def read(match: re.Match[str]) -> str:
        name = values.parameter("seed", match[2])
        declared.append(f'const long {name} = dualframe::seed("{name}");')
        return f"{match[1]}lifted::{name} + _i"

    return re.sub(r"(\.seed\(|rk_seed\()(\d{1,18})L \+ _i", read, source)


def _lift_run(source: str, values: Values, declared: list[str]) -> str:
    def read(match: re.Match[str]) -> str:
        duration = values.parameter("duration", match[2])
        period = values.internal("report_period", match[4])
        declared.append(
            f'const double {duration} = dualframe::parameter("{duration}");\n'
            f'const double {period} = dualframe::internal("{period}");'
        )
        return f"{match[1]}.run(lifted::{duration}, {match[3]}, lifted::{period});"

    return re.sub(rf"\b(\w+)\.run\(({NUMBER}), (\w+), ({NUMBER})\);", read, source)


def _lift_constant(source: str, key: str, array: str, values: Values) -> str:
    def read(match: re.Match[str]) -> str:
        known = values.lengths.get(array) == int(match[2])
        return f"{match[1]} = _num_{array};" if known else match[0]

    return re.sub(rf"(const size_t _num{key}) = (\d+);", read, source)
