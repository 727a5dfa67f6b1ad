"""A recipe: everything that decides a training run, as one strict value that is read from YAML."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pydantic
import yaml
from pydantic import BaseModel, Field

from genrekit.data.parts import MAX_SEED
from genrekit.errors import RecipeError
from genrekit.evaluation.recipe_identity import FREE, PLACES, without
from genrekit.features.spec import FROM_ARCHIVE, FeatureSpec
from genrekit.suggestion import did_you_mean
from genrekit.training.recipes.file import read_recipe_file
from genrekit.training.recipes.front_end import FrontEnd, spec_of
from genrekit.training.recipes.groups import (
    NAME,
    Augmentation,
    Data,
    Distillation,
    Excerpts,
    Member,
    Model,
    Negatives,
    Optimisation,
    Pretraining,
    SplitChoice,
    Strict,
)
from genrekit.training.recipes.overrides import apply_override

__all__ = ["Recipe", "load_recipe", "parse_recipe"]
UNKNOWN = "extra_forbidden"
# What the members of an ensemble have, each for itself, and the ensemble has not.
OWN_TO_MEMBERS = ("model", "augmentation", "negatives", "pretraining", "optimisation")


class Recipe(Strict):
    """One training run, but for its machine. Two recipes with the same hash give the same weights on the same CPU.

    name : begins the names of the run folders; lower case, digits, "_" and "-"
    title : for people, in figures and cards
    data, split, excerpts : which tracks, in which parts, cut how
    features : the front end: a name in `features.FEATURES`, such as "power_spectrogram_a", "mel_b", "archive_log_mel",
        or the fields of a `FeatureSpec`
    model : the network
    augmentation, negatives, pretraining, distillation : of the training; what is left out is not done
    optimisation : how long and how fast
    seed : of the first weights, the order of the excerpts, and all that is drawn
    ensemble : networks that are each trained by a recipe of its own and answer together, in place of `model`,
        `augmentation`, `negatives`, `pretraining` and `optimisation`; recipe files name their recipes
    """

    name: str = NAME
    title: str = ""
    data: Data
    split: SplitChoice
    excerpts: Excerpts
    features: FrontEnd
    model: Model
    augmentation: Augmentation = Augmentation()
    negatives: Negatives | None = None
    pretraining: Pretraining | None = None
    distillation: Distillation | None = None
    optimisation: Optimisation | None = None
    ensemble: tuple[Member, ...] = ()
    seed: int = Field(default=0, ge=0, le=MAX_SEED)

    @pydantic.model_validator(mode="before")
    @classmethod
    def _model_of_ensemble(cls, values: Any) -> Any:
        if not isinstance(values, Mapping) or not values.get("ensemble"):
            return values
        members = values["ensemble"]
        if not isinstance(members, list | tuple) or not all(isinstance(one, Mapping | Member) for one in members):
            raise ValueError("'ensemble' is a list of recipe files in a recipe file, [res_cnn.yaml, texture_mlp.yaml]")
        if values.get("distillation") is not None:
            raise ValueError("members of an ensemble learn from labels; distil in a recipe of its own")
        own = [key for key in OWN_TO_MEMBERS if values.get(key) is not None]
        if own:
            raise ValueError(f"{', '.join(own)} of an ensemble belong to its members, as ensemble.0.{own[0]}")
        models = [dict(member).get("model") for member in members]
        plain = [model.model_dump() if isinstance(model, Model) else model for model in models]
        # What is no model is told where the members are checked.
        options = [{"options": {}, **model} if isinstance(model, Mapping) else {} for model in plain]
        return {**values, "model": {"name": "ensemble", "options": {"members": options}}}

    @pydantic.model_validator(mode="after")
    def _ensemble_fits_together(self) -> Recipe:
        if not self.ensemble:
            if self.optimisation is None:
                raise ValueError("'optimisation' is missing")
            return self
        if len(self.ensemble) < 2:
            raise ValueError("an ensemble has 2 members or more")
        if self.excerpts != self.excerpts.model_copy(update={"train": "grid", "crops_per_track": 1, "crop_s": None}):
            raise ValueError("excerpts.train, crops_per_track and crop_s of an ensemble belong to its members")
        windows = (self.features, self.excerpts.window_s, self.excerpts.hop_s, self.excerpts.span_s)
        for member in self.ensemble:
            excerpts = member.excerpts
            if (member.features, excerpts.window_s, excerpts.hop_s, excerpts.span_s) != windows:
                raise ValueError(
                    f"member {member.name!r} has another front end or other windows than the ensemble; "
                    "features, window_s, hop_s and span_s must be the same"
                )
        if len({member.hash for member in self.members}) < len(self.ensemble):
            raise ValueError("two members are the same recipe: they would be the same network")
        return self

    @pydantic.model_validator(mode="after")
    def _fits_together(self) -> Recipe:
        excerpts = self.excerpts
        if excerpts.span_s is not None and excerpts.window_s > excerpts.span_s:
            raise ValueError(f"excerpts.window_s is {excerpts.window_s}, longer than span_s, {excerpts.span_s}")
        if excerpts.crop_s is not None and (excerpts.train != "random" or excerpts.crop_s > excerpts.window_s):
            raise ValueError(
                f"excerpts.crop_s is {excerpts.crop_s}; it is the length of random excerpts, at most window_s, "
                f"{excerpts.window_s}: set excerpts.train=random"
            )
        if excerpts.crops_per_track > 1 and excerpts.train != "random":
            raise ValueError(
                f"excerpts.crops_per_track is {excerpts.crops_per_track}, of excerpts at random places; set "
                "excerpts.train=random"
            )
        shortest_s, whole_s = self.augmentation.repeated_start_min_s, excerpts.crop_s or excerpts.window_s
        if shortest_s is not None and shortest_s >= whole_s:
            raise ValueError(
                f"augmentation.repeated_start_min_s is {shortest_s:g}, not shorter than an excerpt, {whole_s:g} s, so "
                "that nothing would be repeated"
            )
        spec, keys = self.front_end, self.augmentation.decibel_keys
        named = repr(self.features) if isinstance(self.features, str) else f"a {spec.kind} of its own"
        if keys and spec.scale != "db":
            raise ValueError(f"augmentation.{keys[0]} needs features in dB; {named} is not")
        lowest_high_bin = self.augmentation.narrow_band_high_bins[0]
        if self.augmentation.narrow_band_probability and lowest_high_bin >= spec.n_bins:
            raise ValueError(
                f"augmentation.narrow_band_high_bins begin at {lowest_high_bin:g}; {named} has {spec.n_bins} "
                "bins, so that nothing would be taken away above"
            )
        if self.augmentation.frequency_mask_bins and (spec.kind == "waveform" or spec.column_names is not None):
            raise ValueError(f"frequency_mask_bins needs a spectrogram; {named} has no frequencies")
        if self.augmentation.time_mask_fraction and spec.column_names is not None:
            raise ValueError(f"time_mask_fraction needs a time axis; {named} has none")
        if self.negatives is not None and spec not in FROM_ARCHIVE.values():
            raise ValueError(f"negatives are an archive of log-mels; they need features: {', '.join(FROM_ARCHIVE)}")
        if self.pretraining is not None and excerpts.train != "random":
            raise ValueError("pretraining compares excerpts at random places of a track; set excerpts.train=random")
        optimisation, stops = self.optimisation, self.validates
        if stops and self.split.validation == "none":
            raise ValueError("without a validation part, set optimisation.keep=last and early_stopping_epochs=null")
        if optimisation is not None:
            self._require_epochs(optimisation, stops=stops)
        return self

    def _require_epochs(self, optimisation: Optimisation, *, stops: bool) -> None:
        """Refuse what goes by the number of epochs where another epoch than the last may be kept, or does nothing."""
        plain_epochs, trimmed = self.augmentation.plain_last_epochs, optimisation.trimmed_share
        for name, value in (("augmentation.plain_last_epochs", plain_epochs), ("optimisation.trimmed_share", trimmed)):
            if value and stops:
                raise ValueError(f"{name} needs a known last epoch: set keep=last and early_stopping_epochs=null")
        if plain_epochs > optimisation.max_epochs:
            raise ValueError(
                f"augmentation.plain_last_epochs is {plain_epochs}, more than max_epochs, {optimisation.max_epochs}"
            )
        if trimmed and round(trimmed * optimisation.batch_size) == 0:
            raise ValueError(
                f"optimisation.trimmed_share is {trimmed:g}, less than half an excerpt of a batch of "
                f"{optimisation.batch_size}"
            )
        if optimisation.artist_balance and self.augmentation.mixes_targets:
            raise ValueError(
                "optimisation.artist_balance weighs tracks, which mixup and cutmix mix; set their alpha to 0"
            )

    @property
    def validates(self) -> bool:
        """Whether training stops, or weights are kept, by the validation part."""
        optimisation = self.optimisation
        return optimisation is not None and (
            optimisation.early_stopping_epochs is not None or optimisation.keep == "best"
        )

    @property
    def front_end(self) -> FeatureSpec:
        """What `features` names, or says itself."""
        return spec_of(self.features)

    @property
    def members(self) -> tuple[Recipe, ...]:
        """The recipes of an ensemble's members, on its data, split and seed; of one network, none."""
        return tuple(self._recipe_of(member) for member in self.ensemble)

    def _recipe_of(self, member: Member) -> Recipe:
        shared = {"data": self.data, "split": self.split, "seed": self.seed}
        try:
            return Recipe.model_validate({**shared, **{name: getattr(member, name) for name in Member.model_fields}})
        except pydantic.ValidationError as error:
            reason = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise ValueError(f"member {member.name!r}: {reason}") from error

    @property
    def max_epochs(self) -> int:
        """Epochs of all networks, those without labels included, if none stops early."""
        if self.optimisation is None:
            return sum(member.max_epochs for member in self.members)
        return self.optimisation.max_epochs + (self.pretraining.epochs if self.pretraining else 0)

    def with_root(self, root: str | Path | None, *, replace: bool = False) -> Recipe:
        """The same recipe with the data set's place filled in if it was open, or with `replace` in any case."""
        if root is None or (self.data.root is not None and not replace):
            return self
        return self.model_copy(update={"data": self.data.model_copy(update={"root": Path(root)})})

    def without_places(self) -> Recipe:
        """The same recipe, all that lies somewhere on a machine left open, as published recipes have it."""
        return Recipe.model_validate(without(self._values(), PLACES))

    def to_yaml(self) -> str:
        """All fields, defaults included, as YAML that `load_recipe` reads back."""
        return yaml.safe_dump(self._values(), sort_keys=False, allow_unicode=True)

    @property
    def hash(self) -> str:
        """Identity of what is trained: SHA-256 over all fields but title, places of data and runs, fold and seed.

        The path of a split's file counts: it is what tells one such split from another.

        A field at its default does not count, so that a recipe stays itself when recipes learn new fields.
        """
        values = without(self._values(exclude_defaults=True), FREE)
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

    def _values(self, *, exclude_defaults: bool = False) -> dict[str, Any]:
        """All fields as JSON values, but for those of an ensemble that its members decide."""
        exclude = {*OWN_TO_MEMBERS, "distillation"} if self.ensemble else {"ensemble"}
        return self.model_dump(mode="json", exclude=exclude, exclude_defaults=exclude_defaults)


def load_recipe(path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe from YAML and apply `key.sub=value` overrides, whose values are YAML too.

    Parameters
    ----------
    path : of the file, which may extend another, or the name of a recipe that comes with genrekit, "a_se_cnn"
    overrides : a list of them, such as ["seed=1", "split.fold=2", "optimisation.max_epochs=20"]

    Raises
    ------
    RecipeError
        If the file cannot be read, a key is unknown (the message names the nearest), or a value is out of range.
    """
    if isinstance(overrides, str):
        raise RecipeError(f"overrides are a list of texts, [{overrides!r}]; a single text was given.")
    values = read_recipe_file(Path(path))
    for override in overrides:
        apply_override(values, override)
    return parse_recipe(values, source=str(path))


def parse_recipe(values: Mapping[str, Any], *, source: str) -> Recipe:
    """Make a recipe from plain values; `source` names them in error messages."""
    try:
        return Recipe.model_validate(values)
    except pydantic.ValidationError as error:
        lines = [
            *_unknown_keys(error.errors()),
            *(_explain(item) for item in error.errors() if item["type"] != UNKNOWN),
        ]
        raise RecipeError(f"{source}: " + "; ".join(lines)) from error


def _unknown_keys(items: Sequence[Any]) -> Iterator[str]:
    """One sentence for the unknown keys of each group, with the nearest known one if there is but one."""
    by_group: dict[tuple[Any, ...], list[str]] = {}
    for item in items:
        if item["type"] == UNKNOWN:
            by_group.setdefault(item["loc"][:-1], []).append(str(item["loc"][-1]))
    for place, names in by_group.items():
        known = _group(place)
        shown = ", ".join(repr(".".join([*map(str, place), name])) for name in names)
        if len(names) == 1:
            yield f"unknown key {shown}{did_you_mean(names[0], known)}; known: {', '.join(sorted(known))}"
        else:
            yield f"unknown keys {shown}; known: {', '.join(sorted(known))}"


def _explain(item: Any) -> str:
    place = ".".join(str(part) for part in item["loc"]) or "recipe"
    if item["type"] == "missing":
        return f"{place!r} is missing"
    if item["type"] == "string_pattern_mismatch":
        expected = "a-z, 0-9, '_' and '-', a letter or digit first"
        return f"{place}: {item['input']!r} is no name of a run folder; expected {expected}"
    given = item.get("input")
    shown = "" if isinstance(given, Mapping | BaseModel) else f" (given: {given!r})"
    return f"{place}: {item['msg'].removeprefix('Value error, ')}{shown}"


def _group(place: Sequence[Any]) -> list[str]:
    """The known keys of the group at `place`."""
    model: type[BaseModel] = Recipe
    for part in place:
        if isinstance(part, int):
            # The number of a member.
            continue
        annotation = model.model_fields[str(part)].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        model = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return list(model.model_fields)
