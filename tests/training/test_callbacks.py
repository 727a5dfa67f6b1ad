from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pl = pytest.importorskip("lightning.pytorch")

from disk_room import no_room_beyond  # noqa: E402

from genrekit.errors import RunError  # noqa: E402
from genrekit.training.callbacks import AtomicCheckpoints, RunCheckpoint  # noqa: E402


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


class Scored(pl.LightningModule):
    """Its one weight is the epoch's number, its score given."""

    def __init__(self, scores: list[float]) -> None:
        super().__init__()
        self.weight, self._scores = torch.nn.Parameter(torch.zeros(1)), scores

    def on_train_epoch_start(self) -> None:
        with torch.no_grad():
            self.weight.fill_(self.current_epoch)

    def training_step(self, *_: object) -> torch.Tensor:
        return 0 * self.weight.sum()

    def validation_step(self, *_: object) -> None:
        self.log("score", self._scores[self.current_epoch], batch_size=1)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.0)


def best_epoch(folder: Path, scores: list[float]) -> int:
    """Of a training that goes on from where the folder's last one stopped."""
    last = folder / "last.ckpt"
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=len(scores),
        callbacks=[RunCheckpoint(folder, "best", "score", mode="max"), RunCheckpoint(folder, "last")],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    batches = [torch.zeros(1)]
    trainer.fit(Scored(scores), batches, batches, ckpt_path=last if last.is_file() else None, weights_only=False)
    best = torch.load(folder / "best.ckpt", weights_only=False)
    return int(best["state_dict"]["weight"].item())


@pytest.mark.filterwarnings("ignore:.*num_workers|.*log_every_n_steps|.*works best if")
@pytest.mark.parametrize(("scores", "best"), [([0.9, 0.5, 0.6, 0.4], 0), ([0.5, 0.6, 0.4, 0.7], 3)])
def test_the_best_epoch_of_a_run_that_was_moved_is_still_the_best(
    tmp_path: Path, scores: list[float], best: int
) -> None:
    best_epoch(tmp_path / "run", scores[:2])
    (tmp_path / "run").rename(tmp_path / "moved")
    assert best_epoch(tmp_path / "moved", scores) == best
    assert not (tmp_path / "run").exists()


def test_runs_that_were_begun_with_lightnings_own_class_go_on(tmp_path: Path) -> None:
    ours, lightnings = (
        RunCheckpoint(tmp_path, "best", "score", mode="max"),
        pl.callbacks.ModelCheckpoint(tmp_path, "best", "score", mode="max", enable_version_counter=False),
    )
    assert ours.state_key == lightnings.state_key
    ours.load_state_dict(lightnings.state_dict())
