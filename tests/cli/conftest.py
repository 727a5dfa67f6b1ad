"""The command line as a person has it, with a tiny model and a good file at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def classify(genrekit_cli: Callable, tiny_model_path: Path) -> Callable:
    def run(*arguments: object, **options: Any) -> Any:
        return genrekit_cli("classify", "--model", tiny_model_path, *arguments, **options)

    return run


@pytest.fixture
def good(write_tone: Callable[..., Path]) -> Path:
    return write_tone("good.wav")
