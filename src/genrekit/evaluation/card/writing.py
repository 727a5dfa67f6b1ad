"""The files of report cards: report.md, report.html and scores.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from genrekit.errors import DataError
from genrekit.evaluation.card.content import report_content
from genrekit.evaluation.card.html import render_html
from genrekit.evaluation.card.markdown import render_markdown
from genrekit.evaluation.card.parts import COMPUTED, ReportContent
from genrekit.evaluation.card.protocols import protocol_folder, protocols_content, protocols_dict
from genrekit.evaluation.summary import Evaluation
from genrekit.output_places import require_earlier, require_folder
from genrekit.whole_file import written_whole

__all__ = ["require_card_place", "require_page_place", "write_content", "write_protocols", "write_report"]

# Of every scores.json.
SCORES_BEGINNING = '{\n "format": 1,'


def require_card_place(folder: Path, *, part: str, below: Iterable[str] = ()) -> None:
    """Say before the scoring what would keep `write_report` or `write_protocols` from writing.

    Parameters
    ----------
    folder : of the card
    part : that is scored
    below : names of the folders in it with cards of their own

    Raises
    ------
    PlaceError : if files cannot be written there, or one of that name is no earlier card's
    """
    require_folder(folder, "the report")
    for one in (folder, *(folder / name for name in below)):
        _require_own(one, _names(part))


def require_page_place(folder: Path, *, name: str, tables: Mapping[str, str]) -> None:
    """Say beforehand what would keep `write_content` from writing.

    Parameters
    ----------
    folder, name : of the page
    tables : names of the files of CSV beside it, and the line that each begins with

    Raises
    ------
    PlaceError : as `require_card_place`
    """
    require_folder(folder, "the page")
    _require_own(folder, (f"{name}.md", f"{name}.html"))
    for table, header in tables.items():
        require_earlier(folder / table, beginning=header)


def write_report(evaluation: Evaluation, folder: str | Path) -> tuple[Path, ...]:
    """Write report.md, report.html and scores.json into a folder, which is made if need be; earlier ones are replaced.

    Those of another part than test have its name, as report_valid.md: they must not take the test's place. The same
    evaluation gives the same bytes. Each file is whole or not there.

    Raises
    ------
    DataError : a file cannot be written; PlaceError if one is there that is no earlier card's
    """
    return _write_card(report_content(evaluation), evaluation.to_dict(), Path(folder), evaluation.part)


def write_protocols(evaluations: Sequence[Evaluation], folder: str | Path) -> tuple[Path, ...]:
    """Write a page of several protocols (report.md, report.html, scores.json) and, in a folder each, their own cards.

    Raises
    ------
    DataError : as `write_report`
    """
    folder, part = Path(folder), evaluations[0].part
    for evaluation in evaluations:
        _require_own(folder / protocol_folder(evaluation), _names(part))
    written = _write_card(protocols_content(evaluations), protocols_dict(evaluations), folder, part)
    for evaluation in evaluations:
        written += write_report(evaluation, folder / protocol_folder(evaluation))
    return written


def write_content(
    content: ReportContent, folder: str | Path, *, name: str, tables: Mapping[str, str]
) -> tuple[Path, ...]:
    """Write a page as name.md and name.html into a folder, as `write_report` does, and files of CSV beside it.

    Parameters
    ----------
    tables : name of each of those, and its text; an earlier one begins with the same line

    Raises
    ------
    DataError : as `write_report`
    """
    headers = {table: text.partition("\n")[0] for table, text in tables.items()}
    for table, header in headers.items():
        require_earlier(Path(folder) / table, beginning=header)
    return _write_all(Path(folder), {**_rendered(content, name), **tables})


def _write_card(content: ReportContent, scores: Mapping[str, Any], folder: Path, part: str) -> tuple[Path, ...]:
    _require_own(folder, _names(part))
    page, text = (
        _rendered(content, f"report{_suffix(part)}"),
        json.dumps(scores, indent=1, ensure_ascii=False, allow_nan=False),
    )
    return _write_all(folder, {**page, f"scores{_suffix(part)}.json": f"{text}\n"})


def _suffix(part: str) -> str:
    return "" if part == "test" else f"_{part}"


def _names(part: str) -> tuple[str, ...]:
    return tuple(
        f"{name}{_suffix(part)}.{kind}" for name, kind in (("report", "md"), ("report", "html"), ("scores", "json"))
    )


def _require_own(folder: Path, names: Iterable[str]) -> None:
    for path in (folder / name for name in names):
        if path.suffix == ".json":
            require_earlier(path, beginning=SCORES_BEGINNING)
        else:
            require_earlier(path, mark=COMPUTED)


def _rendered(content: ReportContent, name: str) -> dict[str, str]:
    return {f"{name}.md": render_markdown(content), f"{name}.html": render_html(content)}


def _write_all(folder: Path, texts: Mapping[str, str]) -> tuple[Path, ...]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            with written_whole(folder / name) as partial:
                partial.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(
            f"The report cannot be written to {folder}: {error.strerror or error}. Choose another folder with --output."
        ) from error
    return tuple(folder / name for name in texts)
