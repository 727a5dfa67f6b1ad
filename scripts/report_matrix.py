"""Every experiment of the two reports that the data at hand allow: systems x protocols x data sets, as steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

__all__ = ["STEPS", "Step"]

ARTIST_DISJOINT = ("split.name=artist_disjoint",)
STOPPED_ON_TEST = ("split.validation=test",)
GTZAN6 = ("data.dataset=gtzan6",)


@dataclass(frozen=True)
class Step:
    """One experiment: recipes that share their data and what is changed of them."""

    data: str
    recipes: tuple[str, ...]
    overrides: tuple[str, ...] = ()


Form = Callable[[Iterable[str]], tuple[str, ...]]


def _archive(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{name}_archive" for name in names)


A_SYSTEMS = ("a_se_cnn", "a_se_cnn_gap", "a_se_cnn_augmented", "a_se_cnn_gap_augmented")
# Report A does not print them.
A_OTHERS = ("a_resnet", "cnn_lstm", "transformer")
B_SYSTEMS = ("b_rgluformer", "b_rglu_lstm")
# Report B taken literally, and variants of its source.
B_OTHERS = ("b_rglu_gru", "b_rglu_bilstm", "b_rgluformer_over_channels")
# Where the form that mixes excerpts has a recipe of its own.
MIXED = {name: f"{name}_contaminated" for name in ("a_se_cnn", "a_se_cnn_gap", *B_SYSTEMS)}
A_MIXED, B_MIXED = ("split.name=a_contaminated",), ("split.name=b_folds",)


def _mixed(names: Sequence[str], overrides: tuple[str, ...], form: Form) -> Iterator[Step]:
    """Excerpts mixed: recipes of their own, then the others by what is changed of them."""
    own = tuple(MIXED[name] for name in names if name in MIXED)
    others = tuple(name for name in names if name not in MIXED)
    if own:
        yield Step("gtzan", form(own))
    if others:
        yield Step("gtzan", form(others), overrides)


def _matrix(form: Form, *, more_a: tuple[str, ...] = (), more_b: tuple[str, ...] = ()) -> Iterator[Step]:
    """Every system under every protocol that its report allows, in the order of what they tell for their time."""
    yield Step("gtzan", form(A_SYSTEMS))
    yield from _mixed(A_SYSTEMS[:2], A_MIXED, form)
    yield Step("gtzan", form(A_SYSTEMS), ARTIST_DISJOINT)
    yield Step("gtzan", form(A_SYSTEMS), STOPPED_ON_TEST)
    yield Step("gtzan", form(B_SYSTEMS))
    yield from _mixed(B_SYSTEMS, B_MIXED, form)
    yield Step("gtzan", form(B_SYSTEMS), ARTIST_DISJOINT)
    others_a, others_b = (*A_OTHERS, *more_a), (*B_OTHERS, *more_b)
    yield Step("gtzan", form((*others_a, *others_b)))
    yield from _mixed(A_SYSTEMS[2:], A_MIXED, form)
    yield Step("gtzan", form((*others_a, *others_b)), ARTIST_DISJOINT)
    yield Step("gtzan", form(others_a), STOPPED_ON_TEST)
    yield from _mixed(others_a, A_MIXED, form)
    yield from _mixed(others_b, B_MIXED, form)


# Tables, then the archive, then audio.
STEPS = (
    Step("gtzan", ("a_mlp_30s", "a_mlp_10s", "a_mlp_10s_contaminated")),
    Step("gtzan", ("a_mlp_30s", "a_mlp_10s"), ARTIST_DISJOINT),
    Step("gtzan", ("a_mlp_30s", "a_mlp_10s"), STOPPED_ON_TEST),
    Step("table", ("a_mlp_3s", "a_mlp_3s_contaminated")),
    Step("table", ("a_mlp_3s",), ARTIST_DISJOINT),
    Step("table", ("a_mlp_3s",), STOPPED_ON_TEST),
    *_matrix(_archive),
    *(
        replace(step, overrides=(*GTZAN6, *step.overrides))
        for step in _matrix(tuple, more_a=("sincnet",), more_b=("b_rgluformer_rendered",))
    ),
)
