from __future__ import annotations

import pytest

from genrekit.evaluation.view_names import view_name


@pytest.mark.parametrize(
    ("fusion", "name"), [(None, "excerpt-wise"), ("mean", "file-wise, mean"), ("vote", "file-wise, vote")]
)
def test_stored_scores_are_read_by_these_names(fusion: str | None, name: str) -> None:
    assert view_name(fusion) == name
