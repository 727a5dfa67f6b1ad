"""The recipes that come with genrekit: of both reports, of their future work, and of the bundled model."""

from __future__ import annotations

from pathlib import Path

from genrekit.suggestion import did_you_mean

__all__ = ["shipped_recipes", "why_missing"]

SUFFIX = ".yaml"
# In an installed package; in a checkout they lie beside the sources.
INSTALLED = Path(__file__).parents[2] / "recipes"
CHECKED_OUT = Path(__file__).parents[4] / "recipes"


def shipped_recipes() -> dict[str, Path]:
    """Name and file of each, in the order of their names."""
    folder = INSTALLED if INSTALLED.is_dir() else CHECKED_OUT
    return {path.stem: path for path in sorted(folder.glob(f"*{SUFFIX}"))}


def why_missing(given: Path) -> str:
    """What to do about a recipe file that is not there, as the end of a message; begins with a space."""
    shipped = shipped_recipes()
    if given.stem in shipped:
        return f" One of that name comes with genrekit: give {given.stem} alone."
    return f" `genrekit recipes` lists those that come with genrekit{did_you_mean(given.stem, shipped)}."
