"""Kinds by name: what the package ships, what users register, and what packages announce."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest

import dualframe as df
from dualframe.building.encoders.registry import ENCODERS
from dualframe.building.readouts.registry import READOUTS
from dualframe.building.releases.registry import RELEASES
from dualframe.core import registry as module
from dualframe.core.errors import DualframeError, UnknownName
from dualframe.core.registry import Registry
from dualframe.environments.registry import ENVIRONMENTS
from dualframe.network.connection_rules.registry import CONNECTION_RULES
from dualframe.neurons.registry import NEURON_MODELS
from dualframe.plasticity.registry import PLASTICITY_RULES
from dualframe.receptor_effects.registry import EFFECT_KINDS
from dualframe.training.outcomes import OUTCOMES

REGISTRIES = (
    NEURON_MODELS,
    PLASTICITY_RULES,
    ENVIRONMENTS,
    ENCODERS,
    READOUTS,
    RELEASES,
    OUTCOMES,
    EFFECT_KINDS,
    CONNECTION_RULES,
)


@dataclass(frozen=True)
class Flavour:
    name: str
    strength: float = 1.0


@pytest.fixture
def flavours(monkeypatch: pytest.MonkeyPatch) -> Registry[Flavour]:
    monkeypatch.setattr(module, "_REGISTRIES", list(module._REGISTRIES))
    return Registry("flavour", Flavour, (Flavour("sweet"), Flavour("sour")))


@pytest.fixture(params=REGISTRIES, ids=lambda registry: registry.noun)
def registry(request: pytest.FixtureRequest) -> Iterator[Registry[Any]]:
    """Each registry of the package, as it was before when the test is over."""
    kinds = dict(request.param._kinds)
    yield request.param
    request.param._kinds = kinds


def announce(monkeypatch: pytest.MonkeyPatch, *contents: Any) -> None:
    """Let installed packages announce these; an exception stands for a module that fails."""

    def loaded(content: Any) -> Any:
        if isinstance(content, Exception):
            raise content
        return content

    points = [
        SimpleNamespace(
            name=f"point_{k}",
            value="package:KINDS",
            dist=SimpleNamespace(name="package"),
            load=lambda content=content: loaded(content),
        )
        for k, content in enumerate(contents)
    ]
    monkeypatch.setattr(module, "entry_points", lambda group: points)
    monkeypatch.setattr(module, "_LOADED", set())


class TestRegistriesOfThePackage:
    def test_a_kind_of_ones_own_is_there_by_its_name(self, registry: Registry[Any]) -> None:
        mine = replace(next(iter(registry.values())), name="toy_of_mine")
        df.register(mine)
        assert registry["toy_of_mine"] is mine
        assert list(registry)[-1] == "toy_of_mine"
        df.register(mine)  # a module that is imported again

    def test_names_of_the_package_are_taken(self, registry: Registry[Any]) -> None:
        shipped = next(iter(registry.values()))
        message = f"{registry.noun} '{shipped.name}' is one of dualframe's: give yours another name"
        for again in (False, True):
            with pytest.raises(DualframeError, match=message):
                df.register(shipped, replace=again)

    def test_a_kind_is_replaced_on_request_only(self, registry: Registry[Any]) -> None:
        mine = replace(next(iter(registry.values())), name="toy_of_mine")
        other = replace(list(registry.values())[1], name="toy_of_mine")
        df.register(mine)
        with pytest.raises(DualframeError, match=r"registered already.*replace=True"):
            df.register(other)
        assert registry["toy_of_mine"] is mine
        df.register(other, replace=True)
        assert registry["toy_of_mine"] is other

    def test_an_unknown_name_is_one_clear_error(self, registry: Registry[Any]) -> None:
        name = next(iter(registry))
        with pytest.raises(UnknownName, match=f"unknown {registry.noun} .*Did you mean '{name}'"):
            registry[f"{name}x"]
        assert f"{name}x" not in registry


def test_kinds_are_listed_in_their_order(flavours: Registry[Flavour]) -> None:
    df.register(Flavour("bitter"))
    assert list(flavours) == ["sweet", "sour", "bitter"]
    assert len(flavours) == 3


@pytest.mark.parametrize("name", ["", "two words", "a-b", "1st"])
def test_names_are_identifiers(flavours: Registry[Flavour], name: str) -> None:
    with pytest.raises(DualframeError, match="needs a name of letters, digits and underscores"):
        df.register(Flavour(name))


@pytest.mark.parametrize("thing", [3, "linear_track", Flavour, lambda: None, None])
def test_what_is_no_kind(flavours: Registry[Flavour], thing: Any) -> None:
    with pytest.raises(DualframeError, match=r"cannot register .*expected a record.*Flavour"):
        df.register(thing)


class TestEntryPoints:
    def test_a_kind_or_several(
        self, flavours: Registry[Flavour], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        announce(monkeypatch, Flavour("bitter"), [Flavour("salty"), Flavour("umami")])
        assert "umami" in flavours
        assert list(flavours)[2:] == ["bitter", "salty", "umami"]

    def test_they_are_loaded_once_and_not_before_they_are_asked_for(
        self, flavours: Registry[Flavour], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        announce(monkeypatch, Flavour("bitter"))
        assert flavours["sweet"].name == "sweet"  # a name of the package needs no other one
        assert not module._LOADED
        list(flavours)
        df.register(Flavour("bitter", 2.0), replace=True)
        assert flavours["bitter"].strength == 2

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (ImportError("no module named toy"), "no module named toy"),
            (Flavour("sweet"), "flavour 'sweet' is one of dualframe's"),
            (object, "cannot register"),
        ],
    )
    def test_a_package_that_cannot_be_loaded_is_named(
        self,
        flavours: Registry[Flavour],
        monkeypatch: pytest.MonkeyPatch,
        content: Any,
        message: str,
    ) -> None:
        announce(monkeypatch, content)
        with pytest.raises(DualframeError, match="entry point 'point_0 = package:KINDS' of") as e:
            flavours["bitter"]
        assert "'package'" in str(e.value)
        assert message in str(e.value)
