"""The value Split: which tracks, or excerpts, are for training, validation and test."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast, get_args

from genrekit.data.dataset import Dataset
from genrekit.data.parts import PARTS, Part, Protocol, Unit, Validation
from genrekit.data.text_file import read_text
from genrekit.errors import DataError
from genrekit.suggestion import did_you_mean

__all__ = ["Split", "read_split"]

FORMAT = 1


@dataclass(frozen=True)
class Split:
    """Members of each part, and what made them.

    Parameters
    ----------
    name : how it was made, such as ``"filtered"``
    protocol : of the evaluation: P1 contaminated, P2 tracks at random, P3 the published fault-filtered split,
        P4 artist-disjoint, P5 from one collection to another, another published list taken as it is, or a user's own
    unit : what the members are: track identifiers, or ``"track_id@excerpt_index"``
    parts : sorted members of "train", "valid" and "test"
    fold, n_folds : which of how many, counted from 0
    seed : of the folds; None where a published list has none
    validation : where the validation part is from. "test" means that it *is* the test part, as in studies that stop
        training on the fold they score; such a score is flattered
    missing : tracks of a published list that the data set lacks
    notes : sentences for a person; they do not enter the hash
    """

    name: str
    protocol: Protocol
    unit: Unit
    parts: Mapping[Part, tuple[str, ...]]
    fold: int = 0
    n_folds: int = 1
    seed: int | None = None
    validation: Validation = "none"
    missing: int = 0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for what, value, allowed in (
            ("protocol", self.protocol, get_args(Protocol)),
            ("unit", self.unit, get_args(Unit)),
            ("validation", self.validation, get_args(Validation)),
        ):
            if value not in allowed:
                raise DataError(f"A split's {what} is one of {', '.join(allowed)}; found {value!r}.")
        if set(self.parts) != set(PARTS):
            raise DataError(f"A split has the parts {', '.join(PARTS)}; found {', '.join(map(str, self.parts))}.")
        if not 0 <= self.fold < self.n_folds:
            raise DataError(f"fold must be between 0 and {self.n_folds - 1}; found {self.fold}.")
        parts: dict[Part, tuple[str, ...]] = {part: tuple(sorted(self.parts[part])) for part in PARTS}
        for part, members in parts.items():
            for previous, current in pairwise(members):
                if previous == current:
                    raise DataError(f"The {part} part names {current!r} twice.")
            if self.unit == "excerpt":
                bad = [member for member in members if not member.rpartition("@")[2].isdigit() or "@" not in member]
                if bad:
                    raise DataError(f"Excerpts are named 'track_id@excerpt_index'; found {bad[0]!r}.")
        if self.validation == "test" and parts["valid"] != parts["test"]:
            raise DataError(
                "A split whose validation is 'test' validates on the test part itself; here the valid part is another. "
                "Give both the same members, or write validation: 'none' or 'inner'."
            )
        object.__setattr__(self, "parts", MappingProxyType(parts))

    def __repr__(self) -> str:
        mark = "CONTAMINATED: " if self.contaminated else ""
        sizes = ", ".join(f"{part} {len(self.parts[part])}" for part in PARTS)
        return f"<Split {mark}{self.name}, {self.protocol}, fold {self.fold} of {self.n_folds}: {sizes} {self.unit}s>"

    @property
    def contaminated(self) -> bool:
        """Whether excerpts of one track may lie in two parts; all that is made from it must say so."""
        return self.protocol == "P1"

    def track_of(self, member: str) -> str:
        """Track of a member: of the excerpt ``"blues.00000@3"`` it is ``"blues.00000"``."""
        return member.rpartition("@")[0] if self.unit == "excerpt" else member

    def tracks(self, part: Part) -> tuple[str, ...]:
        """Tracks of a part, sorted, each once."""
        return tuple(sorted({self.track_of(member) for member in self.parts[part]}))

    def excerpts(self, part: Part) -> dict[str, tuple[int, ...]]:
        """Excerpt indices of each track of a part.

        Raises
        ------
        DataError
            If the members are whole tracks.
        """
        if self.unit != "excerpt":
            raise DataError(f"Split {self.name!r} assigns whole tracks; excerpts are cut from them afterwards.")
        indices: dict[str, list[int]] = {}
        for member in self.parts[part]:
            track_id, _, index = member.rpartition("@")
            indices.setdefault(track_id, []).append(int(index))
        return {track_id: tuple(sorted(values)) for track_id, values in indices.items()}

    def require_known(self, dataset: Dataset) -> None:
        """Check that the data set has every track.

        Raises
        ------
        DataError
            With the number of unknown tracks, the first of them and the nearest known one.
        """
        named = {track_id for part in PARTS for track_id in self.tracks(part)}
        unknown = sorted(named - set(dataset.index))
        if unknown:
            raise DataError(
                f"{len(unknown)} of the {len(named)} tracks of split {self.name!r} are not in the data set "
                f"{dataset.name!r}, first {unknown[0]!r}{did_you_mean(unknown[0], dataset.index)}."
            )

    def to_dict(self) -> dict[str, Any]:
        """As JSON-ready values, with the hash."""
        return {"format": FORMAT, **self._content(), "notes": list(self.notes), "hash": self.hash}

    def to_json(self) -> str:
        """As JSON text, members one a line."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n"

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of all but the notes: equal hashes mean equal splits."""
        canonical = json.dumps(self._content(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()

    def _content(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "protocol": self.protocol,
            "unit": self.unit,
            "fold": self.fold,
            "n_folds": self.n_folds,
            "seed": self.seed,
            "validation": self.validation,
            "missing": self.missing,
            "parts": {part: list(self.parts[part]) for part in PARTS},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Split:
        """The split that ``to_dict`` wrote; the proof that a run keeps with its split is passed over, and made anew.

        Raises
        ------
        DataError
            If a key is unknown or missing, the format is another, or the hash does not fit the members.
        """
        known = {"format", "notes", "hash", "name", "protocol", "unit", "fold", "n_folds", "seed", "validation"}
        known |= {"missing", "parts"}
        for key in values:
            if key not in known | {"proof"}:
                raise DataError(f"A split has no key {key!r}{did_you_mean(str(key), known)}.")
        lacking = sorted(known - {"hash", "notes"} - set(values))
        if lacking:
            raise DataError(f"A split needs the keys {lacking}, which are not there.")
        if values["format"] != FORMAT:
            raise DataError(f"This version reads splits of format {FORMAT}; found {values['format']!r}.")
        fields = {key: value for key, value in values.items() if key not in {"format", "hash", "proof"}}
        fields["parts"] = _parts(values["parts"])
        fields["notes"] = tuple(str(note) for note in values.get("notes", ()))
        for key in ("fold", "n_folds", "missing"):
            if not isinstance(fields[key], int):
                raise DataError(f"A split's {key} is a whole number; found {fields[key]!r}.")
        split = cls(**fields)
        if values.get("hash", split.hash) != split.hash:
            raise DataError(
                f"Split {split.name!r} was changed after it was written: its hash is {values['hash']}, "
                f"its content has {split.hash}. Remove the hash to use it as it is."
            )
        return split

    @classmethod
    def from_json(cls, text: str) -> Split:
        """The split that ``to_json`` wrote.

        Raises
        ------
        DataError
            If the text is not JSON, or not a split.
        """
        try:
            values = json.loads(text)
        except ValueError as error:
            raise DataError(f"Not a split: the text is not JSON ({error}).") from None
        if not isinstance(values, dict):
            raise DataError(f"Not a split: expected a JSON object, found {type(values).__name__}.")
        return cls.from_dict(values)


def read_split(path: str | Path) -> Split:
    """Read a split file that genrekit wrote.

    Raises
    ------
    DataError
        If the file cannot be read or is not a split; the message names it.
    """
    text = read_text(Path(path), what="a split file")
    try:
        return Split.from_json(text)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def _parts(values: object) -> dict[Part, tuple[str, ...]]:
    if not isinstance(values, dict):
        raise DataError(f"A split's parts map train, valid and test to lists; found {type(values).__name__}.")
    for part, members in values.items():
        if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
            raise DataError(f"The {part} part must be a list of strings.")
    return cast("dict[Part, tuple[str, ...]]", {part: tuple(members) for part, members in values.items()})
