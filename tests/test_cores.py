from __future__ import annotations

import os
import subprocess
import sys

import pytest

from genrekit.cores import usable_cores


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity of processes")
def test_processors_that_are_not_ours_are_not_counted() -> None:
    script = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
    script += "from genrekit.cores import usable_cores; print(usable_cores())"
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert finished.stdout == "1\n"


def test_a_system_that_does_not_tell_has_all_of_its_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    for told, expected in ((6, 6), (None, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda told=told: told)
        assert usable_cores() == expected
