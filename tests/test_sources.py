"""Short names of sources can be looked up: docs/sources.md has each that the code uses."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
CODE = re.compile(r"\b[EFMP][1-9]\b")


def test_every_short_name_in_the_code_is_listed() -> None:
    listed = set(CODE.findall((REPOSITORY / "docs" / "sources.md").read_text(encoding="utf-8")))
    modules = [*(REPOSITORY / "src").rglob("*.py"), *(REPOSITORY / "recipes").rglob("*.yaml")]
    used = {code for path in modules for code in CODE.findall(path.read_text(encoding="utf-8"))}
    assert used and used <= listed
