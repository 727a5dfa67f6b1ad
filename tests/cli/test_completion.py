"""Shell completion: what each shell asks for, and what a real bash makes of it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def shell_run(genrekit_program: list[str], tmp_path: Path) -> Callable[..., str]:
    """Runs a script in a shell that finds `genrekit`, with a home of its own, and gives what it wrote."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "genrekit"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(genrekit_program)} "$@"\n')
    program.chmod(0o755)

    def run(shell: str, script: str) -> str:
        if shutil.which(shell) is None:
            pytest.skip(f"{shell} is not installed")
        environment = {
            **os.environ,
            "HOME": str(tmp_path),
            "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        }
        command = [shell, *(["-f"] if shell == "zsh" else []), "-c", script]
        finished = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    return run


def _asked(genrekit_program: list[str], **variables: str) -> list[str]:
    environment = {**os.environ, **variables}
    finished = subprocess.run(genrekit_program, capture_output=True, text=True, env=environment, check=True)
    return finished.stdout.split("\n")[:-1]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("genrekit cl", ["classify"]),
        ("genrekit e", ["experiment", "evaluate", "export"]),
        ("genrekit data pr", ["prepare"]),
        ("genrekit analyse re", ["reliability", "replication"]),
        ("genrekit classify --tim", ["--timeline"]),
        ("genrekit classify --format ", ["table", "json", "csv", "parquet"]),
        ("genrekit tag --wr", ["--write"]),
        ("genrekit tag un", ["undo"]),
        ("genrekit tag song.mp3 un", [""]),
        ("genrekit tag undo --dr", ["--dry-run"]),
        ("genrekit classify so", [""]),  # names of files are the shell's own
    ],
)
def test_what_bash_is_offered(genrekit_program: list[str], words: str, expected: list[str]) -> None:
    place = str(len(words.split(" ")) - 1)
    asked = {"_GENREKIT_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": place}
    assert _asked(genrekit_program, **asked) == expected


def test_what_zsh_and_fish_are_offered(genrekit_program: list[str]) -> None:
    asked = {"_TYPER_COMPLETE_ARGS": "genrekit cl", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    (zsh,) = _asked(genrekit_program, _GENREKIT_COMPLETE="complete_zsh", **asked)
    assert '"classify":"Say which genre audio files are."' in zsh and "learn" not in zsh
    (fish,) = _asked(genrekit_program, _GENREKIT_COMPLETE="complete_fish", **asked)
    assert fish == "classify\tSay which genre audio files are."


ASK_BASH = 'COMP_WORDS=(genrekit cl); COMP_CWORD=1; _genrekit_completion genrekit; echo "${COMPREPLY[*]}"'


def test_bash_completes_by_what_it_is_shown(shell_run: Callable[..., str]) -> None:
    # What follows keeps bash from becoming genrekit, so that genrekit can see which shell it is.
    assert shell_run("bash", f'script=$(genrekit --show-completion); eval "$script"; {ASK_BASH}') == "classify\n"


def test_bash_completes_by_what_was_installed(shell_run: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("echo mine\n")
    assert "bash completion installed" in shell_run("bash", "genrekit --install-completion; true")
    assert (tmp_path / ".bashrc").read_text().startswith("echo mine\n")
    assert shell_run("bash", f". ~/.bashrc; {ASK_BASH}") == "mine\nclassify\n"


def test_zsh_is_given_its_script(shell_run: Callable[..., str]) -> None:
    assert "compdef _genrekit_completion genrekit" in shell_run("zsh", "genrekit --show-completion; true")


def test_fish_completes_by_what_it_is_shown(shell_run: Callable[..., str]) -> None:
    script = "genrekit --show-completion | source; complete --do-complete 'genrekit cl'"
    assert shell_run("fish", script).startswith("classify")


@pytest.mark.parametrize(
    ("shell", "begins"), [("zsh", "#compdef genrekit"), ("fish", "complete --command genrekit"), ("bash", "_genrekit")]
)
def test_each_shell_has_a_script(genrekit_program: list[str], shell: str, begins: str) -> None:
    lines = _asked(genrekit_program, _GENREKIT_COMPLETE=f"source_{shell}")
    assert "\n".join(lines).strip().startswith(begins)
