"""The report card's files: report.md, report.html and scores.json."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from genrekit.errors import DataError
from genrekit.evaluation.report_content import report_content
from genrekit.evaluation.report_html import render_html
from genrekit.evaluation.report_markdown import render_markdown
from genrekit.evaluation.summary import Evaluation

__all__ = ["write_report"]


def write_report(evaluation: Evaluation, folder: str | Path) -> tuple[Path, ...]:
    """Write report.md, report.html and scores.json into a folder, which is made if need be; older ones are replaced.

    The same evaluation gives the same bytes. Each file is whole or not there.

    Raises
    ------
    DataError : a file cannot be written
    """
    content = report_content(evaluation)
    texts = {
        "report.md": render_markdown(content),
        "report.html": render_html(content),
        "scores.json": json.dumps(evaluation.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
    }
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tuple(_write_whole(folder / name, text) for name, text in texts.items())
    except OSError as error:
        raise DataError(
            f"The report cannot be written to {folder}: {error}. Choose another folder with --output."
        ) from error


def _write_whole(path: Path, text: str) -> Path:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
    return path
