"""`genrekit tag undo`: every file of a journal gets the bytes back that it had."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Annotated

import typer

from genrekit.cli.help.examples import examples
from genrekit.cli.music.tag_run import clear_leftovers, listed, require_mutagen, tell_leftovers
from genrekit.cli.terminal import messages
from genrekit.cli.terminal.progress import display

__all__ = ["undo"]

EXIT_FAILED = 1


@examples(
    """
    # See what would be restored
    genrekit tag undo genrekit-tags-20260101-120000.jsonl --dry-run

    # Give every file its old bytes back
    genrekit tag undo genrekit-tags-20260101-120000.jsonl
    """
)
def undo(
    journal: Annotated[
        Path, typer.Argument(metavar="JOURNAL", help="What genrekit tag --write told.", show_default=False)
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be restored.")] = False,
    break_links: Annotated[
        bool, typer.Option("--break-links", help="Restore files that have several names (hard links) by now.")
    ] = False,
) -> None:
    """Give every file of a journal the bytes back that it had before `genrekit tag --write`.

    A file that was changed since, or is missing, is left as it is and named. It may be done again at any time.

    Exit code: 0 all is as it was; 1 some file is not, and the others are; 2 wrong usage.
    """
    from genrekit.audio import display_name
    from genrekit.library.errors import TagError
    from genrekit.library.tag_journal import locked, read_folders, read_journal
    from genrekit.library.undo import undo_entry

    require_mutagen()
    if not journal.is_file():
        raise typer.BadParameter(f"{journal}: no such journal; genrekit tag --write told its name")
    n_failed = n_restored = 0
    verb = "would be restored" if dry_run else "restored"
    with locked(journal):
        entries = list(read_journal(journal))
        folders = sorted(read_folders(journal))
        tell_leftovers(folders) if dry_run else clear_leftovers(folders)
        with display(len(entries), results_on_stdout=True, task="restoring") as shown:
            # Bytes that the entries before lead back to.
            earlier: defaultdict[str, list[str]] = defaultdict(list)
            for entry in entries:
                earlier[entry.path].append(entry.old_sha256)
            # What each file would be by now, if this is only said.
            assumed: dict[str, str] = {}
            # Last first: a file may have been written by several runs.
            for entry in reversed(entries):
                earlier[entry.path].pop()
                try:
                    undone = undo_entry(
                        entry,
                        write=not dry_run,
                        break_links=break_links,
                        assumed_sha256=assumed.get(entry.path),
                        earlier_sha256=earlier[entry.path],
                    )
                except TagError as error:
                    n_failed += 1
                    messages.error(str(error))
                else:
                    done = undone.state == "restored"
                    if dry_run and done:
                        assumed[entry.path] = entry.old_sha256
                    n_restored += done
                    change = f"{listed(entry.new)} -> {listed(entry.old)}" if done else "="
                    shown.show(f"{change}  ({verb if done else undone.state})  {display_name(undone.path)}\n")
                shown.advance()
    messages.note(f"{n_restored} of {len(entries)} {verb}" + (f"; {n_failed} could not be" if n_failed else ""))
    if n_failed:
        raise typer.Exit(EXIT_FAILED)
