"""The files of report cards: report.md, report.html and scores.json."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from genrekit.errors import DataError
from genrekit.evaluation.protocols_card import protocol_folder, protocols_content, protocols_dict
from genrekit.evaluation.report_content import report_content
from genrekit.evaluation.report_html import render_html
from genrekit.evaluation.report_markdown import render_markdown
from genrekit.evaluation.report_parts import ReportContent
from genrekit.evaluation.summary import Evaluation
from genrekit.whole_file import written_whole

__all__ = ["write_content", "write_protocols", "write_report"]


def write_report(evaluation: Evaluation, folder: str | Path) -> tuple[Path, ...]:
    """Write report.md, report.html and scores.json into a folder, which is made if need be; older ones are replaced.

    Those of another part than test have its name, as report_valid.md: they must not take the test's place. The same
    evaluation gives the same bytes. Each file is whole or not there.

    Raises
    ------
    DataError : a file cannot be written
    """
    scores = json.dumps(evaluation.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    suffix = "" if evaluation.part == "test" else f"_{evaluation.part}"
    page = _rendered(report_content(evaluation), f"report{suffix}")
    return _write_all(folder, {**page, f"scores{suffix}.json": scores})


def write_protocols(evaluations: Sequence[Evaluation], folder: str | Path) -> tuple[Path, ...]:
    """Write a page of several protocols (report.md, report.html, scores.json) and, in a folder each, their own cards.

    Raises
    ------
    DataError : a file cannot be written
    """
    suffix = "" if evaluations[0].part == "test" else f"_{evaluations[0].part}"
    scores = json.dumps(protocols_dict(evaluations), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    page = _rendered(protocols_content(evaluations), f"report{suffix}")
    written = _write_all(folder, {**page, f"scores{suffix}.json": scores})
    for evaluation in evaluations:
        written += write_report(evaluation, Path(folder) / protocol_folder(evaluation))
    return written


def write_content(content: ReportContent, folder: str | Path, *, name: str) -> tuple[Path, ...]:
    """Write a page as name.md and name.html into a folder, as `write_report` does.

    Raises
    ------
    DataError : a file cannot be written
    """
    return _write_all(folder, _rendered(content, name))


def _rendered(content: ReportContent, name: str) -> dict[str, str]:
    return {f"{name}.md": render_markdown(content), f"{name}.html": render_html(content)}


def _write_all(folder: str | Path, texts: Mapping[str, str]) -> tuple[Path, ...]:
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            with written_whole(folder / name) as partial:
                partial.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(
            f"The report cannot be written to {folder}: {error}. Choose another folder with --output."
        ) from error
    return tuple(folder / name for name in texts)
