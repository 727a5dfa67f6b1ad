from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import genrekit
from genrekit.cli import main as main_module
from genrekit.cli.help.extras import EXTRAS, ON_PYTORCH, install_line, packages_of
from genrekit.cli.verbs import VERBS, Verb
from genrekit.errors import DataError


def test_help_lists_every_verb_with_its_line(genrekit_cli: Callable) -> None:
    finished = genrekit_cli("--help")
    assert finished.code == 0
    assert finished.err == ""
    for verb in VERBS:
        assert verb.name in finished.out
        assert verb.help in finished.out


def test_version(genrekit_cli: Callable) -> None:
    finished = genrekit_cli("--version")
    assert (finished.code, finished.out) == (0, f"genrekit {genrekit.__version__}\n")


def test_wrong_verb_names_the_nearest_and_is_wrong_usage(genrekit_cli: Callable) -> None:
    finished = genrekit_cli("clasify", "x.wav")
    assert finished.code == 2
    assert finished.out == ""
    assert "'classify'" in finished.err


def test_no_argument_shows_help_and_is_wrong_usage(genrekit_cli: Callable) -> None:
    finished = genrekit_cli()
    assert finished.code == 2
    assert "classify" in finished.out + finished.err


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_verb_has_help(verb: Verb, genrekit_cli: Callable) -> None:
    finished = genrekit_cli(verb.name, "--help")
    assert finished.code == 0
    assert f"genrekit {verb.name}" in finished.out


def _fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def doctor() -> None:
        raise error

    monkeypatch.setattr("genrekit.cli.doctor_command.doctor", doctor)


def test_an_error_of_ours_is_one_line(genrekit_cli: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    _fail_with(monkeypatch, DataError("no such data set: x\nsecond line"))
    finished = genrekit_cli("doctor")
    assert finished.code == 1
    assert finished.err == "genrekit: error: no such data set: x\\nsecond line\n"


def test_an_unexpected_error_asks_for_debug(genrekit_cli: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    _fail_with(monkeypatch, ZeroDivisionError("oh"))
    finished = genrekit_cli("doctor")
    assert finished.code == 1
    assert "unexpected ZeroDivisionError: oh" in finished.err
    assert "--debug" in finished.err
    assert "Traceback" not in finished.err


@pytest.mark.parametrize("arguments", [("--debug", "doctor"), ("doctor", "--debug")])
def test_debug_shows_the_traceback_wherever_it_stands(
    arguments: tuple[str, ...], genrekit_cli: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fail_with(monkeypatch, ZeroDivisionError("oh"))
    finished = genrekit_cli(*arguments)
    assert finished.code == 1
    assert "Traceback" in finished.err
    assert "in doctor" in finished.err


def test_ctrl_c_is_quiet_and_130(genrekit_cli: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    _fail_with(monkeypatch, KeyboardInterrupt())
    finished = genrekit_cli("doctor")
    assert finished.code == 130
    assert finished.err == "genrekit: interrupted\n"


@pytest.mark.parametrize(
    ("verb", "package", "named"), [("train", "torch", "PyTorch and Lightning"), ("export", "onnx", "PyTorch and onnx")]
)
def test_a_missing_extra_is_named_with_the_line_that_installs_it(verb: str, package: str, named: str) -> None:
    script = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from genrekit.cli import main\n"
        f"main.load_verb = lambda command: __import__({package!r})\n"
        f"sys.exit(main.main([{verb!r}]))"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert finished.stderr == f"genrekit: error: genrekit {verb} needs {named}: {install_line('train')}\n"


def test_the_line_that_installs_an_extra_holds_for_the_package_and_for_a_clone() -> None:
    assert install_line("tag") == "pip install 'genrekit[tag]' (in a clone: pip install '.[tag]')"
    assert {extra for extra in EXTRAS if install_line(extra).endswith(ON_PYTORCH)} == {"train", "search", "cluster"}
    page = re.findall(r"docs/\S+\.md", ON_PYTORCH)
    assert "CUDA" in (Path(__file__).parents[2] / page[0]).read_text(encoding="utf-8")
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for extra, packages in EXTRAS.items():
        required = (re.match(r"[A-Za-z0-9_-]+", line) for line in project["optional-dependencies"][extra])
        assert set(packages.values()) == {name[0] for name in required if name is not None} - {"genrekit"}, extra
        included = re.findall(r"genrekit\[(\w+)\]", " ".join(project["optional-dependencies"][extra]))
        assert packages_of(extra) == set(packages).union(*(EXTRAS[one] for one in included)), extra
    assert {verb.extra for verb in VERBS} <= set(EXTRAS)


@pytest.mark.parametrize(
    ("arguments", "package", "named"),
    [
        (
            ["search", "r.yaml"],
            "torch",
            f"genrekit search needs PyTorch, Lightning and Optuna: {install_line('search')}",
        ),
        (["evaluate", "runs/a"], "pyarrow", f"genrekit evaluate needs pyarrow: {install_line('analyse')}"),
        (["compare", "runs/a", "runs/b"], "pyarrow", f"genrekit compare needs pyarrow: {install_line('analyse')}"),
        (["data", "band-edges"], "sklearn", f"genrekit data needs scikit-learn: {install_line('learn')}"),
        (["split", "make"], "sklearn", f"genrekit split needs scikit-learn: {install_line('learn')}"),
        (
            ["data", "prepare", "features"],
            "librosa",
            f"this use of genrekit data needs librosa: {install_line('analyse')}",
        ),
        (["analyse", "curves", "runs"], "yaml", f"genrekit analyse needs Matplotlib: {install_line('analyse')}"),
        (
            ["classify", "song.mp3", "--output", "genres.parquet"],
            "pyarrow",
            f"this use of genrekit classify needs pyarrow: {install_line('analyse')}",
        ),
    ],
)
def test_nobody_is_sent_to_a_heavier_extra_than_needed(
    genrekit_cli: Callable, monkeypatch: pytest.MonkeyPatch, arguments: list[str], package: str, named: str
) -> None:
    def load(command: object) -> object:
        raise ModuleNotFoundError(name=package)

    monkeypatch.setattr(main_module, "load_verb", load)
    finished = genrekit_cli(*arguments)
    assert (finished.code, finished.err) == (2, f"genrekit: error: {named}\n")


def test_a_real_verb_without_pytorch_names_the_extra(tmp_path: object) -> None:
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "from genrekit.cli.main import main\n"
        f"sys.exit(main(['export', {str(tmp_path)!r}, '--output', {str(tmp_path) + '/x.onnx'!r}]))"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert install_line("train") in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize(
    "verb", ["evaluate", "compare", "data", "data audit", "analyse", "analyse confusion", "split make"]
)
def test_the_help_of_a_verb_tells_its_exit_codes(verb: str, genrekit_cli: Callable) -> None:
    finished = genrekit_cli(*verb.split(), "--help")
    text = " ".join(finished.out.replace("│", " ").split())
    assert finished.code == 0 and text.count("Exit code: 0 all done; 1 something failed") == 1
