"""What holds the house up: imports run downwards, the light rooms stay light, the library does not print."""

from __future__ import annotations

import ast
import graphlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import genrekit

SOURCE = Path(genrekit.__file__).parent

# What every room may import, and which imports nothing: modules beside the rooms.
OPEN_TO_ALL = {
    "errors",
    "cores",
    "worker",
    "whole_file",
    "file_identity",
    "genre_colours",
    "lazy_names",
    "line_files",
    "output_places",
    "own_object",
    "parquet_table",
    "progress",
    "spawned",
    "strict_yaml",
    "suggestion",
}
# Each room, and the rooms that it may import besides.
ALLOWED: dict[str, set[str]] = {
    **{module: set() for module in OPEN_TO_ALL},
    "output_places": {"errors", "whole_file"},
    "own_object": {"errors"},
    "worker": {"errors", "spawned"},
    "audio": set(),
    "features": {"audio"},
    "data": {"features", "audio"},
    "models": {"data", "features", "audio"},
    "evaluation": {"data", "features", "audio"},
    "training": {"evaluation", "models", "data", "features", "audio"},
    # The classifier needs no training, so that it can be installed without.
    "inference": {"features", "audio"},
    "export": {"inference", "training", "evaluation", "models", "data", "features", "audio"},
    "experiments": {"evaluation", "training", "models", "data", "features", "audio"},
    "analysis": {"experiments", "training", "evaluation", "models", "data", "features", "audio"},
    # What a music library needs is inference alone; own genres need its embedding and the rules of honest scores.
    "learning": {"inference", "evaluation", "data", "features", "audio"},
    # Drawing what was classified needs none of the training side, where the other figures stand.
    "pictures": {"inference", "features", "audio"},
    # Results on disk: what the command line writes and reads, and the Python interface does not need.
    "results": {"inference", "audio"},
    "library": {"inference", "audio"},
    "serve": {"results", "inference", "audio"},
    "cli": {
        "learning",
        "library",
        "results",
        "pictures",
        "serve",
        "analysis",
        "experiments",
        "export",
        "inference",
        "training",
        "evaluation",
        "models",
        "data",
        "features",
        "audio",
    },
    "__main__": {"cli"},
}
# The rooms within a room, and which of each other they may import. What lies beside them, the room's own ground, is
# open to them; in `cli` the verbs lie there, which stand above.
INNER: dict[str, dict[str, set[str]]] = {
    "data": {"sets": set(), "splits": {"sets"}, "checks": {"splits", "sets"}, "preparation": {"checks", "sets"}},
    "evaluation": {"card": set()},
    "training": {"recipes": set(), "material": {"recipes"}},
    "analysis": {"replication": set(), "robustness": set()},
    "cli": {
        "help": set(),
        "terminal": set(),
        "arguments": {"terminal"},
        "music": {"help", "terminal", "arguments"},
        "research": {"help", "terminal", "arguments"},
        "analyse": {"help", "terminal", "arguments", "research", "music"},
    },
}
HEAVY = {"torch", "lightning", "librosa", "pandas", "sklearn", "pydantic", "yaml", "pyarrow", "onnx", "onnxscript"} | {
    "fastapi",
    "matplotlib",
    "mutagen",
    "optuna",
    "ray",
    "scipy",
}
LIGHT_ROOMS = [
    "genrekit",
    "genrekit.audio",
    "genrekit.features",
    "genrekit.data",
    "genrekit.inference",
    "genrekit.inference.classifier",
    "genrekit.library",
    "genrekit.results",
    "genrekit.results.rows",
    *(
        ".".join(("genrekit", *path.relative_to(SOURCE).with_suffix("").parts))
        for path in sorted((SOURCE / "cli").rglob("[a-z]*.py"))
    ),
]


def _python_files() -> list[Path]:
    files = sorted(SOURCE.rglob("*.py"))
    assert len(files) > 30
    return files


def _imported_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each import of genrekit, wherever in the file it stands."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the room that they reach into"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            # "genrekit.room.module" or "genrekit.room.module:name", as lazy tables and import_module have it
            names = [node.value.partition(":")[0]]
        yield from ((node.lineno, name) for name in names if name.startswith("genrekit."))


def _imported_rooms(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for line, name in _imported_names(tree):
        if (room := name.split(".")[1]) in ALLOWED:
            yield line, room


@pytest.mark.parametrize("path", _python_files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_run_downwards_only(path: Path) -> None:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    room = parts[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if room == "__init__":  # the public namespace
        assert {imported for _, imported in _imported_rooms(tree)} <= {"errors", "inference", "lazy_names"}
        return
    assert room in ALLOWED, f"{room} is a new room: say in this table what it may import"
    wrong = [
        f"line {line}: {room} imports {imported}"
        for line, imported in _imported_rooms(tree)
        if imported not in ALLOWED[room] | {room} | (set() if room in OPEN_TO_ALL else OPEN_TO_ALL)
    ]
    assert not wrong


@pytest.mark.parametrize("room", INNER)
def test_rooms_within_a_room_import_downwards_only(room: str) -> None:
    inner = {folder.name for folder in (SOURCE / room).iterdir() if (folder / "__init__.py").is_file()}
    assert inner == set(INNER[room]), "say in this table what a new one may import"
    ground = set() if room == "cli" else {path.stem for path in (SOURCE / room).glob("*.py")}
    wrong = []
    for path in sorted((SOURCE / room).glob("*/*.py")):
        name = path.parent.name
        for line, imported in _imported_names(ast.parse(path.read_text(encoding="utf-8"))):
            _, other, within, *_ = (*imported.split("."), "", "")
            if other == room and within not in ground | INNER[room][name] | {name}:
                wrong.append(f"{path.relative_to(SOURCE)}, line {line}: {imported}")
    assert not wrong


def test_the_table_has_no_circle() -> None:
    def below(room: str, above: tuple[str, ...]) -> None:
        assert room not in above, f"circle: {' -> '.join((*above, room))}"
        for next_room in ALLOWED[room]:
            below(next_room, (*above, room))

    for room in ALLOWED:
        below(room, ())


def _imported_modules(tree: ast.Module, known: set[str]) -> set[str]:
    """Modules of genrekit that are imported when the program runs, at the top or in a function."""
    for node in [n for n in ast.walk(tree) if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]:
        node.body = [ast.Pass()]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {name for alias in node.names if (name := f"{node.module}.{alias.name}") in known} or {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & known


def test_no_module_needs_itself_in_a_roundabout_way() -> None:
    names = {path: ".".join(("genrekit", *path.relative_to(SOURCE).with_suffix("").parts)) for path in _python_files()}
    known = {name for name in names.values() if not name.endswith("__init__")}
    graph = {
        name: _imported_modules(ast.parse(path.read_text(encoding="utf-8")), known)
        for path, name in names.items()
        if name in known
    }
    assert len(graph) > 200
    assert list(graphlib.TopologicalSorter(graph).static_order())  # CycleError names the modules of a circle


def _modules_after(statement: str) -> set[str]:
    script = f"import sys, json; {statement}; json.dump(sorted(sys.modules), sys.__stdout__)"
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(finished.stdout.splitlines()[-1])}


@pytest.mark.parametrize("module", LIGHT_ROOMS)
def test_light_rooms_import_nothing_heavy(module: str) -> None:
    assert not _modules_after(f"import {module}") & HEAVY


@pytest.mark.parametrize("module", ["genrekit", "genrekit.inference", "genrekit.cli.main"])
def test_what_is_imported_first_needs_no_numbers(module: str) -> None:
    assert not _modules_after(f"import {module}") & {"numpy", "onnxruntime", "soundfile", "av"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["classify", "--help"], ["doctor", "--help"]])
def test_help_needs_no_numbers(arguments: list[str]) -> None:
    statement = (
        f"import io; sys.stdout = io.StringIO(); from genrekit.cli.main import main; assert main({arguments!r}) == 0"
    )
    # typer itself reads a verb's options with pydantic.
    assert not _modules_after(statement) & ({"numpy", "onnxruntime", "soundfile", "av"} | HEAVY - {"pydantic"})


def test_classifying_needs_nothing_heavy(tiny_model_path: Path) -> None:
    statement = (
        "import numpy, genrekit; "
        f"genrekit.load({str(tiny_model_path)!r}).classify(numpy.ones(8000, 'float32'), sr=8000)"
    )
    assert not _modules_after(statement) & HEAVY


@pytest.mark.parametrize("path", _python_files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_the_library_does_not_print(path: Path) -> None:
    calls = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not calls, f"print in lines {calls}"


def test_every_room_says_what_it_is() -> None:
    for init in SOURCE.rglob("__init__.py"):
        docstring = ast.get_docstring(ast.parse(init.read_text(encoding="utf-8")))
        assert docstring and len(docstring) > 20, init


def test_public_names_can_all_be_had() -> None:
    for name in genrekit.__all__:
        assert getattr(genrekit, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = genrekit.no_such_name
