"""Writes every page of results anew from what is stored, and what README and docs say of the bundled model's accuracy.

    python scripts/write_results.py [--quick]

The reports' page, the ladder's page, the bundled model's report cards, its place beside published systems, and its
model card, which stands in the model file, too. Nothing is trained; a page that is as it was stays so to the byte.
`--quick` leaves out the first three, whose bootstraps take minutes.
"""

from __future__ import annotations

import argparse
import json
import re
import string
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import onnx
from default_model_evidence import (
    agreement_text,
    aims_table,
    band_edge_text,
    confusions_text,
    errors_text,
    measured,
    robustness_text,
    short_table,
    short_text,
    unknown_music_text,
)
from default_model_scores import (
    GROUPS,
    RECIPE,
    RESULTS,
    Accuracy,
    accuracy_of,
    calibration_of,
    confidence_of,
    confusions,
    held_out_confidence,
    pooled,
    read_json,
    runs_of,
)

from genrekit.analysis.beside_published import OwnFigure, draw_beside_published, table_beside_published
from genrekit.analysis.picture import write_picture
from genrekit.inference import ModelFile
from genrekit.training.recipes.recipe import load_recipe
from genrekit.whole_file import written_whole

__all__ = ["ASSET", "describe_default_model", "list_errors", "write_report_cards"]

REPOSITORY = Path(__file__).parents[1]
ASSET = REPOSITORY / "src" / "genrekit" / "assets" / "default.onnx"
TEMPLATE = Path(__file__).parent / "default_model_card.md"
DOUBTED_LABELS = RESULTS / "doubted_labels.csv"
SPLITS = {
    "p3": ("P3", "443/197/290, 3 seeds", "P3: the fault-filtered split, 290 test tracks, mean of 3 seeds"),
    "p4": ("P4", "3 folds, 3 seeds", "P4: three folds that share no artist, recording or copy, mean of 3 seeds"),
    "random_folds": (
        "P2",
        "10 folds, 3 seeds",
        "P2: ten folds of tracks at random, so artists are on both sides, mean of 3 seeds",
    ),
    "a_folds": (
        "P2",
        "5 folds, as report A's",
        "P2: five folds made as report A made its own, likewise, one seed",
    ),
}
# Where a protocol has two.
FOLDS_OF = {"a_folds": "; report A's folds"}
PUBLISHED = {
    "p3": "59.7, 57.6, 53.4",
    "p4": "54 ± 2, 52 ± 6 (three artist-filtered folds)",
    "random_folds": "91.3, 85.0, 79.2",
    "a_folds": "88.9, 85.2, 84.8 and 81.0, whose training stopped on the scored fold",
}
# Pages with tables that are written here, between "<!-- NAME, by scripts/write_results.py -->" and "<!-- end -->".
PAGES = {"README.md": ("accuracies",), "docs/accuracy.md": ("accuracies", "short", "aims")}


def run(*arguments: object) -> None:
    command = [sys.executable, *(str(argument) for argument in arguments)]
    print(" ".join(command[1:]), flush=True)
    subprocess.run(command, check=True)


def write_report_cards() -> None:
    """The bundled model's report cards, by the command that anyone can type."""
    for group in GROUPS:
        if (RESULTS / group).is_dir():
            run("-m", "genrekit", "evaluate", RESULTS / group, "--output", RESULTS / group)


def list_errors() -> None:
    """Tracks that models which never heard them take for another genre, by the command that anyone can type."""
    folders = [stored.folder for group in ("p3", "p4") for stored in runs_of(group)]
    run("-m", "genrekit", "analyse", "labels", *folders, "--output", DOUBTED_LABELS)


def describe_default_model() -> None:
    """Write the model card, also into the model file, the place beside published systems, and README's table.

    Of results/default_model it reads the report cards' scores, the stored predictions, and what was measured: of
    calibration.json the temperatures, the threshold and the figures of sounds that are no music, which need the model.
    """
    accuracies = {group: accuracy_of(group) for group in GROUPS if (RESULTS / group).is_dir()}
    values = {**read_json("calibration.json"), **confidences()}
    (RESULTS / "calibration.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    text = card_text(accuracies, values)
    (RESULTS / "model_card.md").write_text(text, encoding="utf-8")
    put_into_model_file(text, {**{group: asdict(one) for group, one in accuracies.items()}, "calibration": values})
    name = ModelFile.read(ASSET).card.name
    own = [
        OwnFigure(
            f"genrekit ({name}{FOLDS_OF.get(group, '')})",
            SPLITS[group][0],
            one.accuracy,
            one.low,
            one.high,
            SPLITS[group][1],
        )
        for group, one in accuracies.items()
    ]
    write_picture(draw_beside_published(own), RESULTS)
    table = f"# Beside published systems\n\n{table_beside_published(own)}"
    (RESULTS / "beside_published.md").write_text(table, encoding="utf-8")
    tables = page_tables(accuracies, values)
    for name, wanted in PAGES.items():
        page = (REPOSITORY / name).read_text(encoding="utf-8")
        for one in wanted:
            page = with_table(page, one, tables[one])
        (REPOSITORY / name).write_text(page, encoding="utf-8")


def page_tables(accuracies: dict[str, Accuracy], values: dict[str, Any]) -> dict[str, str]:
    """The tables of `PAGES` by name."""
    return {
        "accuracies": accuracies_table(accuracies),
        "short": short_table(short_recordings()),
        "aims": aims(accuracies, values),
    }


def with_table(page: str, name: str, table: str) -> str:
    """A page with a table of this name in its place."""
    place = re.compile(rf"(<!-- {name}, [^\n]*-->\n).*?(?=<!-- end -->)", re.DOTALL)
    written, n = place.subn(lambda found: f"{found[1]}{table}\n", page)
    if n != 1:
        raise SystemExit(f"a page has {n} places for the table {name!r}; expected one, which begins <!-- {name}, ...")
    return written


def aims(accuracies: dict[str, Accuracy], values: dict[str, Any]) -> str:
    """What was aimed at beside what was reached."""
    reached = {group: one.accuracy for group, one in accuracies.items()} | values
    return aims_table(reached, robustness(), unknown_music())


def robustness() -> dict[str, Any] | None:
    """What was measured of the runs of report A's folds."""
    return measured(RESULTS / "robustness" / "robustness.json", runs=read_json("weights_sha256.json"))


def short_recordings() -> dict[str, Any] | None:
    """What was measured of recordings of a few seconds with the recipe of the bundled model."""
    recipe = ModelFile.read(ASSET).card.trained_on["recipe"]
    return measured(RESULTS / "short_recordings.json", recipe=recipe)


def unknown_music() -> dict[str, Any] | None:
    """What was measured of the recipe, each genre left out in turn."""
    return measured(RESULTS / "unknown_music.json", recipe=load_recipe(RECIPE).hash)


def confidences() -> dict[str, float]:
    calibration = calibration_of(read_json("calibration.json"))
    p4 = pooled("p4")
    found = {
        "": confidence_of(p4, calibration),
        "_held_out": held_out_confidence(p4),
        "_p3": confidence_of(pooled("p3"), calibration),
    }
    return {f"{name}{where}": value for where, one in found.items() for name, value in asdict(one).items()}


def accuracies_table(accuracies: dict[str, Accuracy]) -> str:
    """The table of README."""
    rows = [
        f"| {SPLITS[group][2]} | {100 * one.accuracy:.1f} % | {100 * one.low:.1f} to {100 * one.high:.1f} | "
        f"{PUBLISHED[group]} |"
        for group, one in accuracies.items()
    ]
    header = ["| protocol | genrekit | interval | published, trained on GTZAN alone |", "|---|---|---|---|"]
    return "\n".join([*header, *rows])


def card_text(accuracies: dict[str, Accuracy], values: dict[str, Any]) -> str:
    """The model card with all figures filled in."""
    weights, sturdy = read_json("weights_sha256.json"), robustness()
    filled = {
        "n_readings": str(sum(len(runs_of(group)) for group in accuracies)),
        "agreement": agreement_text(measured(RESULTS / "agreement.json", runs=weights)),
        "errors": errors_text(DOUBTED_LABELS),
        "robustness": robustness_text(sturdy),
        "band_edge": band_edge_text(sturdy),
        "short": short_text(short_recordings()),
        "confusions": confusions_text(confusions("p4")),
        "unknown_music": unknown_music_text(unknown_music()),
        "aims": aims(accuracies, values),
        "unknown_threshold": f"{values['unknown_threshold']:.3f}",
        "negatives_auroc": f"{values['negatives_auroc']:.3f}",
        "negatives_unknown": f"{100 * values['negatives_unknown']:.1f} %",
    }
    for group, one in accuracies.items():
        filled[group] = f"{100 * one.accuracy:.1f} %"
        filled[f"{group}_interval"] = f"{100 * one.low:.1f} to {100 * one.high:.1f}"
        filled[f"{group}_long"] = f"{100 * one.as_long:.1f} %"
    for where in ("", "_held_out", "_p3"):
        for name in ("calibration_error", "error_if_calibrated_high"):
            filled[f"{name}{where}"] = f"{values[f'{name}{where}']:.3f}"
        for name in ("share_answered", "accuracy_answered"):
            filled[f"{name}{where}"] = f"{100 * values[f'{name}{where}']:.1f} %"
    return string.Template(TEMPLATE.read_text(encoding="utf-8")).substitute(filled)


def put_into_model_file(text: str, evaluation: dict[str, Any]) -> None:
    """Let the bundled model file say this of itself; its graph stays as it is."""
    card = replace(ModelFile.read(ASSET).card, text=text, evaluation=evaluation)
    model = onnx.load(ASSET)
    onnx.helper.set_model_props(model, card.to_metadata())
    with written_whole(ASSET) as partial:
        onnx.save(model, partial)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the bundled model's card, table and picture alone")
    given = parser.parse_args()
    if not given.quick:
        run("-m", "genrekit", "analyse", "replication", REPOSITORY / "results" / "reports")
        run(REPOSITORY / "scripts" / "run_ladder.py", "--report")
        write_report_cards()
        list_errors()
    describe_default_model()


if __name__ == "__main__":
    main()
