"""How each way of counting decisions is called, on pages and in stored scores."""

from __future__ import annotations

__all__ = ["view_name"]


def view_name(fusion: str | None) -> str:
    """Of decisions track by track after a fusion ("mean", "vote"), or of None excerpt by excerpt."""
    return "excerpt-wise" if fusion is None else f"file-wise, {fusion}"
