"""The exercise `superposition_boundary`: the density below which superposition is cheapest."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import theory


def _boundary_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([0.4, 1.0, 2.5]), n_features=2)
    yield call(torch.tensor([0.4, 1.0, 2.5]), n_features=3)


def _less_important(draw: Draw) -> Iterator[Call]:
    for n_features in (2, 3):
        yield call(draw.uniform(8, low=0.05, high=0.95), n_features=n_features)


def _more_important(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(8, low=1.1, high=12.0), n_features=2)


def _more_important_of_three(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(8, low=1.1, high=12.0), n_features=3)


def _boundary_shapes(draw: Draw) -> Iterator[Call]:
    for n_features in (2, 3):
        yield call(10 ** draw.uniform(low=-1.0), n_features=n_features)
        yield call(10 ** draw.uniform(1, 4, low=-1.0), n_features=n_features)
        yield call(10 ** draw.uniform(2, 3, 4, low=-1.0), n_features=n_features)


def _boundary_edges(_draw: Draw) -> Iterator[Call]:
    for n_features in (2, 3):
        yield call(torch.tensor([0.0, 1.0, 100.0]), n_features=n_features)


def _importances_in_thirds(draw: Draw) -> Iterator[Call]:
    """In float64, with numbers that float32 does not have."""
    for n_features in (2, 3):
        below, above = draw.uniform(4, low=0.1, high=2.9), draw.uniform(4, low=3.1, high=20.0)
        yield call(torch.cat([below, above]).double() / 3, n_features=n_features)


def _as_if_less_important(relative_importance: Tensor, *, n_features: int) -> Tensor:
    r = relative_importance
    return 4 * r / (2 + 5 * r)


def _as_if_more_important(relative_importance: Tensor, *, n_features: int) -> Tensor:
    return 4 / (5 + 2 * relative_importance)


def _sides_exchanged(relative_importance: Tensor, *, n_features: int) -> Tensor:
    r = relative_importance
    return torch.where(r < 1, 4 / (5 + 2 * r), 4 * r / (2 + 5 * r))


def _boundary_without_bias(relative_importance: Tensor, *, n_features: int) -> Tensor:
    r = relative_importance
    above = 2 / (1 + r) if n_features == 2 else torch.ones_like(r)
    return torch.where(r < 1, 2 * r / (1 + r), above)


def _stays_for_two_as_well(relative_importance: Tensor, *, n_features: int) -> Tensor:
    r = relative_importance
    return torch.where(r < 1, 4 * r / (2 + 5 * r), 4 / 7)


def _three_as_two(relative_importance: Tensor, *, n_features: int) -> Tensor:
    r = relative_importance
    return torch.where(r < 1, 4 * r / (2 + 5 * r), 4 / (5 + 2 * r))


def _three_is_constant(relative_importance: Tensor, *, n_features: int) -> Tensor:
    r = relative_importance
    if n_features == 3:
        return torch.full_like(r, 4 / 7)
    return torch.where(r < 1, 4 * r / (2 + 5 * r), 4 / (5 + 2 * r))


def _gives_the_sparsity(relative_importance: Tensor, *, n_features: int) -> Tensor:
    r = relative_importance
    above = 4 / (5 + 2 * r) if n_features == 2 else torch.full_like(r, 4 / 7)
    return 1 - torch.where(r < 1, 4 * r / (2 + 5 * r), above)


def _one_output_charged(relative_importance: Tensor, *, n_features: int) -> Tensor:
    # r p^2 / 6 for the pair
    r = relative_importance
    above = 4 / (3 + 2 * r) if n_features == 2 else torch.full_like(r, 4 / 5)
    return torch.where(r < 1, 4 / 5, above)


def _gives_the_inverse(relative_importance: Tensor, *, n_features: int) -> Tensor:
    r = relative_importance
    above = 4 / (5 + 2 * r) if n_features == 2 else torch.full_like(r, 4 / 7)
    return 1 / torch.where(r < 1, 4 * r / (2 + 5 * r), above)


def _boundary_from_the_cheaper_sides(relative_importance: Tensor, *, n_features: int) -> Tensor:
    # left out is the less important feature, weight `low`; the cheapest pair weighs 1 + `partner`:
    # low (p / 3 - p^2 / 4) = (1 + partner) p^2 / 6
    low = relative_importance.clamp(max=1)
    partner = low if n_features == 3 else relative_importance
    return 4 * low / (3 * low + 2 * (1 + partner))


EXERCISE = Exercise(
    reference=theory.superposition_boundary,
    points=3,
    minutes=15,
    difficulty=3,
    checks=(
        equals_reference("a few importances by hand", _boundary_by_hand),
        equals_reference("an extra feature that is less important", _less_important, weight=2),
        equals_reference("two features, the extra one more important", _more_important),
        equals_reference("three features, the extra one more important", _more_important_of_three),
        equals_reference("one importance, or several axes", _boundary_shapes),
        equals_reference("r = 0, r = 1 and r = 100", _boundary_edges),
        *contract(_importances_in_thirds),
    ),
    slips=(
        Slip(
            answer=_as_if_less_important,
            says="You compared with ignoring the extra feature everywhere. Above r = 1 it is "
            "cheaper to ignore the other one, so compare with that.",
        ),
        Slip(
            answer=_as_if_more_important,
            says="You compared with ignoring the other feature everywhere. Below r = 1 it is "
            "cheaper to ignore the extra one, so compare with that.",
        ),
        Slip(
            answer=_sides_exchanged,
            says="You exchanged the two sides of r = 1. A less important extra feature would be "
            "ignored, a more important one would not.",
        ),
        Slip(
            answer=_boundary_without_bias,
            says="You compared with p/3, an ignored feature without its bias. With the bias it "
            "costs the variance p/3 - p^2/4.",
        ),
        Slip(
            answer=_stays_for_two_as_well,
            says="You kept 4/7 above r = 1 for two features. The pair contains the extra feature "
            "then, so it costs more as r grows.",
        ),
        Slip(
            answer=_three_as_two,
            says="You treated three features as two. Above r = 1 the two others can share a "
            "dimension, at a price without r.",
        ),
        Slip(
            answer=_three_is_constant,
            says="You took 4/7 for every r with three features. Below r = 1 the extra feature is "
            "in the cheapest pair, as with two features.",
        ),
        Slip(
            answer=_gives_the_sparsity,
            says="You returned the sparsity S = 1 - p. The boundary is a density.",
        ),
        Slip(
            answer=_one_output_charged,
            says="You charged one output of the pair. Both miss, so it costs the sum of both "
            "importances times p^2/6.",
        ),
        Slip(
            answer=_gives_the_inverse,
            says="You returned 1/p. The boundary is the density p itself.",
        ),
    ),
    also_right=_boundary_from_the_cheaper_sides,
)
