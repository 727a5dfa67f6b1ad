"""The report card as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from genrekit.evaluation.card.parts import Bullets, Cell, Figure, ReportContent, Section, Table

__all__ = ["render_markdown"]


def render_markdown(content: ReportContent) -> str:
    """The whole card as GitHub-flavoured Markdown; drawings are given as tables."""
    lines = [f"# {_escape(content.title)}", ""]
    if content.banner:
        lines += [f"> **{_escape(content.banner)}**", ""]
    lines += [_escape(content.lead), ""]
    facts = tuple((Cell(fact.label), Cell(fact.value, strong=True), Cell(fact.detail)) for fact in content.facts)
    if facts:
        lines += [*_table(Table(("headline", "", ""), facts, text_columns=frozenset({0, 2}))), ""]
    for section in content.sections:
        lines += _section(section)
    lines += ["---", ""]
    for line in content.footer:
        lines += [_escape(line), ""]
    return "\n".join(lines).rstrip() + "\n"


def _section(section: Section) -> Iterator[str]:
    yield f"## {_escape(section.title)}"
    yield ""
    for paragraph in section.paragraphs:
        yield _escape(paragraph)
        yield ""
    for block in section.blocks:
        if isinstance(block, Bullets):
            yield from (f"- {_escape(item)}" for item in block.items)
        elif isinstance(block, Figure):
            yield from _table(block.table)
        else:
            yield from _table(block)
        yield ""


def _table(table: Table) -> Iterator[str]:
    yield _row(Cell(name) for name in table.header)
    yield _row(Cell("---" if column in table.text_columns else "---:") for column in range(len(table.header)))
    for row in table.rows:
        yield _row(iter(row))


def _row(cells: Iterator[Cell]) -> str:
    texts = [f"**{_escape(cell.text)}**" if cell.strong and cell.text else _escape(cell.text) for cell in cells]
    return f"| {' | '.join(texts)} |"


def _escape(text: str) -> str:
    for mark in ("\\", "|", "*", "_", "`", "<", "["):
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())
