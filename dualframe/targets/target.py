"""What a target is: a place where networks run, and what it can do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dualframe.network import Network
from dualframe.targets.brian.raw_results import RawResults, RunOptions
from dualframe.targets.lowering.lowered_network import LoweredNetwork


@dataclass(frozen=True)
class UnsupportedFeature:
    """A construct that a target cannot run.

    Parameters
    ----------
    construct
        What it is.
    where
        The population, projection or input, or ``"this machine"``.
    remedy
        What to do about it; empty where the construct's text says it.
    """

    construct: str
    where: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.construct}" + (f" ({self.remedy})" if self.remedy else "")


def no_unsupported_features(network: Network) -> tuple[UnsupportedFeature, ...]:
    """Return nothing: what has a portable form runs.

    Parameters
    ----------
    network
        The description.
    """
    return ()


@dataclass(frozen=True, kw_only=True)
class Target:
    """A target: its name, and the functions that its folder states.

    Parameters
    ----------
    name
        How users call it.
    description
        One line about it.
    missing_requirements
        What this machine lacks, each with its remedy, as a function of whether a GPU is asked for.
    unsupported_features
        What of a network that has a portable form does not run there.
    run
        Runs a lowered network.
    """

    name: str
    description: str
    missing_requirements: Callable[[bool | None], list[str]]
    unsupported_features: Callable[[Network], Iterable[UnsupportedFeature]]
    run: Callable[[LoweredNetwork, RunOptions], RawResults]
