"""The parts that a report card is made of, before any markup: facts, tables, figures, sections."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["COMPUTED", "Bullets", "Cell", "Fact", "Figure", "ReportContent", "Section", "Table"]


@dataclass(frozen=True)
class Cell:
    """Text of a table's cell, of lines where the format can; `share` (0..1) draws a bar behind it where it can."""

    text: str
    strong: bool = False
    share: float | None = None


@dataclass(frozen=True)
class Table:
    """Rows under a header. `text_columns` are those that hold words; the others hold figures."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    text_columns: frozenset[int] = frozenset({0})


@dataclass(frozen=True)
class Figure:
    """A drawing (SVG, coloured by the style sheet), and the same as a table for formats without drawings."""

    svg: str
    caption: str
    table: Table


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """A titled part of the card."""

    title: str
    paragraphs: tuple[str, ...] = ()
    blocks: tuple[Table | Figure | Bullets, ...] = ()


@dataclass(frozen=True)
class Fact:
    """A figure of the headline, what it is, and what it means."""

    label: str
    value: str
    detail: str


# Begins the footer of every page, by which a page of before is known when it is to be replaced.
COMPUTED = "Computed from stored predictions alone"


@dataclass(frozen=True)
class ReportContent:
    """All of a card. `banner` is what must not be overlooked, or empty."""

    title: str
    banner: str
    lead: str
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...]
    footer: tuple[str, ...] = field(default=())
