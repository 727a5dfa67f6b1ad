"""What a client may ask of the service."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from genrekit.errors import GenrekitError

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """Bounds of one request and of all of them together.

    Attributes
    ----------
    max_body_bytes : bytes of a request's body, with the borders of multipart
    max_duration_s : seconds of audio in one file
    max_work_s : seconds that a worker may decode and classify one file before it is killed
    max_waiting : requests let in at once (sending, waiting or worked on); the next one gets 429
    max_memory_bytes : bytes of address space that a worker may take beyond what it has with the model loaded
    body_idle_s : seconds without a byte after which a client that is sending is given up
    body_total_s : seconds that sending a body may take

    Raises
    ------
    GenrekitError : if a bound is not above 0
    """

    max_body_bytes: int = 100_000_000
    max_duration_s: float = 3600.0
    max_work_s: float = 60.0
    max_waiting: int = 64
    max_memory_bytes: int = 1_000_000_000
    body_idle_s: float = 15.0
    body_total_s: float = 300.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value > 0):
                raise GenrekitError(f"{field.name} is {value}; expected a number above 0")
