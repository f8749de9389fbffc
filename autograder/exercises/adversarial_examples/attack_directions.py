"""The exercise `attack_directions`: the unit change of the inputs that moves an output most."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.superposition._shared import one_instance, random_weights


def _small_directions(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[[0.0, 3.0], [0.5, 0.0]]]))  # without superposition
    yield call(torch.tensor([[[2.0, 1.0], [0.0, 1.0]]]))


def _columns_of_zeros(draw: Draw) -> Iterator[Call]:
    W = draw.normal(3, 2, 5)
    W[0, :, [1, 4]] = 0.0
    W[1, :, 3] *= 2e-10 / W[1, :, 3].norm()  # short, but with a direction
    W[2] = 0.0
    yield call(W)


def _rows_as_they_are(W: Tensor) -> Tensor:
    return W.mT @ W


def _columns_instead_of_rows(W: Tensor) -> Tensor:
    return F.normalize(W.mT @ W, dim=-2)


def _directions_of_the_features(W: Tensor) -> Tensor:
    return F.normalize(W, dim=-2).mT


def _cosines_of_the_features(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    return W_hat.mT @ W_hat


def _cosines_normalised(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    return F.normalize(W_hat.mT @ W_hat, dim=-1)


def _hidden_overlaps(W: Tensor) -> Tensor:
    return F.normalize(W @ W.mT, dim=-1)


def _zero_over_zero(W: Tensor) -> Tensor:
    rows = W.mT @ W
    return rows / torch.linalg.vector_norm(rows, dim=-1, keepdim=True)


def _adds_to_the_length(W: Tensor) -> Tensor:
    rows = W.mT @ W
    return rows / (torch.linalg.vector_norm(rows, dim=-1, keepdim=True) + 1e-3)


def _one_norm_for_the_matrix(W: Tensor) -> Tensor:
    rows = W.mT @ W
    norm = torch.linalg.matrix_norm(rows, keepdim=True)
    return rows / torch.where(norm > 0, norm, 1.0)


def _largest_entry_one(W: Tensor) -> Tensor:
    rows = W.mT @ W
    largest = rows.abs().amax(-1, keepdim=True)
    return rows / torch.where(largest > 0, largest, 1.0)


def _only_the_signs(W: Tensor) -> Tensor:
    return (W.mT @ W).sign()


def _entries_add_up_to_one(W: Tensor) -> Tensor:
    return F.normalize(W.mT @ W, p=1, dim=-1)


def _each_feature_alone(W: Tensor) -> Tensor:
    n_features = W.shape[-1]
    return torch.eye(n_features, dtype=W.dtype, device=W.device).expand(
        *W.shape[:-2], n_features, n_features
    )


def _direction_by_direction(W: Tensor) -> Tensor:
    found = []
    for i in range(W.shape[-1]):
        row = (W[..., :, i].unsqueeze(-1) * W).sum(-2)
        length = (row**2).sum(-1, keepdim=True).sqrt()
        found.append(torch.where(length > 0, row / torch.where(length > 0, length, 1.0), 0.0))
    return torch.stack(found, dim=-2)


EXERCISE = Exercise(
    reference=tms_lib.attack_directions,
    points=2,
    minutes=8,
    difficulty=2,
    checks=(
        equals_reference("small cases that you can do by hand", _small_directions),
        equals_reference("random weights, several instances", random_weights, weight=2),
        equals_reference("one instance, and no instance axis", one_instance),
        equals_reference("a zero column gets a row of zeros", _columns_of_zeros, weight=2),
        *contract(random_weights, gradients=["W"]),
    ),
    slips=(
        Slip(
            answer=_rows_as_they_are,
            says="You returned the rows of W^T W as they are. Divide each by its length: a "
            "direction has length 1.",
        ),
        Slip(
            answer=_columns_instead_of_rows,
            says="You divided by the lengths of the columns. Entry (i, j) is divided by the length "
            "of row i: normalise over the last axis.",
        ),
        Slip(
            answer=_directions_of_the_features,
            says="You returned the features' directions among the hidden dimensions. An attack "
            "changes the inputs: its direction has one number per feature, a row of W^T W.",
        ),
        Slip(
            answer=_cosines_of_the_features,
            says="You normalised the columns of W. The rows of W^T W are what must get length 1.",
        ),
        Slip(
            answer=_cosines_normalised,
            says="You normalised the columns of W first. A long feature weighs more in a row than "
            "a short one: only the rows of W^T W are normalised.",
        ),
        Slip(
            answer=_hidden_overlaps,
            says="You multiplied W W^T, which is hidden by hidden. The gradient of output i is a "
            "row of W^T W.",
        ),
        Slip(
            answer=_zero_over_zero,
            says="You divided by a length of 0. A zero column has no direction, and its row is "
            "0, not NaN.",
        ),
        Slip(
            answer=_adds_to_the_length,
            says="You added a small number to every length. It avoids NaN, and makes all other "
            "directions too short.",
        ),
        Slip(
            answer=_one_norm_for_the_matrix,
            says="You divided by one norm for the whole matrix. Each row has a length of its own.",
        ),
        Slip(
            answer=_largest_entry_one,
            says="You made the largest entry of each row 1. Its Euclidean length must be 1: the "
            "root of the sum of squares.",
        ),
        Slip(
            answer=_only_the_signs,
            says="You took the signs of the entries. The direction keeps their sizes, and is "
            "divided by their Euclidean length.",
        ),
        Slip(
            answer=_entries_add_up_to_one,
            says="You divided by the sum of absolute values. Divide by the Euclidean length, the "
            "root of the sum of squares.",
        ),
        Slip(
            answer=_each_feature_alone,
            says="You returned e_i, one feature alone. That is right without superposition only: "
            "else row i of W^T W has other entries, too.",
        ),
    ),
    also_right=_direction_by_direction,
)
