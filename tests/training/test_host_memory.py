from __future__ import annotations

import platform
import subprocess
import sys


def test_is_accepted_on_glibc_and_refused_elsewhere() -> None:
    # In a process of its own: the setting cannot be taken back.
    code = "from genrekit.training.host_memory import keep_freed_memory; print(keep_freed_memory())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(sys.platform.startswith("linux") and platform.libc_ver()[0] == "glibc")
