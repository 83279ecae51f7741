"""What each target can do, and what in a network keeps it from running there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from dualframe.core.errors import TargetError, UnknownName
from dualframe.network import Network, expect_network
from dualframe.targets.brian.target import RUNTIME
from dualframe.targets.cpp.target import CPP_STANDALONE
from dualframe.targets.genn.target import GENN
from dualframe.targets.genn5.target import GENN5
from dualframe.targets.lowering.lower_network import check_structure
from dualframe.targets.target import Target, UnsupportedFeature

TARGETS: Mapping[str, Target] = MappingProxyType(
    {target.name: target for target in (RUNTIME, CPP_STANDALONE, GENN, GENN5)}
)


def resolve_target(target: str) -> str:
    """Return a target's name; ``"auto"`` is C++ where there is a compiler, else the runtime.

    Parameters
    ----------
    target
        Name of a target, or ``"auto"``.
    """
    if target == "auto":
        compiled = not CPP_STANDALONE.missing_requirements(None)
        return CPP_STANDALONE.name if compiled else RUNTIME.name
    if not isinstance(target, str) or target not in TARGETS:
        raise UnknownName("target", target, (*TARGETS, "auto"))
    return target


def missing_requirements(target: str, use_gpu: bool | None = None) -> list[str]:
    """Return what this machine lacks for a target, each with its remedy.

    Parameters
    ----------
    target
        Name of a target, or ``"auto"``.
    use_gpu
        GeNN only: ask for its CUDA back end.
    """
    return TARGETS[resolve_target(target)].missing_requirements(use_gpu)


def targets() -> pd.DataFrame:
    """Return a table of the targets: name, what it is, usable here, what is missing."""
    rows = []
    for target in TARGETS.values():
        missing = target.missing_requirements(None)
        rows.append((target.name, target.description, not missing, "; ".join(missing)))
    return pd.DataFrame(rows, columns=["target", "what", "usable", "missing"])


def check(
    network: Network, target: str = "auto", *, use_gpu: bool | None = None
) -> list[UnsupportedFeature]:
    """List what keeps a network from running on a target; an empty list means that it runs.

    Nothing is drawn, generated or compiled.

    Parameters
    ----------
    network
        The description.
    target
        ``"runtime"``, ``"cpp_standalone"``, ``"genn"``, ``"genn5"`` or ``"auto"``.
    use_gpu
        GeNN only: ask for its CUDA back end.

    Raises
    ------
    UnknownName
        If there is no such target.
    """
    expect_network(network)
    chosen = TARGETS[resolve_target(target)]
    features = [UnsupportedFeature(text, network.name, "") for text in check_structure(network)]
    if not features:
        features += chosen.unsupported_features(network)
    missing = chosen.missing_requirements(use_gpu)
    return features + [UnsupportedFeature(text, "this machine", "") for text in missing]


def require_supported(network: Network, target: str, use_gpu: bool | None = None) -> None:
    """Raise a `TargetError` that lists what `check` finds, if it finds something.

    Parameters
    ----------
    network
        The description.
    target
        Name of a target, or ``"auto"``.
    use_gpu
        GeNN only: ask for its CUDA back end.
    """
    features = check(network, target, use_gpu=use_gpu)
    if features:
        listed = "\n  ".join(["", *map(str, features)] if len(features) > 1 else map(str, features))
        place = "any target" if check_structure(network) else repr(resolve_target(target))
        raise TargetError(f"network {network.name!r} cannot run on {place}: {listed}")
