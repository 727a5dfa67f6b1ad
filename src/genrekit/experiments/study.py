"""A study on disk: Optuna's journal, and what it is a study of, so that another search is not mixed into it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from filelock import FileLock, Timeout

from genrekit.errors import RunError
from genrekit.evaluation.run_folder import JOURNAL_NAME, LOGS_NAME
from genrekit.experiments.journal import Journal
from genrekit.line_files import cut_torn_end
from genrekit.training.run import write_text_atomically

if TYPE_CHECKING:
    from optuna.study import Study

__all__ = ["StudyFolder"]

Direction = Literal["maximize", "minimize"]

FORMAT = 1
NAME = "search"


@dataclass(frozen=True)
class StudyFolder:
    """Where a search keeps all that it has tried.

    Attributes
    ----------
    folder : holds `study.json` (what is searched), `optuna.jsonl` (Optuna's journal), `journal.jsonl` (what happened to
        each run), `runs` and `logs`
    """

    folder: Path

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def journal(self) -> Journal:
        return Journal(self.folder / JOURNAL_NAME)

    @property
    def logs(self) -> Path:
        return self.folder / LOGS_NAME

    @contextmanager
    def open(self, of: dict[str, Any], *, direction: Direction) -> Iterator[Study]:
        """The study, held by this process alone until the end of the block.

        Parameters
        ----------
        of : what is searched, as JSON values: recipe, space, folds, seeds
        direction : "maximize" or "minimize"

        Raises
        ------
        RunError
            If another process works on it, it is a study of something else, or the folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / ".study.lock", blocking=False)
            lock.acquire()
        except Timeout:
            raise RunError(
                f"Another process works on the study {self.folder}. Wait for it, or stop it and "
                "start it again with more --jobs."
            ) from None
        except OSError as error:
            raise RunError(
                f"Cannot write to {self.folder}: {error.strerror or error}. Choose another --study."
            ) from error
        try:
            self._require_same(of)
            yield self._study(direction)
        finally:
            lock.release()

    def _require_same(self, of: dict[str, Any]) -> None:
        path = self.folder / "study.json"
        # As it is read back, with lists for tuples.
        wanted = json.loads(json.dumps({"format": FORMAT, **of}))
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            write_text_atomically(path, json.dumps(wanted, indent=1) + "\n")
            return
        except (OSError, ValueError) as error:
            raise RunError(f"{path} cannot be read ({error}). Choose another --study.") from error
        differing = sorted(key for key in {*known, *wanted} if known.get(key) != wanted.get(key))
        if differing:
            key = differing[0]
            raise RunError(
                f"{self.folder} is a study of another search: {key} is {known.get(key)!r} there and "
                f"{wanted.get(key)!r} here. Choose another --study, or ask for the same."
            )

    def _study(self, direction: Direction) -> Study:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        path = self.folder / "optuna.jsonl"
        if path.is_file():
            cut_torn_end(path)
        storage = JournalStorage(JournalFileBackend(str(path), lock_obj=_HeldAlready()))  # type: ignore[arg-type]
        return optuna.create_study(storage=storage, study_name=NAME, direction=direction, load_if_exists=True)


class _HeldAlready:
    """In place of Optuna's lock of its journal: the study's own keeps others out, and ends with its process."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        return None
