"""The packages that hand names on: each name is there, is told to type checkers, and is imported when it is used."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import genrekit

PACKAGES = sorted(
    ".".join(("genrekit", *path.parent.relative_to(Path(genrekit.__file__).parent).parts))
    for path in Path(genrekit.__file__).parent.rglob("__init__.py")
    if "lazy_names(" in path.read_text(encoding="utf-8")
)


def test_all_of_them_are_found() -> None:
    assert {"genrekit", "genrekit.inference", "genrekit.training", "genrekit.evaluation"} <= set(PACKAGES)


@pytest.mark.parametrize("name", PACKAGES)
def test_each_name_is_there_and_known_to_type_checkers(name: str) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("librosa")
    package = importlib.import_module(name)
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("genrekit.")
        for alias in node.names
    } - {"lazy_names"}
    assert set(package.__all__) == imported | ({"__version__"} if name == "genrekit" else set())
    assert set(package.__all__) <= set(dir(package))
    assert not {"TYPE_CHECKING", "annotations", "lazy_names"} & set(dir(package))
    for public in package.__all__:
        assert getattr(package, public) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        package.no_such_name  # noqa: B018


def test_the_rooms_of_the_research_half_are_there_by_their_names() -> None:
    program = (
        "import genrekit; assert 'training' in dir(genrekit); "
        "genrekit.evaluation.find_runs; genrekit.training.load_recipe; genrekit.data.make_split"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("name", ["genrekit.training", "genrekit.evaluation", "genrekit.experiments"])
def test_the_research_half_is_imported_without_pytorch(name: str) -> None:
    program = f"import sys, {name}; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
