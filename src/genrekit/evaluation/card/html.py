"""The report card as one HTML file: style and drawings inside, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib import resources

from genrekit.evaluation.card.parts import Bullets, Cell, Figure, ReportContent, Section, Table

__all__ = ["render_html"]


def render_html(content: ReportContent) -> str:
    """The whole card as a page that reads well on light and dark screens and on paper."""
    style = resources.files("genrekit.evaluation.card").joinpath("card.css").read_text(encoding="utf-8")
    out = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{escape(content.title)}</title>",
        f"<style>\n{style}</style></head><body><main>",
        "<header>",
    ]
    if content.banner:
        out.append(f'<p class="banner" role="alert">{escape(content.banner)}</p>')
    out.append(f"<h1>{escape(content.title)}</h1>")
    out.append(f'<p class="lead">{escape(content.lead)}</p>')
    if content.facts:
        out.append('<dl class="facts">')
    for fact in content.facts:
        out.append(
            f"<div><dt>{escape(fact.label)}</dt><dd><b>{escape(fact.value)}</b>"
            f"<small>{escape(fact.detail)}</small></dd></div>"
        )
    out.append("</dl></header>" if content.facts else "</header>")
    for section in content.sections:
        out += _section(section)
    out.append("<footer>")
    out += [f"<p>{escape(line)}</p>" for line in content.footer]
    out.append("</footer></main></body></html>")
    return "\n".join(out) + "\n"


def _section(section: Section) -> Iterator[str]:
    yield f"<section><h2>{escape(section.title)}</h2>"
    for paragraph in section.paragraphs:
        yield f"<p>{escape(paragraph)}</p>"
    for block in section.blocks:
        if isinstance(block, Bullets):
            yield "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in block.items) + "</ul>"
        elif isinstance(block, Figure):
            yield f"<figure>{block.svg}<figcaption>{escape(block.caption)}</figcaption></figure>"
            yield "<details><summary>As a table</summary>"
            yield from _table(block.table)
            yield "</details>"
        else:
            yield from _table(block)
    yield "</section>"


def _table(table: Table) -> Iterator[str]:
    yield '<div class="scroll"><table>'
    if table.caption:
        yield f"<caption>{escape(table.caption)}</caption>"
    heads = (f'<th scope="col"{_class(index, table)}>{escape(name)}</th>' for index, name in enumerate(table.header))
    yield f"<thead><tr>{''.join(heads)}</tr></thead><tbody>"
    for row in table.rows:
        yield "<tr>" + "".join(_cell(cell, index, table) for index, cell in enumerate(row)) + "</tr>"
    yield "</tbody></table></div>"


def _cell(cell: Cell, index: int, table: Table) -> str:
    lines = escape(cell.text).replace("\n", "<br>")
    text = f"<b>{lines}</b>" if cell.strong else lines
    if cell.share is None:
        return f"<td{_class(index, table)}>{text}</td>"
    return f'<td class="number bar" style="--share:{100 * cell.share:.1f}%">{text}</td>'


def _class(index: int, table: Table) -> str:
    return "" if index in table.text_columns else ' class="number"'
