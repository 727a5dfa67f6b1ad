"""A whole collection of music: genre tags written by a policy, with a journal that takes all of it back.

mutagen (the extra `tag`) is imported when a file's tags are read, not with this package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genrekit.library.errors import TagError
    from genrekit.library.patch import Patch, make_patch
    from genrekit.library.policy import Decision, TagPolicy, decide
    from genrekit.library.policy_file import read_policy
    from genrekit.library.stored_results import read_results
    from genrekit.library.tag_files import TagPlan, plan_file, write_plan
    from genrekit.library.tag_journal import JournalEntry, TagJournal, read_journal
    from genrekit.library.tags import Tags, read_tags, write_genres
    from genrekit.library.undo import Undone, undo_entry

_HOME = {
    "TagError": "errors",
    "Patch": "patch",
    "make_patch": "patch",
    "Decision": "policy",
    "TagPolicy": "policy",
    "decide": "policy",
    "read_policy": "policy_file",
    "read_results": "stored_results",
    "TagPlan": "tag_files",
    "plan_file": "tag_files",
    "write_plan": "tag_files",
    "JournalEntry": "tag_journal",
    "TagJournal": "tag_journal",
    "read_journal": "tag_journal",
    "Tags": "tags",
    "read_tags": "tags",
    "write_genres": "tags",
    "Undone": "undo",
    "undo_entry": "undo",
}

__all__ = [
    "Decision",
    "JournalEntry",
    "Patch",
    "TagError",
    "TagJournal",
    "TagPlan",
    "TagPolicy",
    "Tags",
    "Undone",
    "decide",
    "make_patch",
    "plan_file",
    "read_journal",
    "read_policy",
    "read_results",
    "read_tags",
    "undo_entry",
    "write_genres",
    "write_plan",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
