"""What the site has beside the pages in docs: results and recipes of the repository, and pages made from the code.

MkDocs calls the functions `on_...`; mkdocs.yml names this file.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.core
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from genrekit.cli.main import main
from genrekit.cli.music.tag_command import FILES
from genrekit.cli.verbs import VERBS, load_verb
from genrekit.training.recipes import groups as recipe_groups
from genrekit.training.recipes.recipe import Recipe

REPOSITORY = Path(__file__).parents[2]
BORROWED = (
    "CHANGELOG.md",
    "recipes/**/*.md",
    "recipes/**/*.yaml",
    "results/**/*.md",
    "results/**/*.csv",
    "results/**/*.png",
)
# A link from a page in docs to what lies beside docs; in the site that lies in it.
LINK_OUT_OF_DOCS = re.compile(r"(?<=\]\()((?:\.\./)+)(?=(?:results|recipes|CHANGELOG)\b)")
# The other way round.
LINK_INTO_DOCS = re.compile(r"(?<=\]\()((?:\.\./)*)docs/")
ENTRY = re.compile(r"^(\w+(?:, \w+)*) : (.*(?:\n .*)*)", re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Take results and recipes into the site, under the paths that they have in the repository."""
    for pattern in BORROWED:
        for path in sorted(REPOSITORY.glob(pattern)):
            place = path.relative_to(REPOSITORY).as_posix()
            files.append(File.generated(config, place, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Mend links, and put in what is made from the code."""
    markdown = LINK_INTO_DOCS.sub(r"\1", markdown)
    if not page.file.src_uri.startswith(("results/", "recipes/")):
        markdown = LINK_OUT_OF_DOCS.sub(lambda found: found[1].removeprefix("../"), markdown)
    for place, make in (("{{ command_line }}", command_line), ("{{ recipe_keys }}", recipe_keys)):
        if place in markdown:
            markdown = markdown.replace(place, make())
    return markdown


def command_line() -> str:
    """The help of every verb, under a heading each."""
    return "\n\n".join(f"## genrekit {' '.join(words)}\n\n```text\n{_help(words)}\n```" for words in _verbs())


def _verbs() -> Iterator[tuple[str, ...]]:
    for verb in VERBS:
        below = getattr(load_verb(verb), "commands", {})
        # `genrekit tag PATH`: the word is ours, not the user's.
        yield from [(verb.name,) if word == FILES else (verb.name, word) for word in below] or [(verb.name,)]


def _help(words: tuple[str, ...]) -> str:
    with_rich, typer.core.HAS_RICH = typer.core.HAS_RICH, False
    try:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            main([*words, "--help"])
    finally:
        typer.core.HAS_RICH = with_rich
    return printed.getvalue().strip()


def recipe_keys() -> str:
    """A table of the keys of a recipe, and of each group of keys."""
    parts = [_keys_of("A recipe", Recipe)]
    for name, field in Recipe.model_fields.items():
        group = next((one for one in _groups() if one.__name__ in _type_of(field.annotation)), None)
        if group is not None:
            parts.append(_keys_of(name, group))
    return "\n\n".join(parts)


def _groups() -> list[Any]:
    return [getattr(recipe_groups, name) for name in recipe_groups.__all__ if name not in ("NAME", "Strict")]


def _keys_of(title: str, group: Any) -> str:
    text = inspect.cleandoc(group.__doc__)
    told = {
        name: " ".join(what.split()).replace("|", "\\|")
        for names, what in ENTRY.findall(text)
        for name in names.split(", ")
    }
    rows = [
        f"| `{name}` | `{_type_of(field.annotation)}` | {_default_of(field)} | {told.get(name, '')} |"
        for name, field in group.model_fields.items()
    ]
    table = "\n".join(["| key | value | if not given | what |", "|---|---|---|---|", *rows])
    return f"## {title}\n\n{ENTRY.sub('', text).strip()}\n\n{table}"


def _type_of(annotation: Any) -> str:
    plain = isinstance(annotation, type) and not hasattr(annotation, "__args__")
    text = annotation.__name__ if plain else str(annotation)
    text = re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])", "", text)
    text = re.sub(r"Literal\[(.*?)\]", lambda found: found[1].replace(", ", " or "), text)
    return text.replace(" | None", " or null").replace(" | ", " or ").replace("'", '"')


def _default_of(field: Any) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, recipe_groups.Strict):
        return "its defaults"
    return "`null`" if value is None else f"`{value!r}`".replace("'", '"')
