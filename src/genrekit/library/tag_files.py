"""Tagging one file: what would be written, and writing it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from genrekit.audio import display_name
from genrekit.audio.opening import open_decoder
from genrekit.errors import AudioError
from genrekit.file_identity import file_sha256
from genrekit.library.contents import require_same_contents
from genrekit.library.errors import TagError, as_tag_error
from genrekit.library.patch import apply_patch, make_patch
from genrekit.library.policy import Decision, TagPolicy, decide, left_alone
from genrekit.library.replacing import (
    ReplaceableFile,
    changes_owner,
    copy_beside,
    keep_looks,
    look_at,
    replace_by,
)
from genrekit.library.tag_journal import JournalEntry, TagJournal
from genrekit.library.tags import Tags, as_written, read_tags, write_genres

__all__ = ["TagPlan", "decided", "plan_file", "write_plan"]

CHANGES_OWNER = "belongs to another user; what takes its place belongs to you, also after an undo"


@dataclass(frozen=True)
class TagPlan:
    """One file, looked at.

    Attributes
    ----------
    path : as it was given
    file : the file itself: absolute, links resolved
    tags : what its tags say
    seen : by what a change in the meantime is noticed
    decision : what is to be written; None until it is known how the file sounds
    """

    path: str
    file: Path
    tags: Tags
    seen: ReplaceableFile
    decision: Decision | None = None


def plan_file(path: str, policy: TagPolicy, *, break_links: bool = False) -> TagPlan:
    """Look at a file; the decision is there already if the policy leaves it alone however it sounds.

    Raises
    ------
    TagError : if it cannot be tagged: missing, read-only, no format with tags, broken tags, hard links
    """
    try:
        file = Path(path).resolve(strict=True)
    except (OSError, ValueError, RuntimeError) as error:
        _refuse_as_audio(path)
        raise TagError(f"{display_name(path)}: {getattr(error, 'strerror', None) or error}") from error
    if file.is_dir():
        _refuse_as_audio(path)
    with as_tag_error(path), _named(file, path):
        seen = look_at(file, break_links=break_links)
        if not seen.size_bytes:
            _refuse_as_audio(path)
        tags = read_tags(file)
        if changes_owner(file):
            tags = replace(tags, notes=(*tags.notes, CHANGES_OWNER))
    absolute = os.path.abspath(path)  # noqa: PTH100 - takes ".." out, so that no folder counts that was left again
    reason = left_alone((path, absolute, str(file)), tags.genres, policy)
    return TagPlan(path, file, tags, seen, Decision(tags.genres, tags.genres, reason) if reason else None)


def decided(plan: TagPlan, probabilities: Mapping[str, float], genre: str, policy: TagPolicy) -> TagPlan:
    """The plan with its decision, or as it is if that is there already; `probabilities` and `genre` as in `Result`."""
    if plan.decision is not None:
        return plan
    decision = decide(plan.tags.genres, probabilities, genre, policy)
    if decision.changes and as_written(decision.new, plan.tags) == decision.old:
        decision = Decision(decision.old, decision.old, "has these already")
    return replace(plan, decision=decision)


def write_plan(plan: TagPlan, journal: TagJournal) -> JournalEntry:
    """Write what was decided: a copy is tagged, the journal is on the disk, and only then the copy takes the name.

    Raises
    ------
    TagError : if it cannot be written, or changed since it was looked at; the file is then as it was
    """
    if plan.decision is None or not plan.decision.changes:
        raise ValueError(f"nothing is to be written to {plan.path}")
    with as_tag_error(plan.path), _named(plan.file, plan.path), copy_beside(plan.file, content=True) as copy:
        # What is written back by an undo must be the bytes that were there, so the copy's own are recorded.
        old_sha256 = file_sha256(copy)
        with _named(copy, plan.path):
            write_genres(copy, plan.decision.new)
        require_same_contents(plan.file, copy)
        with plan.file.open("rb") as old, copy.open("rb") as new:
            patch = make_patch(old, new)
            # The promise to lead back is tried before the file is touched.
            back = hashlib.sha256()
            for block in apply_patch(patch, new):
                back.update(block)
        if back.hexdigest() != old_sha256:
            raise TagError(f"{display_name(plan.path)}: changed while it was being worked on; left as it is")
        keep_looks(plan.file, copy)
        entry = JournalEntry(
            path=str(plan.file),
            old=plan.decision.old,
            new=plan.decision.new,
            old_sha256=old_sha256,
            new_sha256=file_sha256(copy),
            mtime_ns=plan.seen.mtime_ns,
            patch=patch,
        )
        _require_unchanged(plan)
        journal.append(entry)
        replace_by(plan.file, copy, plan.seen)
    return entry


def _refuse_as_audio(path: str) -> None:
    """Say of what cannot be heard what whoever wants to hear it is told: one fault has one message."""
    try:
        _, _, source = open_decoder(path, None)
    except AudioError as error:
        raise TagError(str(error)) from error
    if source is not None:
        source.close()


@contextmanager
def _named(file: Path, path: str) -> Iterator[None]:
    """Let errors that speak of `file` name it as it was given, which is how all else about it is told."""
    try:
        yield
    except TagError as error:
        raise TagError(str(error).replace(display_name(file), display_name(path), 1)) from error


def _require_unchanged(plan: TagPlan) -> None:
    now = look_at(plan.file, break_links=True)
    # Names may have gone: of two names of one file, the first that is written is parted from the second.
    if replace(now, n_names=plan.seen.n_names) != plan.seen or now.n_names > plan.seen.n_names:
        raise TagError(f"{display_name(plan.path)}: changed since it was looked at; left as it is")
