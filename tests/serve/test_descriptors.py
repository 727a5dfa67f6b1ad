"""Room for as many open files as uploads are let in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from genrekit.serve.descriptors import allow_descriptors

resource = pytest.importorskip("resource")


@pytest.fixture
def few_allowed() -> Iterator[int]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_soft_limit_is_raised_as_far_as_is_needed(few_allowed: int) -> None:
    assert allow_descriptors(1, 1) is None
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 100
    assert allow_descriptors(64, 2) is None
    assert 64 * 3 < resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 1000


def test_what_the_system_does_not_allow_is_told(few_allowed: int) -> None:
    if few_allowed == resource.RLIM_INFINITY:
        pytest.skip("the system allows any number")
    told = allow_descriptors(few_allowed, 1)
    assert told is not None and "the system allows fewer" in told and "--max-waiting" in told
