"""Progress that stays out of the way of the results: a bar on a terminal, and a line now and then in a log."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from genrekit.cli.terminal import messages
from genrekit.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Display", "display", "progress_bar"]

LINE_EVERY_S = 60.0


@dataclass(frozen=True)
class Display:
    """Where a verb that works through many files says what it has.

    Attributes
    ----------
    show : writes text with its newline to standard output, above the bar if there is one
    advance : one more file is done
    """

    show: Callable[[str], None]
    advance: Callable[[], None]


@contextmanager
def display(total: int, *, results_on_stdout: bool, task: str = "classifying") -> Iterator[Display]:
    """A display for `total` files.

    Parameters
    ----------
    total : number of files; below 2 there is no progress
    results_on_stdout : whether `show` will be used. If so and both streams are the terminal, the bar goes to standard
        output too, because only one writer can keep the cursor's place.
    task : what is being done, before the bar
    """
    if total < 2:
        yield Display(_show_plain, lambda: None)
        return
    if not sys.stderr.isatty():
        lines = _Lines(task)
        done = itertools.count(1)
        yield Display(_show_plain, lambda: lines.tell(next(done), total))
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """Files per second, over the last of them."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:.1f}/s" if speed else "")

    shared = results_on_stdout and sys.stdout.isatty()
    console = Console(file=sys.stdout) if shared else Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=True) as progress:
        shown = progress.add_task(task, total=total)

        def show(text: str) -> None:
            if shared:
                console.print(Text.from_ansi(text.removesuffix("\n")), soft_wrap=True)
            else:
                _show_plain(text)

        yield Display(show, lambda: progress.advance(shown))


class _Lines:
    """For a log, and for whoever looks into it: how far a long run is, once in `LINE_EVERY_S`."""

    def __init__(self, task: str) -> None:
        self._task = task
        self._start_s = self._told_s = time.monotonic()

    def tell(self, done: int, total: int) -> None:
        """Called at each step; the last says nothing, since what follows does."""
        now_s = time.monotonic()
        if now_s - self._told_s < LINE_EVERY_S or not 0 < done < total:
            return
        self._told_s = now_s
        rate = done / max(now_s - self._start_s, 1e-9)
        left = timedelta(seconds=round((total - done) / rate))
        messages.note(f"{self._task}: {done} of {total}, {rate:.1f}/s, {left} left")


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """A function to be called with steps done, their total and what is done.

    It draws a bar if a terminal sees it, and says how far it is once in `LINE_EVERY_S` if none does.
    """
    if not sys.stderr.isatty():
        lines = _Lines(title)
        yield lambda done, total, what: lines.tell(done, total)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total, what: bar.update(task, completed=done, total=total)


def _show_plain(text: str) -> None:
    if text:
        sys.stdout.write(text)
        sys.stdout.flush()
