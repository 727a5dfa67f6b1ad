"""What a report card says, in order, as parts without markup."""

from __future__ import annotations

from collections.abc import Sequence

from genrekit.evaluation.card.parts import COMPUTED, Bullets, Cell, Fact, Figure, ReportContent, Section, Table
from genrekit.evaluation.card.svg import Dot, confusion_svg, dots_svg, reliability_svg
from genrekit.evaluation.intervals import Interval
from genrekit.evaluation.protocols import note_of
from genrekit.evaluation.runs import StoredSplit, proofs_of
from genrekit.evaluation.scores import METRICS, Spread
from genrekit.evaluation.summary import BOOTSTRAP_SEED, Evaluation

__all__ = ["interval_text", "percent", "report_content", "spread_text"]

RELATIONS = {
    "track": "tracks",
    "copy": "bit-identical copies",
    "recording": "recordings",
    "artist": "artists",
}


def percent(share: float) -> str:
    """A share as percent with one decimal, without the sign."""
    return f"{100 * share:.1f}"


def interval_text(interval: Interval) -> str:
    """Both ends in percent."""
    return f"{percent(interval.low)} to {percent(interval.high)}"


def spread_text(spread: Spread) -> str:
    """Mean and deviation in percent with two decimals, as the reports print them; the mean alone for one run."""
    mean = f"{100 * spread.mean:.2f}"
    return mean if spread.deviation is None else f"{mean} ± {100 * spread.deviation:.2f}"


def report_content(evaluation: Evaluation) -> ReportContent:
    """The card of an evaluation."""
    e = evaluation
    note = note_of(e.protocol, n_artists=e.n_artists)
    banner = ""
    if e.contaminated:
        banner = (
            "CONTAMINATED. Training has heard the tracks of the test part. These figures show the size of a leak; "
            "they say nothing about music that the system has not heard."
        )
    lead = f"{e.protocol}, {note.title}: {note.meaning[0].lower()}{note.meaning[1:]}"
    if e.protocol in ("published", "custom"):
        lead = note.meaning
    sections = (
        Section("Read this first", blocks=(Bullets(e.notes),)),
        _scores(e),
        _published(e),
        _split(e.splits),
        _runs(e),
        _genres(e),
        _confusion(e),
        _calibration(e),
    )
    footer = (
        f"{COMPUTED}; SHA-256 of their content: {e.predictions_sha256}",
        "To compute it again: genrekit evaluate RUN. To test a difference: genrekit compare RUN RUN.",
    )
    return ReportContent(e.title, banner, lead, _facts(e), sections, footer)


def _facts(e: Evaluation) -> tuple[Fact, ...]:
    head = e.headline
    meaningless = ", meaningless for new music" if e.contaminated else ""
    artists = "artists not recorded" if e.n_artists is None else f"of {e.n_artists} known artists"
    if e.n_readings is None:
        readings, detail = "?", "no record is kept"
    else:
        low, high = min(e.n_readings), max(e.n_readings)
        readings = str(sum(e.n_readings))
        detail = "of one run" if len(e.n_readings) == 1 else f"of {len(e.n_readings)} runs, {low} to {high} each"
        detail = f"of {len(e.n_readings)} runs, {low} each" if low == high and len(e.n_readings) > 1 else detail
    interval = head.intervals["accuracy"]
    return (
        Fact("Accuracy per track, %", percent(head.scores.accuracy), f"95 %: {interval_text(interval)}{meaningless}"),
        Fact("Macro F1, %", percent(head.scores.f1), f"95 %: {interval_text(head.intervals['f1'])}{meaningless}"),
        Fact(
            "Calibration error, %",
            percent(e.calibration.error),
            f"by chance alone up to {percent(e.calibration.if_calibrated.high)}; mean confidence "
            f"{percent(e.calibration.mean_confidence)}",
        ),
        Fact("Tracks", str(e.n_tracks), f"{e.n_excerpts} rows; {artists}"),
        Fact(
            "Folds × seeds", f"{len(e.folds)} × {len(e.seeds)}", f"{len(e.runs)} trained model{'s' * (len(e.runs) > 1)}"
        ),
        Fact(f"Readings of {e.part}", readings, detail),
    )


def _scores(e: Evaluation) -> Section:
    rows = []
    for view in e.views:
        strong = view is e.headline
        intervals = view.intervals
        cells = [Cell(view.name, strong)]
        for name in METRICS:
            cells.append(Cell(percent(getattr(view.scores, name)), strong))
            if name in ("accuracy", "f1"):
                cells.append(Cell(interval_text(intervals[name])))
        rows.append((*cells, Cell(str(view.scores.n))))
    interval = e.headline.intervals["accuracy"]
    units = f"{interval.n_clusters} {'artists and single tracks' if interval.unit == 'artist' else 'tracks'}"
    return Section(
        "Scores",
        (
            "Percent. A file-wise decision is one per track: by the mean of its excerpts' probabilities, or by their "
            "majority vote. Precision, recall and F1 are macro means over genres; a genre that was never decided for "
            "has precision 0." + (" Figures are means over the seeds." if len(e.seeds) > 1 else ""),
            (
                f"Intervals are 95 % percentile bootstrap intervals over {units} ({interval.n_resamples} resamples, "
                f"seed {BOOTSTRAP_SEED}); excerpts, folds and seeds of a track are drawn together. "
                "Those of F1 are bias-corrected (Efron 1982)."
                if interval.n_resamples
                else f"Intervals are Wilson's, of as many decisions as there are {units}: all are right, all wrong, or "
                "all of one artist, so that resamples do not differ."
            )
            + (" They are meaningless for new music, since the split is contaminated." if e.contaminated else ""),
        ),
        (Table(("", "accuracy", "95 %", "precision", "recall", "F1", "95 %", "n"), tuple(rows)),),
    )


def _published(e: Evaluation) -> Section:
    title = "Beside published figures"
    if not e.published:
        return Section(title, (f"No published figure belongs to {e.protocol} with these genres.",))
    entries: list[tuple[Dot, tuple[str, ...]]] = []
    for figure in e.published:
        pretrained = figure.trained_on != "GTZAN"
        d = figure.deviation
        low, high = (None, None) if d is None else (figure.accuracy - d, figure.accuracy + d)
        label = f"{figure.system}{', excerpts' * (figure.unit == 'excerpt')}"
        dot = Dot(label, figure.accuracy, low, high, False, pretrained, figure.unit == "excerpt")
        printed = f"{figure.accuracy:.1f}" if d is None else f"{figure.accuracy:.1f} ± {d:.1f}"
        remarks = "; ".join(text for text in (figure.folds, figure.source, figure.note) if text)
        entries.append((dot, (figure.system, printed, f"per {figure.unit}", figure.trained_on, remarks)))
    for view in e.views:
        if view is not e.headline and view.unit != "excerpt":
            continue
        interval = view.intervals["accuracy"]
        value = 100 * view.scores.accuracy
        label = f"this system{', excerpts' * (view.unit == 'excerpt')}"
        dot = Dot(label, value, 100 * interval.low, 100 * interval.high, True, False, view.unit == "excerpt")
        entries.append((dot, (f"{e.system} (this system)", f"{value:.1f}", f"per {view.unit}", e.dataset, view.name)))
    entries.sort(key=lambda entry: -entry[0].value)
    rows = tuple(tuple(Cell(text, dot.ours) for text in texts) for dot, texts in entries)
    table = Table(
        ("system", "accuracy, %", "counted", "trained on", "remarks"), rows, text_columns=frozenset({0, 2, 3, 4})
    )
    caption = (
        "Circles: trained on GTZAN alone; diamonds: pre-trained on other collections; hollow: counted by excerpt. "
        "Bars: our 95 % interval over tracks; their deviation as printed, mostly over folds."
    )
    return Section(title, (), (Figure(dots_svg([dot for dot, _ in entries]), caption, table),))


def _split(splits: Sequence[StoredSplit]) -> Section:
    title = "What the parts share"
    proofs = proofs_of(splits)
    if not proofs:
        return Section(title, ("Missing: these runs hold no proof of their split (split.json).",))
    counts: dict[tuple[str, str], dict[str, list[int]]] = {}
    for one in (shared for proof in proofs for shared in proof.shared):
        cell = counts.setdefault((one.first, one.second), {}).setdefault(one.relation, [0, 0, 0])
        for position, count in enumerate((one.n_shared, one.n_second, one.n_second_total)):
            cell[position] += count
    rows = tuple(
        (Cell(f"{first} and {second}"), *(_shared_cell(relations.get(relation)) for relation in RELATIONS))
        for (first, second), relations in counts.items()
    )
    proved = [split.split for split in splits if split.proof is not None]
    names = sorted({split.name for split in proved})
    total = sum(proof.n_test for proof in proofs)
    touched = sum(proof.n_test_touched for proof in proofs)
    unknown = max(proof.n_unknown_artists for proof in proofs)
    several = f", summed over its {len(proofs)} folds" if len(proofs) > 1 else ""
    paragraphs = (
        f"Split {', '.join(names)}{several}; counted before training. In a cell: how many are shared, and how many "
        "tracks of the second part that concerns.",
        f"{touched} of {total} test tracks share anything with what was trained on. {unknown} tracks have no known "
        "artist, and may share one unseen.",
    )
    # Of P5 they stand at the beginning of the card.
    remarks = () if proved[0].protocol == "P5" else proved[0].notes
    refused = (text for proof in proofs for text in proof.refused)
    told = tuple(dict.fromkeys((*remarks, *refused)))
    bullets = (Bullets(told),) if told else ()
    return Section(title, paragraphs, (Table(("parts", *RELATIONS.values()), rows), *bullets))


def _shared_cell(counts: list[int] | None) -> Cell:
    if counts is None:
        return Cell("not counted")
    shared, concerned, total = counts
    return Cell("0") if not shared else Cell(f"{shared} ({concerned} of {total} tracks)", strong=True)


def _runs(e: Evaluation) -> Section:
    header = ("fold", "seed", "tracks", "excerpt-wise", "accuracy", "precision", "recall", "F1")
    rows = [
        tuple(
            Cell(text)
            for text in (
                str(row.fold),
                str(row.seed),
                str(row.scores.n),
                f"{100 * row.excerpt_accuracy:.2f}",
                *(f"{100 * getattr(row.scores, name):.2f}" for name in METRICS),
            )
        )
        for row in e.runs
    ]
    means = (spread_text(e.excerpt_spread), *(spread_text(e.spread[name]) for name in METRICS))
    if len(e.runs) > 1:
        rows.append((Cell("mean", True), Cell(""), Cell(""), *(Cell(text, True) for text in means)))
    text = (
        f"Percent; all but the excerpt-wise column are file-wise, {e.fusion}. Mean ± standard deviation over all folds "
        "and seeds, with the number of runs as divisor (ddof 0), as report A prints it."
        if len(e.runs) > 1
        else f"Percent; all but the excerpt-wise column are file-wise, {e.fusion}. One run: no deviation can be stated."
    )
    return Section("Folds and seeds", (text,), (Table(header, tuple(rows)),))


def _genres(e: Evaluation) -> Section:
    rows = []
    for genre in e.headline.scores.per_genre():
        missing = Cell("no track")
        taken = f"{genre.taken_for} ({genre.n_taken_for})" if genre.taken_for else "none"
        rows.append(
            (
                Cell(genre.genre),
                Cell(str(genre.n)),
                Cell(percent(genre.precision), share=genre.precision),
                missing if genre.recall is None else Cell(percent(genre.recall), share=genre.recall),
                missing if genre.f1 is None else Cell(percent(genre.f1), share=genre.f1),
                Cell(taken),
            )
        )
    header = ("genre", "n", "precision", "recall", "F1", "mostly taken for")
    table = Table(header, tuple(rows), text_columns=frozenset({0, 5}))
    count = " n counts a track once per seed." if len(e.seeds) > 1 else ""
    return Section("Genre by genre", (f"Percent, file-wise, {e.fusion}.{count}",), (table,))


def _confusion(e: Evaluation) -> Section:
    confusion = e.headline.scores.confusion
    rows = tuple(
        (Cell(genre), *(Cell(str(count), strong=i == j) for j, count in enumerate(confusion[i].tolist())))
        for i, genre in enumerate(e.genres)
    )
    table = Table(("true \\ decided", *e.genres), rows)
    caption = f"Percent of each true genre's decisions, file-wise, {e.fusion}."
    return Section("Confusion matrix", (), (Figure(confusion_svg(confusion, e.genres), caption, table),))


def _calibration(e: Evaluation) -> Section:
    c = e.calibration
    bins = c.reliability
    rows = tuple(
        (
            Cell(f"{bins.low[i]:.2f} to {bins.high[i]:.2f}"),
            Cell(str(int(bins.n[i]))),
            Cell(f"{bins.mean_confidence[i]:.3f}"),
            Cell(f"{bins.accuracy[i]:.3f}"),
        )
        for i in range(len(bins.n))
        if bins.n[i]
    )
    table = Table(("confidence", "tracks", "mean confidence", "accuracy"), rows)
    side = "over" if c.mean_confidence > c.accuracy else "under"
    gap = f"{percent(abs(c.mean_confidence - c.accuracy))} points {side}confident on the whole"
    several = len(e.seeds) > 1
    means = f" Figures are means over the {len(e.seeds)} seeds; a bin counts the tracks of all." if several else ""
    text = (
        f"Of the file-wise mean fusion as it stands in the table. Expected calibration error {percent(c.error)} % "
        f"({len(bins.n)} bins), negative log likelihood {c.nll:.3f} nats, Brier score {c.brier:.3f} (0 to 2); {gap}. "
        f"On as many tracks a perfectly calibrated model has an error of {percent(c.if_calibrated.mean)} % on average, "
        f"in 95 of 100 cases at most {percent(c.if_calibrated.high)} %: bins of few tracks err by chance (tracks taken "
        f"as independent; those of one artist are not quite, and may do more).{means}"
    )
    caption = "Bars: accuracy per bin of confidence; orange: what separates it from the mean confidence. Below: tracks."
    if several:
        caption += f" The tracks of all {len(e.seeds)} seeds are counted together."
    return Section("Calibration", (text,), (Figure(reliability_svg(bins), caption, table),))
