"""Recipe files: YAML, of which one may extend another and say only what differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genrekit.errors import RecipeError
from genrekit.strict_yaml import YAMLTextError, load_strict_yaml
from genrekit.training.recipes.shipped import shipped_recipes, why_missing

__all__ = ["ENSEMBLE", "EXTENDS", "read_recipe_file"]

EXTENDS = "extends"
ENSEMBLE = "ensemble"
# What a recipe says that the ensemble which it becomes a member of says for all.
SHARED_BY_MEMBERS = ("title", "data", "split", "seed")


def read_recipe_file(path: Path) -> dict[str, Any]:
    """The keys and values of a recipe file, those of the file that it extends included.

    A recipe that comes with genrekit is named without a folder and ``.yaml``, here as in `extends` and `ensemble`.

    `extends: other.yaml` names a file relative to this one, which may extend a third. The extending file has a `name`
    of its own. Its groups of keys (`optimisation`, `augmentation`, ...) are merged into the other's key by key; a
    `model` with a name replaces the other's whole, since options belong to their network; a group that is null is left
    out; any other value replaces the other's.

    `ensemble: [one.yaml, two.yaml]` names the recipes of an ensemble's members, which are read alike; of them counts
    what is not `title`, `data`, `split` and `seed`. Nothing is checked here but the form: what comes out is a recipe of
    its own, which run folders hold in full.

    Raises
    ------
    RecipeError
        If a file cannot be read, is not a mapping, extends itself, or extends without a name.
    """
    return _resolved(_place(Path(), str(path)), ())


def _resolved(path: Path, extending: tuple[Path, ...]) -> dict[str, Any]:
    place = path.resolve()
    if place in extending:
        chain = " -> ".join(file.name for file in (*extending[extending.index(place) :], place))
        raise RecipeError(f"{extending[-1]}: recipes extend each other in a circle: {chain}.")
    values = _read(path, extending)
    if isinstance(values.get(ENSEMBLE), list):
        values[ENSEMBLE] = [_member(path.parent, member, (*extending, place)) for member in values[ENSEMBLE]]
    if EXTENDS not in values:
        return values
    base_name = values.pop(EXTENDS)
    if not isinstance(base_name, str) or not base_name:
        raise RecipeError(
            f"{path}: extends is {base_name!r}; expected the file name of another recipe, or the "
            "name of one of `genrekit recipes`."
        )
    if "name" not in values:
        raise RecipeError(f"{path}: a recipe that extends another needs a name of its own.")
    return _merged(_resolved(_place(path.parent, base_name), (*extending, place)), values)


def _place(folder: Path, name: str) -> Path:
    """The file that is so named in `folder`, or else the recipe of that name that comes with genrekit."""
    there = folder / name
    return there if there.exists() else shipped_recipes().get(name, there)


def _member(folder: Path, member: object, extending: tuple[Path, ...]) -> object:
    """What the recipe file of a member says of it; what is no file name is given in full, as run folders have it."""
    if not isinstance(member, str):
        return member
    values = _resolved(_place(folder, member), extending)
    if values.get(ENSEMBLE):
        raise RecipeError(f"{extending[-1]}: {member} is an ensemble itself; a member is a recipe of one network.")
    # What is null is at its default.
    return {key: value for key, value in values.items() if key not in SHARED_BY_MEMBERS and value is not None}


def _read(path: Path, extending: tuple[Path, ...]) -> dict[str, Any]:
    reader = f" that {extending[-1]} names" if extending else ""
    try:
        values = load_strict_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        what_to_do = why_missing(path) if isinstance(error, FileNotFoundError) else ""
        reason = f"{error.strerror or error}.{what_to_do}"
        raise RecipeError(f"Cannot read the recipe {path}{reader}: {reason}") from error
    except (YAMLTextError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} is not YAML that can be read: {error}") from error
    if not isinstance(values, dict):
        found = "nothing" if values is None else f"a {type(values).__name__}"
        raise RecipeError(f"{path}: a recipe is a mapping of keys to values; found {found}.")
    return values


def _merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in own.items():
        known = base.get(key)
        if isinstance(known, dict | list) and value is None:
            del merged[key]
        elif isinstance(known, dict) and isinstance(value, dict) and not (key == "model" and "name" in value):
            merged[key] = _merged(known, value)
        else:
            merged[key] = value
    return merged
