"""How a matrix of runs is shown while it is trained: one line for each run that ends, and on a terminal bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from genrekit.experiments.dispatch import Event
    from genrekit.experiments.job import Job
    from genrekit.experiments.progress import MatrixProgress
    from genrekit.experiments.validation import Validation

__all__ = ["duration_text", "matrix_display", "percent_text", "validation_text"]


def duration_text(seconds: float) -> str:
    """Seconds for people: "41 s", "12 min", "3 h 05 min"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def percent_text(share: float | None) -> str:
    """0 to 1 in percent with one place, "-" if it is not known."""
    return "-" if share is None else f"{100 * share:.1f} %"


def validation_text(reached: Validation | None) -> str:
    """Scores on the validation part and epochs, as they stand in a line."""
    if reached is None:
        return "no epoch yet"
    if reached.kept_epoch is None:
        return f"{reached.epochs} epochs of its members"
    epochs = f"epoch {reached.kept_epoch} of {reached.epochs} kept"
    if reached.excerpt_accuracy is None:
        return f"no validation part, {epochs}"
    scores = f"{percent_text(reached.excerpt_accuracy)} of excerpts, {percent_text(reached.file_accuracy)} of tracks"
    return f"valid {scores}, {epochs}"


@contextmanager
def matrix_display(
    jobs: Sequence[Job], *, workers: int, more: int = 0, label: Callable[[Job], str] = lambda job: job.label
) -> Iterator[Callable[[Event], None]]:
    """A function that is told of all events of `dispatch` and says on standard error what people need to know.

    `more` runs are expected beside the `jobs`, as in a search that chooses as it goes; `label` names a run.
    """
    from rich.console import Console

    from genrekit.experiments.progress import MatrixProgress

    console = Console(stderr=True, highlight=False)
    progress = MatrixProgress(jobs, workers=workers, more=more)
    if not console.is_terminal:
        yield lambda event: _say(console, progress, event, label)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"))
    with Progress(*columns, console=console, transient=True) as bars:
        whole = bars.add_task("runs", total=progress.total, note="")
        tasks: dict[str, TaskID] = {}

        def see(event: Event) -> None:
            _say(console, progress, event, label)
            if event.job is not None and event.kind == "started":
                epochs = event.job.recipe.max_epochs
                tasks[event.job.name] = bars.add_task(label(event.job), total=epochs, note="loading")
            for name in [name for name in tasks if name not in progress.running]:
                bars.remove_task(tasks.pop(name))
            for name, task in tasks.items():
                reached = progress.running[name].validation
                scores = "" if reached is None else percent_text(reached.excerpt_accuracy)
                bars.update(task, completed=progress.running[name].epochs, note=f"valid {scores}" if scores else "")
            left_s = progress.left_s()
            note = "" if left_s is None else f"about {duration_text(left_s)} left"
            bars.update(whole, completed=progress.n_complete + progress.n_failed, note=note)

        yield see


def _say(console: Console, progress: MatrixProgress, event: Event, label: Callable[[Job], str]) -> None:
    from rich.text import Text

    from genrekit.experiments.validation import read_validation

    progress.see(event)
    job = event.job
    if job is None:
        return
    name = label(job)
    count = f"[{progress.n_complete + progress.n_failed}/{progress.total}]"
    if event.kind in ("finished", "known"):
        reached = validation_text(read_validation(job.run, job.recipe))
        took = "done before" if event.kind == "known" else duration_text(event.seconds)
        line = Text(f"{count} {name}: {reached}, {took}")
    elif event.kind == "failed":
        line = Text(f"{count} {name}: FAILED: {event.reason}", style="red")
    elif event.kind == "died":
        line = Text(f"{name}: {event.reason}; it is tried once more", style="yellow")
    elif event.kind == "waiting":
        line = Text(f"{name}: another process is training it; waiting for that", style="yellow")
    else:
        return
    console.print(line, soft_wrap=True)
