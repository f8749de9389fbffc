"""The exercise `density`: how often a feature is active, from how often it is not."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import features


def _sparsities_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([0.0, 0.9, 1.0]))
    yield call(torch.tensor([0.5, 1.0], dtype=torch.float64))  # a density may be 0 exactly


def _sparsities(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(3, 4))
    yield call(draw.uniform(1, 5))
    yield call(draw.uniform())
    yield call(draw.uniform(2, 3, high=0.01))  # 1 - S does not fit float32 here


def _returns_sparsity(sparsity: Tensor) -> Tensor:
    return sparsity.clone()


def _returns_inverse_density(sparsity: Tensor) -> Tensor:
    return 1 / (1 - sparsity)


def _subtracts_the_wrong_way(sparsity: Tensor) -> Tensor:
    return sparsity - 1


def _returns_inverse_sparsity(sparsity: Tensor) -> Tensor:
    return 1 / sparsity


def _density_in_place_on_a_copy(sparsity: Tensor) -> Tensor:
    p = torch.ones_like(sparsity)
    p -= sparsity
    return p


EXERCISE = Exercise(
    reference=features.density,
    points=1,
    minutes=3,
    difficulty=1,
    checks=(
        equals_reference("three sparsities that you can do by hand", _sparsities_by_hand),
        equals_reference("random sparsities of any shape", _sparsities),
        *contract(_sparsities),
    ),
    slips=(
        Slip(
            answer=_returns_sparsity,
            says="This is the sparsity S itself, how often a feature is 0. "
            "The density is how often it is not 0.",
        ),
        Slip(
            answer=_returns_inverse_density,
            says="This is 1/(1 - S), the scale on the axes of plots. The density is 1 - S.",
        ),
        Slip(
            answer=_subtracts_the_wrong_way,
            says="This is S - 1, which is never positive. A density is a probability.",
        ),
        Slip(
            answer=_returns_inverse_sparsity,
            says="This is 1/S. A density is a probability, at most 1.",
        ),
    ),
    also_right=_density_in_place_on_a_copy,
)
