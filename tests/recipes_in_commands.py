"""The recipes that the commands of the documents and of the help name."""

from __future__ import annotations

import itertools
import shlex

from shell_lines import commands_in

VERBS = ("train", "experiment", "search")


def check_recipes(text: str) -> int:
    """How many recipes that come with genrekit the commands of `text` name: each is there, and is given the sounds
    without music that it needs. Files of the reader's own end in ``.yaml``.
    """
    from genrekit.training.recipes.recipe import load_recipe
    from genrekit.training.recipes.shipped import shipped_recipes

    shipped = shipped_recipes()
    count = 0
    for command in commands_in(text):
        for name in _recipes(command):
            assert name in shipped, shlex.join(command)
            recipe = load_recipe(shipped[name])
            needed = any(one.negatives for one in (recipe, *recipe.members))
            assert not needed or "--negatives" in command, shlex.join(command)
            count += 1
    return count


def _recipes(command: list[str]) -> list[str]:
    """The words between the verb and the first option."""
    for place, (program, verb) in enumerate(itertools.pairwise(command), start=2):
        if program.endswith("genrekit") and verb in VERBS:
            named = itertools.takewhile(lambda word: not word.startswith("-"), command[place:])
            return [word for word in named if not word.endswith(".yaml")]
    return []
