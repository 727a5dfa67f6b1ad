"""`genrekit recipes`: the recipes that come with genrekit, and one of them in full."""

from __future__ import annotations

from typing import Annotated

import typer

from genrekit.cli.help.examples import examples
from genrekit.cli.terminal.text_output import Output, columns, require_output, write

__all__ = ["recipes"]


@examples(
    r"""
    # What there is
    genrekit recipes

    # One as a file of your own, to change
    genrekit recipes a_se_cnn_archive --output mine.yaml
    genrekit train mine.yaml --root ~/data/gtzan_archive.npz
    """
)
def recipes(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Print this one in full.", show_default=False)
    ] = None,
    output: Output = None,
) -> None:
    """List the recipes that come with genrekit: of both reports, of their future work, and of the bundled model.

    Each is trained by its name, `genrekit train NAME`; a recipe of your own may say `extends: NAME`.
    """
    from genrekit.errors import RecipeError
    from genrekit.suggestion import did_you_mean
    from genrekit.training.recipes.recipe import load_recipe
    from genrekit.training.recipes.shipped import shipped_recipes

    require_output(output, "the recipe" if name else "the list")
    shipped = shipped_recipes()
    if name is not None:
        if name not in shipped:
            nearest = did_you_mean(name, shipped)
            raise RecipeError(f"No recipe comes with genrekit as {name!r}{nearest}; `genrekit recipes` lists all.")
        write(load_recipe(shipped[name]).to_yaml(), output)
        return
    rows: list[tuple[str, ...]] = [("recipe", "data set", "split", "what it is")]
    for known, path in shipped.items():
        recipe = load_recipe(path)
        rows.append((known, recipe.data.dataset, recipe.split.name or "", recipe.title))
    write(columns(rows), output)
