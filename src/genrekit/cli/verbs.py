"""The table of verbs: all that `genrekit --help` says of them, known before the module of any is imported."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.main import get_command, get_group

from genrekit.cli.help.examples import ExampledCommand, with_exit_codes

__all__ = ["VERBS", "Verb", "load_verb"]


@dataclass(frozen=True)
class Verb:
    """A verb, known before its module is imported.

    Attributes
    ----------
    name : as it is typed
    target : "module:name" below genrekit.cli, of a function or of a `typer.Typer` with verbs of its own
    help : one line for `genrekit --help`
    panel : heading that it stands under there
    needs : what it needs beyond the light install, for people; "" if nothing
    extra : the lightest of `EXTRAS` that brings that
    """

    name: str
    target: str
    help: str
    panel: str
    needs: str = ""
    extra: str = "train"

    def import_target(self) -> Any:
        """The function or `typer.Typer` itself, whose module is imported now."""
        module, _, name = self.target.partition(":")
        return getattr(import_module(f"genrekit.cli.{module}"), name)


USE = "Use"
RESEARCH = "Research"

VERBS = (
    Verb("classify", "music.classify_command:classify", "Say which genre audio files are.", USE),
    Verb(
        "tag",
        "music.tag_command:app",
        "Write genres into the tags of files; show them first, take them back.",
        USE,
        "mutagen, filelock and pyyaml",
        "tag",
    ),
    Verb(
        "serve",
        "music.serve_command:serve",
        "Serve a web page and a REST API on one port.",
        USE,
        "FastAPI and uvicorn",
        "serve",
    ),
    Verb(
        "picture",
        "music.picture_command:picture",
        "Draw a song's spectrogram with its genres over time below.",
        USE,
        "Matplotlib",
        "analyse",
    ),
    Verb(
        "learn",
        "music.learn_command:learn",
        "Learn your own genres from ten songs each, as a model file.",
        USE,
        "scikit-learn and onnx",
        "learn",
    ),
    Verb("doctor", "doctor_command:doctor", "Show what is installed and which formats decode.", USE),
    Verb(
        "data",
        "research.data_command:app",
        "Look at data sets: list, info, download, audit, prepare.",
        RESEARCH,
        "scikit-learn",
        "learn",
    ),
    Verb(
        "split",
        "research.split_command:app",
        "Make splits, and check what their parts share.",
        RESEARCH,
        "scikit-learn",
        "learn",
    ),
    Verb(
        "recipes",
        "research.recipes_command:recipes",
        "List the recipes that come with genrekit.",
        RESEARCH,
        "pydantic and PyYAML",
    ),
    Verb(
        "train",
        "research.train_command:train",
        "Train a model from a recipe.",
        RESEARCH,
        "PyTorch and Lightning",
    ),
    Verb(
        "experiment",
        "research.experiment_command:experiment",
        "Train folds x seeds x recipes, resumable, several at once.",
        RESEARCH,
        "PyTorch and Lightning",
    ),
    Verb(
        "evaluate",
        "research.evaluate_command:evaluate",
        "Score the predictions of runs.",
        RESEARCH,
        "pyarrow",
        "analyse",
    ),
    Verb(
        "compare",
        "research.compare_command:compare",
        "Compare two runs on the same tracks.",
        RESEARCH,
        "pyarrow",
        "analyse",
    ),
    Verb(
        "analyse",
        "analyse.analyse_command:app",
        "Draw figures from stored results; test robustness, and on another collection.",
        RESEARCH,
        "Matplotlib",
        "analyse",
    ),
    Verb(
        "search",
        "research.search_command:search",
        "Look for better settings of a recipe, by validation alone.",
        RESEARCH,
        "PyTorch, Lightning and Optuna",
        "search",
    ),
    Verb(
        "export",
        "research.export_command:export",
        "Make a model file of a run.",
        RESEARCH,
        "PyTorch and onnx",
    ),
)


def load_verb(verb: Verb) -> Any:
    """Import the verb's module: a command or a group of them, each with examples and exit codes in its help."""
    target = verb.import_target()
    if isinstance(target, typer.Typer):
        for command in target.registered_commands:
            command.cls = ExampledCommand
        loaded: Any = get_group(target)
        loaded.help = with_exit_codes(loaded.help)
    else:
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        single.command(verb.name, cls=ExampledCommand)(target)
        loaded = get_command(single)
    loaded.name = verb.name
    return loaded
