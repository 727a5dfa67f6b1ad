"""What README and docs show is real: commands are taken by the parser, links lead somewhere, listings can be used."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from recipes_in_commands import check_recipes
from shell_lines import commands_in

from genrekit.cli.help.examples import ExampledCommand

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = [
    REPOSITORY / "README.md",
    *sorted((REPOSITORY / "docs").rglob("*.md")),
    *sorted((REPOSITORY / "recipes").glob("*.md")),
    *sorted((REPOSITORY / "results").glob("**/README.md")),
]
each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))


def _listings(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def _only_listing(name: str, language: str) -> str:
    (listing,) = _listings(REPOSITORY / "docs" / name, language)
    return listing


@each_document
def test_its_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", link):
            name, _, heading = link.partition("#")
            target = path.parent / name if name else path
            assert target.exists(), link
            if heading:
                titles = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
                assert heading in [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles], link


@each_document
def test_its_commands_are_taken_by_the_parser(
    path: Path, genrekit_cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExampledCommand, "invoke", lambda *_: None)
    for variable in ("GENREKIT_DATA", "GENREKIT_NEGATIVES", "GENREKIT_TOKEN"):
        monkeypatch.delenv(variable, raising=False)
    for listing in _listings(path, "sh"):
        # What another command prints is a list of runs to the parser.
        for command in commands_in(re.sub(r"\$\(genrekit .*?\)", "runs/RUN", listing)):
            if command[0] == "genrekit":
                finished = genrekit_cli(*command[1:])
                assert finished.code == 0, f"{shlex.join(command)}\n{finished.err}"


def test_commands_are_found_in_the_documents() -> None:
    found = [command for path in DOCUMENTS for listing in _listings(path, "sh") for command in commands_in(listing)]
    assert sum(command[0] == "genrekit" for command in found) > 60


def test_commands_name_recipes_that_are_there_with_the_negatives_that_they_need() -> None:
    pytest.importorskip("torch")
    listings = (listing for path in DOCUMENTS for listing in _listings(path, "sh"))
    assert sum(check_recipes(listing) for listing in listings) >= 12


def test_the_rules_for_tags_can_be_read(tmp_path: Path) -> None:
    from genrekit.library.policy import TagPolicy
    from genrekit.library.policy_file import policy_values

    (tmp_path / "tags.toml").write_text(_only_listing("guide/tag.md", "toml"), encoding="utf-8")
    policy = TagPolicy(**policy_values(tmp_path / "tags.toml"))
    assert policy.name_of("hiphop") == "Hip-Hop"
    assert policy.max_genres == 2


def test_the_recipe_is_one(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from genrekit.training.recipes.recipe import load_recipe

    (tmp_path / "my_se_cnn.yaml").write_text(_only_listing("research/recipes.md", "yaml"), encoding="utf-8")
    assert load_recipe(tmp_path / "my_se_cnn.yaml", ["split.fold=1"]).split.fold == 1


def test_the_python_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # What a file is is told by its first bytes.
    for name, recording in zip(("song.mp3", "a.flac"), sorted((REPOSITORY / "examples").glob("*.ogg")), strict=False):
        shutil.copy(recording, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for listing in _listings(REPOSITORY / "docs" / "guide" / "python.md", "python"):
        exec(listing, names)
    assert names["embedding"].rows.shape[1:] == names["embedding"].mean.shape == (256,)
    heard, failed = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"a\.flac [a-z]+", heard)
    assert failed.startswith("b.m4a ")
