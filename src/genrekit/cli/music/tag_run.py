"""One run of `genrekit tag` through files: looked at, decided, shown, and written if there is a journal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genrekit.cli.terminal import messages
from genrekit.cli.terminal.streams import require_reader
from genrekit.suggestion import unknown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genrekit.cli.terminal.progress import Display
    from genrekit.library.policy import TagPolicy
    from genrekit.library.tag_files import TagPlan
    from genrekit.library.tag_journal import TagJournal
    from genrekit.results.stored_results import StoredResults

__all__ = ["TagRun", "clear_leftovers", "listed", "require_mutagen", "tell_leftovers"]


class TagRun:
    """One run through files: what is counted, and what all of them share."""

    def __init__(
        self,
        policy: TagPolicy,
        stored: StoredResults | None,
        *,
        model: str,
        jobs: int | None,
        break_links: bool,
    ) -> None:
        self._policy, self._stored = policy, stored
        self._model, self._jobs, self._break_links = model, jobs, break_links
        self.n_changes = self.n_failed = self.n_with_genre = 0
        self._names_to_check = set(policy.names)

    def go(self, files: Sequence[str], shown: Display, journal: TagJournal | None) -> None:
        """Look at each file, decide, show, and write if there is a journal.

        Raises
        ------
        ReaderGone : if nobody reads what is shown any more, and not all is done
        """
        from genrekit.audio import display_name
        from genrekit.library.errors import TagError
        from genrekit.library.policy import HAS_A_GENRE
        from genrekit.library.tag_files import write_plan

        if self._stored is not None and not self._stored.knows_changes:
            messages.warning(
                "the results' own list of what the files were (RESULTS.state) is not beside them: a file that changed "
                "since it was heard is not noticed"
            )
        plans = self._planned(files)
        folders = [plan.file.parent for plan in plans if not isinstance(plan, str)]
        tell_leftovers(folders) if journal is None else clear_leftovers(folders)
        told = False
        for planned in self._decided(plans):
            # Who closed the list may have seen in it that this is not what they want.
            require_reader()
            shown.advance()
            if isinstance(planned, str):
                self._fail(planned)
                continue
            decision = planned.decision
            assert decision is not None
            where = display_name(planned.path)
            if str(planned.file) != str(Path(planned.path).absolute()) and Path(planned.path).is_symlink():
                where += f" (a link to {display_name(planned.file)})"
            if not decision.changes:
                self.n_with_genre += decision.reason == HAS_A_GENRE
                shown.show(f"{listed(decision.old)}  ({display_name(decision.reason)})  {where}\n")
                continue
            if journal is not None:
                if not told:
                    # Before the first is written, because a run that does not come to its end has written files too.
                    messages.note(f"journal: {journal.path}")
                    told = True
                try:
                    write_plan(planned, journal)
                except TagError as error:
                    self._fail(str(error))
                    continue
            self.n_changes += 1
            assert decision.confidence is not None
            sure = f"{decision.confidence:.0%}"
            shown.show(f"{listed(decision.old)} -> {listed(decision.new)}  {sure}  {where}\n")
            for note in planned.tags.notes:
                messages.warning(f"{planned.path}: {note}")

    def _planned(self, files: Sequence[str]) -> list[TagPlan | str]:
        from genrekit.audio import display_name
        from genrekit.library.errors import TagError
        from genrekit.library.tag_files import plan_file

        planned: list[TagPlan | str] = []
        seen: dict[Path, str] = {}
        for path in files:
            try:
                plan = plan_file(path, self._policy, break_links=self._break_links)
            except TagError as error:
                planned.append(str(error))
                continue
            first = seen.setdefault(plan.file, path)
            if first != path:
                messages.note(f"{path}: the same file as {display_name(first)}; done once")
                continue
            planned.append(plan)
        return planned

    def _decided(self, plans: list[TagPlan | str]) -> Iterator[TagPlan | str]:
        from genrekit.library.tag_files import decided

        unheard = [plan.path for plan in plans if not isinstance(plan, str) and plan.decision is None]
        with closing(self._heard(unheard)) as heard:
            for plan in plans:
                if isinstance(plan, str) or plan.decision is not None:
                    yield plan
                    continue
                result = next(heard) if self._stored is None else self._stored.of(plan.path)
                if result is None:
                    yield f"{plan.path}: not among the results; classify it too, or leave --results out"
                elif result.probabilities is None:
                    yield result.error if plan.path in result.error else f"{plan.path}: {result.error}"
                else:
                    self._tell_strange_names(result.probabilities)
                    for warning in result.warnings:
                        messages.warning(f"{plan.path}: {warning}")
                    yield decided(plan, result.probabilities, result.genre, self._policy)

    def _heard(self, paths: Sequence[str]) -> Any:
        """A generator of stored results for files that are classified now; loads no model if there are none."""
        from genrekit.results.stored_results import StoredResult

        if not paths or self._stored is not None:
            return
        from genrekit.audio.file_processes import MANY_FILES
        from genrekit.inference import Failure, load

        processes = len(paths) >= MANY_FILES
        with closing(load(self._model).classify_many(paths, n_jobs=self._jobs, processes=processes)) as outcomes:
            for outcome in outcomes:
                if isinstance(outcome, Failure):
                    yield StoredResult(error=outcome.error)
                else:
                    yield StoredResult(outcome.genre, dict(outcome.probabilities), warnings=outcome.warnings)

    def _tell_strange_names(self, genres: Collection[str]) -> None:
        """Once, when it is known which genres the model has: a policy may serve several models, and may be mistyped."""
        for name in sorted(self._names_to_check.difference(genres)):
            messages.warning(f"a name is given for a genre that this model does not have: {unknown_name(name, genres)}")
        self._names_to_check.clear()

    def _fail(self, text: str) -> None:
        self.n_failed += 1
        messages.error(text)


def tell_leftovers(folders: Iterable[Path]) -> None:
    """Say which copies killed runs have left in these folders."""
    from genrekit.library.copies import find_leftovers

    for path in find_leftovers(folders):
        messages.note(f"{path}: a copy that a killed run left; it goes when tags are written here, or taken back")


def clear_leftovers(folders: Iterable[Path]) -> None:
    """Remove the copies that killed runs have left in these folders, and say so."""
    from genrekit.library.copies import find_leftovers, remove_leftover

    for path in find_leftovers(folders):
        try:
            if remove_leftover(path):
                messages.note(f"{path}: removed; a copy that a killed run left")
        except OSError as error:
            messages.warning(f"{path}: a copy that a killed run left cannot be removed: {error.strerror or error}")


def require_mutagen() -> None:
    # Before the first file, so that its absence is told once and with the pip line.
    import filelock  # noqa: F401 - that it is missing is told before the first file is heard
    import mutagen  # noqa: F401 - likewise


def listed(genres: Sequence[str]) -> str:
    """The genres of a file as one printable line: a stranger's tags may hold a terminal's commands."""
    from genrekit.audio import display_name

    return ", ".join(map(display_name, genres)) or "(none)"
