"""The Containerfile, as far as it can be tried where no engine for containers is."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def steps() -> list[tuple[str, str]]:
    text = (REPOSITORY / "Containerfile").read_text().replace("\\\n", "")
    lines = [line.partition(" ") for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in lines]


def test_a_change_of_the_source_installs_no_dependency_again() -> None:
    found = steps()
    first = next(place for place, (name, rest) in enumerate(found) if name == "RUN" and "pip install" in rest)
    copied = [rest for name, rest in found[:first] if name == "COPY"]
    assert copied == ["pyproject.toml constraints.txt ./"]
    later = [rest for name, rest in found[first + 1 :] if name == "RUN" and "pip install" in rest]
    assert len(later) == 1 and "pip install --no-deps ." in later[0] and "pip check" in later[0]


def test_installs_first_what_genrekit_and_its_service_stand_on(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    line = next(rest for name, rest in steps() if name == "RUN" and "requirements.txt" in rest)
    command, _, install = line.partition("&&")
    # The image's python may have another name here.
    assert command.startswith("python -c ")
    command = shlex.quote(sys.executable) + command.removeprefix("python")
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)
    assert install.strip() == "pip install -c constraints.txt -r requirements.txt"
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    expected = [*project["dependencies"], *project["optional-dependencies"]["serve"]]
    assert (tmp_path / "requirements.txt").read_text().splitlines() == expected
