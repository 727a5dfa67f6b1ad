"""Counts and times of the service, in Prometheus' text format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """What has been asked and answered since the start; used from one event loop."""

    def __init__(self) -> None:
        self._answers: Counter[str] = Counter()
        self._genres: Counter[str] = Counter()
        self._in_bounds = [0] * len(BOUNDS_S)
        self._n_times = 0
        self._total_s = 0.0
        self._audio_s = 0.0

    def answered(self, outcome: str, wall_s: float) -> None:
        """Note an answer to a file: "ok" or the code of a problem, and the seconds from request to answer."""
        self._answers[outcome] += 1
        self._n_times += 1
        self._total_s += wall_s
        for index, bound_s in enumerate(BOUNDS_S):
            self._in_bounds[index] += wall_s <= bound_s

    def classified(self, genre: str, duration_s: float) -> None:
        """Note a result and the seconds of audio behind it."""
        self._genres[genre] += 1
        self._audio_s += duration_s

    def text(self, gauges: Mapping[str, tuple[str, float]], *, n_restarts: int) -> str:
        """All of it as lines.

        Parameters
        ----------
        gauges : name -> help, value: how things stand now
        n_restarts : worker processes started in place of another
        """
        name = "genrekit_answers_total"
        lines = [f"# HELP {name} Answers to files, by outcome.", f"# TYPE {name} counter"]
        lines += _labelled(name, "outcome", self._answers)
        name = "genrekit_results_total"
        lines += [
            f"# HELP {name} Results, by genre.",
            f"# TYPE {name} counter",
            *_labelled(name, "genre", self._genres),
        ]
        name = "genrekit_answer_seconds"
        lines += [f"# HELP {name} From the start of a request to its answer.", f"# TYPE {name} histogram"]
        lines += [f'{name}_bucket{{le="{le:g}"}} {n}' for le, n in zip(BOUNDS_S, self._in_bounds, strict=True)]
        lines += [f'{name}_bucket{{le="+Inf"}} {self._n_times}', f"{name}_sum {self._total_s:.6f}"]
        lines += [f"{name}_count {self._n_times}"]
        totals = {
            "genrekit_audio_seconds_total": ("Seconds of audio classified.", self._audio_s),
            "genrekit_worker_restarts_total": ("Workers started in place of one that died or was killed.", n_restarts),
        }
        for kind, values in (("counter", totals), ("gauge", gauges)):
            for name, (meaning, value) in values.items():
                lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}", f"{name} {value}"]
        return "\n".join(lines) + "\n"


def _labelled(name: str, label: str, counts: Counter[str]) -> Iterable[str]:
    for value, count in sorted(counts.items()):
        escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
        yield f'{name}{{{label}="{escaped}"}} {count}'
