"""How many requests are let in at once, and how they are given up where the service must end at once."""

from __future__ import annotations

import asyncio
from typing import Any

from genrekit.serve.problem import Problem

__all__ = ["Places"]

RETRY_AFTER_S = 5


class Places:
    """A place for each request that is let in: entering with none left is a problem, and so is being given up."""

    def __init__(self, n_places: int) -> None:
        self._n_places = n_places
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_given_up = False

    @property
    def n_taken(self) -> int:
        """How many requests have one."""
        return len(self._tasks)

    def give_up(self) -> int:
        """Answer all requests that have a place by a problem, now, and say how many these are."""
        self._is_given_up = True
        for task in self._tasks:
            task.cancel()
        return len(self._tasks)

    def __enter__(self) -> None:
        if self._is_given_up:
            raise _given_up()
        if self.n_taken >= self._n_places:
            raise Problem(
                "too_many_requests",
                f"{self.n_taken} files are waiting already, the most that this service takes at once; try again in "
                f"{RETRY_AFTER_S} s",
                headers={"Retry-After": str(RETRY_AFTER_S)},
            )
        self._tasks.add(_current_task())

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        task = _current_task()
        self._tasks.discard(task)
        if self._is_given_up and kind is not None and issubclass(kind, asyncio.CancelledError):
            task.uncancel()
            raise _given_up() from None


def _current_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None, "a place is taken outside of a request"
    return task


def _given_up() -> Problem:
    return Problem(
        "stopped",
        "the service was stopped before this file was done; send it again once it is back",
        headers={"Retry-After": str(RETRY_AFTER_S), "Connection": "close"},
    )
