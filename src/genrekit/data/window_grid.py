"""The grid of windows that a track is cut into: by time, so that a song of any length works."""

from __future__ import annotations

import math

__all__ = ["end_slack_hops", "grid_size"]

# A window that lacks less than this share of a hop, or of itself if that is less, at a track's end is kept; its last
# sample or column is repeated.
# GTZAN's shortest tracks lack 0.07 s of 30 s, and both reports count them as full.
END_SLACK_HOPS = 0.1


def grid_size(duration_s: float, *, window_s: float, hop_s: float, span_s: float | None) -> int:
    """Number of windows in a track, at least 1: 19 of 3 s or 11 of 5 s, half overlapping, in 30 s.

    Parameters
    ----------
    duration_s : of the track
    window_s, hop_s : windows of `window_s` start every `hop_s`
    span_s : within the first so many seconds; None for the whole track
    """
    within_s = duration_s if span_s is None else min(duration_s, span_s)
    return max(1, 1 + math.floor((within_s - window_s) / hop_s + end_slack_hops(window_s=window_s, hop_s=hop_s)))


def end_slack_hops(*, window_s: float, hop_s: float) -> float:
    """How much of a hop a window may lack at a track's end and be kept."""
    return END_SLACK_HOPS * min(1.0, window_s / hop_s)
