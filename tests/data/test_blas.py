from __future__ import annotations

import pytest

from genrekit.data.blas import one_thread_each


def test_blas_has_one_thread_inside_and_its_own_number_after() -> None:
    threadpoolctl = pytest.importorskip("threadpoolctl")

    def threads() -> set[int]:
        return {library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"}

    with threadpoolctl.threadpool_limits(limits=2, user_api="blas"):
        before = threads()
        with one_thread_each():
            assert threads() == {1}
        assert threads() == before
