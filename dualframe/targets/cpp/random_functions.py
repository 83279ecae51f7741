"""Random numbers of C++ programs: `random_streams.h` behind ``rand``, ``randn`` and ``poisson``.

Brian2's programs draw everything from one Mersenne Twister, so that an object more changes what all
others draw. Here each object has a stream of its own, which the seed and the object's name decide;
where copies of a network (agents) lie side by side, each copy has one, so that it draws the same
whatever the number of the others.
What Brian2 writes for its own devices is as it was: the functions here belong to a class of code
objects that only `LiteralFreeDevice` uses.
"""

from __future__ import annotations

from typing import Any

from brian2 import NeuronGroup, get_device, prefs
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject

HEADERS = ("random_streams.h", "poisson_counts.h")
_INCLUDE = {"headers": [f'"{HEADERS[-1]}"']}


class StreamCodeObject(CPPStandaloneCodeObject):  # type: ignore[misc]
    """A code object of C++ standalone whose random numbers come from its owner's stream."""

    class_name = "cpp_standalone_streams"  # Brian2 joins the names where it lacks a function's code


def _threads() -> int:
    return max(1, int(prefs["devices.cpp_standalone.openmp_threads"]))


def _this_thread() -> str:
    return "omp_get_thread_num()" if prefs["devices.cpp_standalone.openmp_threads"] else "0"


def _uniform_code(owner: Any) -> dict[str, str]:
    return {"support_code": _stream_code(owner, "rand")}


def _normal_code(owner: Any) -> dict[str, str]:
    return {"support_code": _stream_code(owner, "randn")}


def _stream_code(owner: Any, function: str) -> str:
    threads, replicas = _threads(), _replicas_of(owner)
    streams = f"_streams_of_{function}"
    declared = f"""
    static dualframe::RandomStream* const {streams} =
        dualframe::streams_of("{owner.name}", {threads}, {replicas});
    inline const double* _{function}_of_all(
        dualframe::NumbersOfNeurons& numbers, const size_t neurons) {{
        return numbers.drawn({streams}, {replicas}, neurons,
            [](dualframe::RandomStream& stream, double* values, int count) {{
                stream.{function}(values, count); }});
    }}
    """
    if replicas == 1:
        return f"""{declared}
    inline double _{function}(const int _neuron) {{
        return {streams}[{_this_thread()}].{function}();
    }}
    """
    size = len(owner) // replicas
    selected = ", ".join(f"{{{streams} + {k * replicas}, {size}}}" for k in range(threads))
    return f"""{declared}
    static dualframe::StreamOfNeuron _stream_of_{function}[] = {{{selected}}};
    inline double _{function}(const int _neuron) {{
        return _stream_of_{function}[{_this_thread()}].of(_neuron).{function}();
    }}
    """


def _replicas_of(owner: Any) -> int:
    """Return how many replicas' neurons an object holds; synapses have one stream for all."""
    replicas = getattr(get_device(), "replicas", 1)
    return replicas if isinstance(owner, NeuronGroup) and len(owner) % replicas == 0 else 1


def _poisson_code(owner: Any) -> dict[str, str]:
    return {
        "support_code": f"""
    static dualframe::PoissonCounts _poisson_counts[{_threads()}];
    inline const double* _poisson_of_all(
        const double mean, dualframe::NumbersOfNeurons& numbers, const size_t neurons) {{
        return numbers.drawn(_streams_of_rand, {_replicas_of(owner)}, neurons,
            [=](dualframe::RandomStream& stream, double* values, int count) {{
                _poisson_counts[0].draw(mean, stream, values, count); }});
    }}
    inline int32_t _poisson(const double mean, const int _neuron) {{
        return _poisson_counts[{_this_thread()}].draw(mean, [=] {{ return _rand(_neuron); }});
    }}
    """
    }


def _implement(function: str, code: Any, dependencies: dict[str, Any] | None = None) -> None:
    DEFAULT_FUNCTIONS[function].implementations.add_dynamic_implementation(
        StreamCodeObject,
        code=code,
        namespace=lambda owner: {},
        dependencies=dependencies,
        name=f"_{function}",
        compiler_kwds=_INCLUDE,
    )


_implement("rand", _uniform_code)
_implement("randn", _normal_code)
_implement("poisson", _poisson_code, {"_rand": DEFAULT_FUNCTIONS["rand"]})
