"""The forms of requests and answers, for the OpenAPI description. The answers themselves are made by `inference`."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

__all__ = ["CLASSIFY_BODY", "About", "Error", "Health", "Model", "Models", "Result"]


class Segment(BaseModel):
    """A stretch of the audio with one genre."""

    start_s: float
    end_s: float
    genre: str
    confidence: float = Field(ge=0, le=1)


class Result(BaseModel):
    """The answer for one file, as `genrekit classify --format json` gives it."""

    path: str | None = Field(description="The name that the client gave")
    genre: str = Field(description='A genre of the model, or "unknown" below its threshold')
    confidence: float = Field(
        ge=0, le=1, description="Calibrated probability of the likeliest genre, too low a one where genre is unknown"
    )
    probabilities: dict[str, float] = Field(description="Genre to probability, likeliest first, summing to 1")
    duration_s: float
    model: str
    timeline: list[Segment] | None = Field(default=None, description="If asked for by ?timeline=true")
    warnings: list[str] | None = None


class Error(BaseModel):
    """The answer where there is no result."""

    path: str | None = None
    error: str = Field(description="What was given, what was expected, what to do")
    code: str = Field(description="For programs")


class Model(BaseModel):
    """The model that the service uses."""

    name: str
    genres: list[str]
    sr: int
    window_s: float
    hop_s: float
    short_hop_s: float | None = Field(description="Instead of hop_s in recordings of up to a minute; null: hop_s")
    unknown_threshold: float
    card: str = Field(description="The model card, in Markdown")


class Models(BaseModel):
    """All models of the service; there is one."""

    models: list[Model]


class Health(BaseModel):
    """Whether the service can take files."""

    status: str = Field(description='"ok", or "no_worker" while none is up')
    workers: int
    waiting: int


class About(BaseModel):
    """What a client should know before it sends anything."""

    version: str
    token_needed: bool
    max_body_bytes: int
    max_duration_s: float
    max_waiting: int


_BINARY = {"type": "string", "format": "binary"}
CLASSIFY_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["file"], "properties": {"file": _BINARY}}
            },
            "application/octet-stream": {"schema": _BINARY},
            "audio/*": {"schema": _BINARY},
            "video/*": {"schema": _BINARY},
        },
    }
}
"""The two ways to send a file."""
