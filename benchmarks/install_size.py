"""Size of the light install: what pip downloads, and what lies on disk afterwards without pip itself.

python benchmarks/install_size.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="genrekit-size-") as folder:
        environment, downloads = Path(folder) / "venv", Path(folder) / "downloads"
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        pip = environment / "bin" / "pip"
        (packages,) = (environment / "lib").glob("python*/site-packages")
        before = megabytes(packages)
        subprocess.run([pip, "wheel", "-q", "-w", downloads, str(REPOSITORY)], check=True)
        wheel = next(downloads.glob("genrekit-*.whl"))
        subprocess.run([pip, "install", "-q", "--no-index", "--find-links", downloads, wheel], check=True)
        print(f"download  {megabytes(downloads):6.1f} MB")
        print(f"installed {megabytes(packages) - before:6.1f} MB")
        for path in sorted(downloads.iterdir(), key=lambda p: -p.stat().st_size)[:6]:
            print(f"  {path.stat().st_size / 1e6:6.1f} MB  {path.name}")


if __name__ == "__main__":
    main()
