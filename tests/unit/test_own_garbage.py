"""Garbage that a run has made is collected at its end; what was there before is left alone."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from dualframe.core.own_garbage import collects_own_garbage


class Ring:
    """Something that only the garbage collector frees."""

    def __init__(self) -> None:
        self.itself = self


def make_ring() -> weakref.ref[Ring]:
    return weakref.ref(Ring())


@pytest.fixture(autouse=True)
def nothing_frozen() -> Iterator[None]:
    gc.unfreeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def test_what_a_call_has_made_is_freed_and_what_was_there_is_not_looked_at() -> None:
    before = make_ring()

    @collects_own_garbage
    def make() -> weakref.ref[Ring]:
        gc.collect()
        return make_ring()

    made = make()
    assert made() is None
    assert before() is not None
    assert gc.get_freeze_count() == 0
    gc.collect()
    assert before() is None


def test_what_a_user_has_frozen_stays_frozen() -> None:
    gc.freeze()
    made = collects_own_garbage(make_ring)()
    assert gc.get_freeze_count() > 0
    assert made() is not None  # as without dualframe: the user's own settings decide


def test_an_error_releases_what_was_there() -> None:
    @collects_own_garbage
    def fail() -> None:
        raise RuntimeError("as asked")

    with pytest.raises(RuntimeError, match="as asked"):
        fail()
    assert gc.get_freeze_count() == 0
