"""The facts of evaluation protocols and of Sturm's index, as the package ships them."""

from __future__ import annotations

from collections import Counter

from genrekit.data.sets.gtzan_facts import GENRES, gtzan_facts, known_faults


def test_thousand_tracks_a_hundred_each() -> None:
    assert Counter(track_id.split(".")[0] for track_id in gtzan_facts()) == dict.fromkeys(GENRES, 100)
    assert list(gtzan_facts()) == sorted(gtzan_facts())


def test_artists_of_the_index() -> None:
    facts = gtzan_facts()
    assert len({fact.artist for fact in facts.values()} - {None}) == 271
    assert sum(fact.artist is None for fact in facts.values()) == 17
    # This line of the index lacks a blank before its separator.
    assert facts["reggae.00051"].artist == "Amand Van Helden & DJ Sneak"
    assert facts["country.00002"].artist is None
    assert facts["country.00002"].title == "I Wish I Had A Nickel"


def test_sizes_of_the_published_lists() -> None:
    facts = gtzan_facts().values()
    assert Counter(fact.filtered for fact in facts) == {"train": 443, "valid": 197, "test": 290, None: 70}
    assert Counter(fact.stratified for fact in facts) == {"train": 500, "valid": 250, "test": 250}
    assert Counter(fact.artist_fold for fact in facts) == {1: 315, 2: 316, 3: 317, None: 52}


def test_hashes_find_fourteen_groups_of_copies() -> None:
    counts = Counter(fact.wav_sha256 for fact in gtzan_facts().values())
    assert sum(count > 1 for count in counts.values()) == 14
    assert all(len(digest) == 64 for digest in counts)


def test_the_known_fault() -> None:
    (fault,) = known_faults()
    assert (fault.kind, fault.track_id) == ("undecodable", "jazz.00054")
    assert gtzan_facts()["jazz.00054"].wav_bytes == 1_207_592
