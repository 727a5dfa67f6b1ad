"""Answers to requests that cannot be served: one form for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["STATUS_OF_CODE", "Problem"]

STATUS_OF_CODE = {
    "bad_request": 400,
    "token_needed": 401,
    "foreign_host": 403,
    "foreign_page": 403,
    "not_found": 404,
    "wrong_method": 405,
    "sent_too_slowly": 408,
    "body_too_large": 413,
    "audio_too_long": 413,
    "wrong_type": 415,
    "unreadable": 422,
    # Not 504: proxies and clients try that again, and the file would cost as much again.
    "took_too_long": 422,
    "took_too_much_memory": 422,
    "too_many_requests": 429,
    "worker_died": 500,
    "unexpected": 500,
    "no_worker": 503,
    "not_stored": 503,
    "stopped": 503,
}
"""Every code that an answer may carry in `code`, and its HTTP status."""


# Not frozen: Python itself writes an exception's traceback.
@dataclass(eq=False)
class Problem(Exception):
    """A request that is answered by an error.

    Attributes
    ----------
    code : one of STATUS_OF_CODE, for programs
    error : what was given, what was expected and what to do, for people
    path : name that the client gave the file, if it did
    headers : of the answer
    """

    code: str
    error: str
    path: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS_OF_CODE[self.code]

    def to_json(self) -> dict[str, Any]:
        """`path` if the client named the file, and `error`, as `classify --format json` has them; and `code`."""
        named = {} if self.path is None else {"path": self.path}
        return {**named, "error": self.error, "code": self.code}
