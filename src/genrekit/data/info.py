"""What a data set is, as data: where it is from, how to cite it, what may be done with it, what to expect."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DatasetInfo"]


@dataclass(frozen=True)
class DatasetInfo:
    """Facts of a data set for a person.

    Parameters
    ----------
    name : in the registry
    summary : one line
    contents : what its root holds, for someone who has it or wants to lay it out
    licence : what may be done with it
    citation : for publications; "" for one's own files
    source : where to get it; "" for one's own files
    download : address of an archive that `genrekit data download` can fetch; "" if there is none
    genres : label order; empty if the files decide
    n_tracks : to expect; None if the files decide
    recordings : data set of the audio that it was made of, to which a model of it can be applied; "" if it is audio
        itself, or there is none
    """

    name: str
    summary: str
    contents: str
    licence: str = ""
    citation: str = ""
    source: str = ""
    download: str = ""
    genres: tuple[str, ...] = ()
    n_tracks: int | None = None
    recordings: str = ""
