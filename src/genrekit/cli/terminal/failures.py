"""Files that failed, told as they fail, while the others go on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from genrekit.cli.terminal import messages

if TYPE_CHECKING:
    from genrekit.inference import Failure

__all__ = ["tell_failure"]


def tell_failure(failure: Failure, *, debug: bool) -> None:
    """Name the file and say what went wrong; with `debug` also where."""
    from genrekit.audio import display_name

    named = display_name(failure.path) in failure.error or failure.path in failure.error
    messages.error(failure.error if named else f"{failure.path}: {failure.error}")
    if debug and failure.cause is not None:
        import traceback

        sys.stderr.write("".join(traceback.format_exception(failure.cause)))
