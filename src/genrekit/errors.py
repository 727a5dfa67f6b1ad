"""Errors that a user can act on.

Every message says what was given, what was expected, and what to do. Anything else that escapes is a bug.
"""

from __future__ import annotations

__all__ = [
    "INSTALL_AGAIN",
    "AudioError",
    "DataError",
    "GenrekitError",
    "LeakError",
    "ModelFileError",
    "NoSuchDataError",
    "NoSuchModelError",
    "NoSuchRunError",
    "PlaceError",
    "RecipeError",
    "RunError",
    "UsageError",
]


# With what it depends on, as that may be what is missing.
INSTALL_AGAIN = "install genrekit again, from where you had it: pip install --force-reinstall WHEEL_OR_FOLDER"


class GenrekitError(Exception):
    """Root of all errors that genrekit raises on purpose; the command line prints its message without a traceback."""


class UsageError(GenrekitError):
    """What was asked for is not there, or cannot be as it was asked; nothing was begun. The exit code is 2."""


class AudioError(GenrekitError):
    """An audio file cannot be read, decoded or used."""


class DataError(GenrekitError):
    """A data set, archive, manifest or split file is not what it should be."""


class LeakError(DataError):
    """The parts of a split share more than its protocol allows."""


class NoSuchDataError(DataError, UsageError):
    """There is no data set, split or fold of this name or number."""


class PlaceError(DataError, UsageError):
    """A path cannot be used as it was named: output cannot go there, or its ending is wrong."""


class RecipeError(UsageError):
    """A recipe has an unknown key, a wrong value, or asks for what its data cannot give."""


class ModelFileError(GenrekitError):
    """A weights or ONNX file is not one, or does not fit this version."""


class NoSuchModelError(ModelFileError, UsageError):
    """There is no model of this name, or no file at this path."""


class RunError(GenrekitError):
    """A run folder is missing, incomplete, or belongs to another recipe."""


class NoSuchRunError(RunError, UsageError):
    """There is no run or experiment at this path."""
