"""An audit of a data set as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genrekit.cli.terminal.text_output import columns

if TYPE_CHECKING:
    from genrekit.data.checks.audit import Audit

__all__ = ["render_audit"]

MAX_LISTED = 20


def render_audit(found: Audit) -> str:
    """An audit as text: genres, durations, faults, and what would leak."""
    lines = [f"{found.dataset}: {found.n_tracks} tracks, {found.n_artists} known artists", ""]
    rows: list[tuple[str, ...]] = [("genre", "tracks", "artists", "unknown", "most tracks by")]
    for genre in found.genres:
        top = ", ".join(f"{artist} {count}" for artist, count in genre.top_artists)
        counts = (str(genre.n_tracks), str(genre.n_artists), str(genre.n_unknown_artists))
        rows.append((genre.genre, *counts, top))
    lines += [columns(rows), ""]
    if found.durations is not None:
        d = found.durations
        lines.append(
            f"durations: {d.shortest_s:.2f} to {d.longest_s:.2f} s, median {d.median_s:.2f} s, "
            f"{d.total_s / 3600:.2f} hours in all"
        )
    lines.append(f"faults: {', '.join(f'{n} {kind}' for kind, n in found.fault_counts.items()) or 'none'}")
    shown = [f"  {fault.kind}: {fault.track_id or found.dataset}: {fault.detail}" for fault in found.faults]
    lines += _some(shown, found.faults, "faults")
    lines.append(f"bit-identical copies: {len(found.copies)} groups")
    lines += _some(["  " + " = ".join(group) for group in found.copies], found.copies, "groups")
    lines.append(
        f"same artist and title: {len(found.recordings)} groups, {found.n_redundant} tracks more than recordings"
    )
    lines.append(
        f"same recording by fingerprint: {len(found.matches)} pairs, of which {len(found.new_matches)} are told by "
        "neither copies nor titles"
    )
    pairs = [f"  {m.first} ~ {m.second} (score {m.score:.1f}, offset {m.offset_s:+.1f} s)" for m in found.new_matches]
    lines += _some(pairs, found.new_matches, "pairs")
    return "\n".join(lines)


def _some(lines: list[str], whole: tuple[object, ...], what: str) -> list[str]:
    rest = len(whole) - MAX_LISTED
    return lines[:MAX_LISTED] + ([f"  and {rest} {what} more; --format json has all"] if rest > 0 else [])
