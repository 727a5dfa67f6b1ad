"""`genrekit doctor`: what is installed, which formats decode, which device is used, and whether classifying works."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genrekit.cli.help.examples import examples
from genrekit.cli.help.extras import EXTRAS, install_line
from genrekit.cli.terminal import messages
from genrekit.cores import usable_cores
from genrekit.errors import INSTALL_AGAIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from genrekit.inference import Classifier, ModelCard

__all__ = ["doctor"]

EXIT_FAILED = 1
CORE = ("numpy", "soundfile", "av", "soxr", "onnxruntime", "typer", "rich")
ESSENTIAL_FORMATS = ("wav", "flac", "mp3")
TRIAL_S = 1.0
ERROR = "calibration_error"
NO_ARTISTS = "P4 without artists"
# What the accuracies of model cards are of.
SONGS = {
    "P1": "excerpts of songs that it has heard (P1)",
    "P2": "songs by artists that it may have heard (P2)",
    "P3": "the published fault-filtered split (P3)",
    "P4": "songs by artists that it has not heard (P4)",
    NO_ARTISTS: "songs of which no artist is known, so that it may have heard them (P4)",
    "P5": "songs of another collection (P5)",
    "random_folds": "songs by artists that it may have heard (P2)",
    "a_folds": "songs by artists that it may have heard, on report A's folds (P2)",
    "cross_validation": "songs held out",
    "held_out": "songs that the calibration was not fitted on",
}


@examples(
    """
    # Is everything there, and does classifying work?
    genrekit doctor

    # Does this model file work?
    genrekit doctor --model mine.onnx
    """
)
def doctor(
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME|FILE", help="The model to try; a bundled one, or a file.")
    ] = "default",
) -> None:
    """Show what is installed, which formats decode and which device is used; try the model.

    Exit code 0 if `genrekit classify` works here, 1 if not.
    """
    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    _show_versions(console)
    missing = [name for name in CORE if find_spec(name) is None]
    if missing:
        messages.error(f"{', '.join(missing)} missing: {INSTALL_AGAIN}")
        raise typer.Exit(EXIT_FAILED)
    _show_extras(console)
    _show_service(console)
    _show_device(console)
    works = _show_formats(console)
    works = _show_model(console, model) and works
    if not works:
        messages.error("genrekit classify does not work here; see above")
        raise typer.Exit(EXIT_FAILED)
    _line(console, "verdict", "genrekit classify works")


def _show_versions(console: Console) -> None:
    import genrekit

    python = f"{platform.python_implementation()} {platform.python_version()}"
    _line(console, "genrekit", f"{genrekit.__version__}, {python}, {platform.system()} {platform.machine()}")
    libraries = [f"{name} {_version(name) or 'missing'}" for name in CORE]
    _line(console, "core", ", ".join([*libraries, *_decoder_versions()]))


def _show_extras(console: Console) -> None:
    for extra, packages in EXTRAS.items():
        missing = [title for package, title in packages.items() if find_spec(package) is None]
        if missing:
            state = f"missing {', '.join(missing)}: {install_line(extra)}"
        else:
            state = ", ".join(f"{title} {_version(title)}" for title in packages.values())
        _line(console, f"[{extra}]", state)


def _show_service(console: Console) -> None:
    if any(find_spec(package) is None for package in EXTRAS["serve"]):
        return  # the line of the extra says what is missing
    if sys.platform == "win32":
        state = "needs Linux or macOS"
    elif sys.platform == "linux":
        state = "web page and API; a file's time and memory are bounded"
    else:
        state = "web page and API; a file's time is bounded, its memory only on Linux"
    _line(console, "serve", state)


def _show_device(console: Console) -> None:
    cores = usable_cores()
    _line(console, "classify on", f"CPU, {cores} core{'s' if cores > 1 else ''}")
    if find_spec("torch") is not None:
        _line(console, "train on", _torch_device())


def _show_formats(console: Console) -> bool:
    from genrekit.audio.formats import check_formats

    checks = check_formats()
    for state, label in (("decodes", "decodes"), ("listed", "untried"), ("fails", "fails")):
        found = [check for check in checks if check.state == state]
        if found:
            _line(console, label, ", ".join(check.name for check in found))
        for check in found if state == "fails" else ():
            _line(console, "", f"{check.name}: {check.detail}")
    return all(check.state == "decodes" for check in checks if check.name in ESSENTIAL_FORMATS)


def _show_model(console: Console, name: str) -> bool:
    from genrekit.errors import GenrekitError
    from genrekit.inference import load
    from genrekit.inference.model_file import SHORT_S

    try:
        classifier = load(name)
        _try(classifier)
    except GenrekitError as error:
        _line(console, "model", f"does not work: {error}")
        return False
    card, file = classifier.card, classifier.model_file
    _line(console, "model", f"{card.name} ({file.path.name}, {file.size_bytes / 1e6:.1f} MB)")
    _line(console, "genres", ", ".join(card.genres))
    short = "" if card.short_hop_s is None else f" (every {card.short_hop_s:g} s in recordings of up to {SHORT_S:g} s)"
    window = f"windows of {card.window_s:g} s every {card.hop_s:g} s{short} at {card.sr} Hz"
    _line(console, "hears", f"{window}; unknown below {card.unknown_threshold:.0%}")
    _line(console, "trained on", _training(card))
    label = "evaluation"
    for figure in _figures(card.evaluation):
        _line(console, label, figure)
        label = ""
    return True


def _try(classifier: Classifier) -> None:
    import numpy as np

    sr = classifier.card.sr
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, round(sr * TRIAL_S)).astype(np.float32)
    classifier.classify(noise, sr=sr)


def _training(card: ModelCard) -> str:
    told = card.trained_on
    words = [", ".join(card.datasets) or "the model file does not say what"]
    songs = told.get("songs")
    n_songs = sum(songs.values()) if isinstance(songs, dict) else told.get("tracks")
    if n_songs:
        words.append(f"{n_songs} songs")
    if told.get("base"):
        words.append(f"with the embedding of {told['base']}")
    if told.get("contaminated"):
        words.append("CONTAMINATED: it has heard the songs that it was scored on")
    return ", ".join(words)


def _figures(evaluation: Mapping[str, Any]) -> list[str]:
    """Accuracies and calibration errors, in words, of any of the forms that model files have."""
    if "views" in evaluation:  # scores.json of a run
        evaluation = _of_report(evaluation)
    lines = []
    for key, figures in evaluation.items():
        if isinstance(figures, dict) and (accuracy := _percent(figures.get("accuracy"))):
            low, high = _percent(figures.get("low")), _percent(figures.get("high"))
            interval = f" (95 % interval {low} to {high})" if low and high else ""
            lines.append(f"accuracy {accuracy} %{interval} on {_songs_of(key)}")
    calibration = evaluation.get("calibration")
    for key, value in calibration.items() if isinstance(calibration, dict) else ():
        if key.startswith(ERROR) and (error := _percent(value)):
            where = key.removeprefix(ERROR).strip("_")
            lines.append(f"calibration error {error} %" + (f" on {_songs_of(where)}" if where else ""))
    return lines or ["none in the model file"]


def _of_report(scores: Mapping[str, Any]) -> dict[str, Any]:
    from genrekit.evaluation.view_names import view_name

    named = view_name(str(scores.get("fusion")))
    view: dict[str, Any] = next((view for view in scores["views"] if view.get("name") == named), {})
    error = scores.get("calibration", {}).get("expected_calibration_error")
    figures = {"accuracy": view.get("accuracy"), **view.get("intervals", {}).get("accuracy", {})}
    protocol = str(scores.get("protocol"))
    key = NO_ARTISTS if protocol == "P4" and scores.get("n_artists") == 0 else protocol
    return {key: figures, "calibration": {ERROR: error}}


def _songs_of(protocol: str) -> str:
    return SONGS.get(protocol) or SONGS.get(protocol.upper()) or f"songs of {protocol}"


def _percent(value: object) -> str:
    return f"{100 * value:.1f}" if isinstance(value, int | float) else ""


def _line(console: Console, label: str, text: str) -> None:
    from rich.text import Text

    console.print(Text.assemble((f"{label:12}", "bold"), text))


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _decoder_versions() -> list[str]:
    found = []
    if find_spec("soundfile") is not None:
        import soundfile

        found.append(f"libsndfile {soundfile.__libsndfile_version__}")
    if find_spec("av") is not None:
        import av

        found.append(f"FFmpeg {getattr(av, 'ffmpeg_version_info', 'inside av')}")
    return found


def _torch_device() -> str:
    try:
        import torch

        if torch.cuda.is_available():
            return f"CUDA, {torch.cuda.get_device_name()}"
    # A broken driver or half an installation can raise anything, and the doctor is there to say so.
    except Exception as error:
        return f"nothing: PyTorch cannot be used ({type(error).__name__}: {error})"
    return "CPU (PyTorch sees no CUDA device)"
