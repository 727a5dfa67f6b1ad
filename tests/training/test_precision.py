from __future__ import annotations

import json

import pytest
import torch
from lightning.pytorch import Trainer

from genrekit.training.precision import bfloat16_is_quick
from genrekit.training.preparation import prepare
from genrekit.training.trainer import train

CPU = torch.device("cpu")


def has(monkeypatch, **capabilities: bool) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True, "cpu_name": "any", **capabilities})


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({}, False),
        ({"avx512_f": True, "avx512_bf16": False}, False),
        ({"avx512_f": True, "avx512_bf16": True}, True),
        ({"amx_bf16": True}, True),
    ],
)
def test_a_processor_computes_in_bfloat16_only_with_instructions_of_its_own(monkeypatch, capabilities, expected):
    has(monkeypatch, **capabilities)
    assert bfloat16_is_quick(CPU) is expected
    assert bfloat16_is_quick(torch.device("cuda"))


@pytest.mark.parametrize(
    ("asked", "able", "used"),
    [("bf16", True, "bf16-mixed"), ("bf16", False, "32-true"), ("float32", True, "32-true")],
)
def test_a_recipes_bfloat16_is_taken_where_the_processor_can(make_recipe, tmp_path, monkeypatch, asked, able, used):
    has(monkeypatch, avx512_bf16=able)
    seen = []
    fit = Trainer.fit
    monkeypatch.setattr(Trainer, "fit", lambda self, *a, **k: (seen.append(self.precision), fit(self, *a, **k))[1])
    values = make_recipe().model_dump()["optimisation"] | {"max_epochs": 1, "precision": asked}
    run = train(prepare(make_recipe(optimisation=values), device=CPU), tmp_path)
    assert seen == [used]
    assert json.loads((run.folder / "environment.json").read_text())["cpu_bfloat16"] is able
