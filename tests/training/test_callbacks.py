from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from disk_room import no_room_beyond  # noqa: E402

from genrekit.errors import RunError  # noqa: E402
from genrekit.training.callbacks import AtomicCheckpoints  # noqa: E402


def test_without_room_the_checkpoint_before_stays_and_the_message_says_so(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    large = {"weights": torch.zeros(100_000)}
    with no_room_beyond(20_000), pytest.raises(RunError, match=rf"Cannot write .*{path.name}: .*There is none yet"):
        AtomicCheckpoints().save_checkpoint(large, path)
    assert list(tmp_path.iterdir()) == []
    AtomicCheckpoints().save_checkpoint({"epoch": 1}, path)
    with no_room_beyond(20_000), pytest.raises(RunError, match="The previous one is kept; make room") as raised:
        AtomicCheckpoints().save_checkpoint(large, path)
    assert ".partial" not in str(raised.value) and "/tmp" not in str(raised.value).replace(str(tmp_path), "")
    assert torch.load(path, weights_only=False) == {"epoch": 1}
    assert list(tmp_path.iterdir()) == [path]
