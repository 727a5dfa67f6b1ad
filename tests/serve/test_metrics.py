"""What Prometheus is told."""

from __future__ import annotations

from genrekit.serve.metrics import Metrics


def test_a_counter_keeps_all_its_digits() -> None:
    metrics = Metrics()
    metrics.classified("rock", 12_345_678.25)
    lines = metrics.text({"open": ("Now.", 7)}, n_restarts=1_234_567).splitlines()
    assert "genrekit_audio_seconds_total 12345678.25" in lines
    assert "genrekit_worker_restarts_total 1234567" in lines and "open 7" in lines
