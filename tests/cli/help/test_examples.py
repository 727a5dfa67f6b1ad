"""The examples that end each verb's help are real: the verb's own parser takes them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from recipes_in_commands import check_recipes
from shell_lines import commands_in

from genrekit.cli import verbs
from genrekit.cli.help.examples import ExampledCommand, examples_of

REPOSITORY = Path(__file__).parents[3]
TERMINAL_COLUMNS = 80
HIDDEN_VERB = {"files": ()}  # `genrekit tag PATH`: the word is ours, not the user's


def _verbs() -> Iterator[tuple[tuple[str, ...], Callable[..., Any]]]:
    """The words of each verb that does something, and its function."""
    for verb in verbs.VERBS:
        target = verb.import_target()
        if not isinstance(target, typer.Typer):
            yield (verb.name,), target
            continue
        for info in target.registered_commands:
            assert info.callback is not None
            word = info.name or info.callback.__name__
            yield (verb.name, *HIDDEN_VERB.get(word, (word,))), info.callback


VERBS = dict(_verbs())
each_verb = pytest.mark.parametrize("verb", VERBS, ids=" ".join)


def test_all_verbs_are_seen() -> None:
    assert len(VERBS) >= 27
    assert {("tag",), ("tag", "undo"), ("analyse", "robustness"), ("data", "prepare")} <= set(VERBS)


@each_verb
def test_a_verb_has_two_to_four_examples_each_with_a_word_on_what_it_does(verb: tuple[str, ...]) -> None:
    blocks = examples_of(VERBS[verb]).split("\n\n")
    assert 2 <= len(blocks) <= 4
    for block in blocks:
        does, *lines = block.splitlines()
        assert re.match(r"# [A-Z].+[^.]$", does)
        assert lines and not any(line.lstrip().startswith("#") for line in lines)
    assert sum(command[: len(verb) + 1] == ["genrekit", *verb] for command in commands_in("\n".join(blocks))) >= 1


@each_verb
def test_every_example_is_taken_by_the_parser(
    verb: tuple[str, ...], genrekit_cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []

    def take(command: ExampledCommand, ctx: Any) -> None:
        taken.append(" ".join(ctx.command_path.split()))

    monkeypatch.setattr(ExampledCommand, "invoke", take)
    for variable in ("GENREKIT_DATA", "GENREKIT_NEGATIVES", "GENREKIT_TOKEN"):
        monkeypatch.delenv(variable, raising=False)
    commands = list(commands_in(examples_of(VERBS[verb])))
    for command in commands:
        if command[0] == "genrekit":
            finished = genrekit_cli(*command[1:])
            assert finished.code == 0, f"{shlex.join(command)}\n{finished.err}"
    # An example may show what to do before or after by another verb.
    assert " ".join(("genrekit", *verb)) in taken
    assert len(taken) == sum(command[0] == "genrekit" for command in commands)


def test_examples_name_recipes_that_are_there_and_give_the_negatives_that_they_train_on() -> None:
    pytest.importorskip("torch")
    assert sum(check_recipes(examples_of(verb)) for verb in VERBS.values()) >= 7


@each_verb
def test_help_ends_with_the_examples_as_they_are(verb: tuple[str, ...], genrekit_cli: Callable[..., Any]) -> None:
    finished = genrekit_cli(*verb, "--help")
    assert finished.code == 0
    shown = [line.rstrip() for line in finished.out.split("Examples:\n")[-1].strip("\n").splitlines()]
    expected = examples_of(VERBS[verb]).splitlines()
    assert [line.removeprefix("   ") for line in shown] == expected
    assert max(map(len, shown)) < TERMINAL_COLUMNS


def test_the_parser_refuses_an_example_that_has_rotted(genrekit_cli: Callable[..., Any]) -> None:
    assert genrekit_cli("classify", "song.mp3", "--no-such-option").code == 2


def test_without_rich_the_lines_stay_apart(genrekit_cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.core.HAS_RICH", False)
    finished = genrekit_cli("tag", "undo", "--help")
    assert finished.out.rstrip("\n").endswith("\n   ".join(["", *examples_of(VERBS["tag", "undo"]).splitlines()[-2:]]))


def test_paragraphs_of_help_are_broken_by_the_terminal_alone(genrekit_cli: Callable[..., Any]) -> None:
    assert 'otherwise; "unknown" is never written. Only tags change' in genrekit_cli("tag", "--help").out
