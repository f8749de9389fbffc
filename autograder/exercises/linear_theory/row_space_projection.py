"""The exercise `row_space_projection`: the best that can be done with a given hidden space."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.linear_theory._shared import mixed_spaces
from tms_lib import theory


def _spaces_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[3.0, 4.0]]))
    # the plane of the first two features, read along two directions that are not orthogonal
    yield call(torch.tensor([[1.0, 0.0, 0.0], [1.0, 2.0, 0.0]]))


def _spaces(draw: Draw) -> Iterator[Call]:
    yield call(mixed_spaces(draw, 4, n_hidden=2, n_features=5))
    yield call(mixed_spaces(draw, 3, n_hidden=4, n_features=6))


def _lone_spaces(draw: Draw) -> Iterator[Call]:
    yield call(mixed_spaces(draw, 1, n_hidden=2, n_features=4))
    yield call(mixed_spaces(draw, n_hidden=3, n_features=5))
    yield call(mixed_spaces(draw, n_hidden=1, n_features=3))
    yield call(mixed_spaces(draw, 2, 3, n_hidden=2, n_features=4))  # any number of instance axes
    yield call(mixed_spaces(draw, 2, n_hidden=3, n_features=3))  # room for all features


def _dependent_rows(draw: Draw) -> Iterator[Call]:
    W = torch.zeros(2, 3, 5)
    W[:, 0] = draw.normal(2, 5)
    W[:, 1] = 2 * W[:, 0]  # exact: a multiplication by 2 rounds nothing
    yield call(W)
    yield call(torch.zeros(1, 2, 4))
    mixed = torch.cat([W, mixed_spaces(draw, 1, n_hidden=3, n_features=5)])
    yield call(mixed)  # of ranks 1 and 3


def _scaled_weights(draw: Draw) -> Iterator[Call]:
    W = mixed_spaces(draw, 2, n_hidden=2, n_features=5)
    yield call(1e-3 * W)
    yield call(1e-6 * W)  # no constant is small beside the squares of these
    yield call(1e3 * W)


def _gram_itself(W: Tensor) -> Tensor:
    return W.mT @ W


def _unit_rows(W: Tensor) -> Tensor:
    rows = F.normalize(W, dim=-1)
    return rows.mT @ rows


def _unit_columns(W: Tensor) -> Tensor:
    columns = F.normalize(W, dim=-2)
    return columns.mT @ columns


def _scaled_as_a_whole(W: Tensor) -> Tensor:
    G = W.mT @ W
    largest = torch.linalg.matrix_norm(W, ord=2, keepdim=True) ** 2
    return G / largest.clamp(min=1e-30)


def _other_order(W: Tensor) -> Tensor:
    return W @ torch.linalg.pinv(W)


def _what_is_lost(W: Tensor) -> Tensor:
    P = torch.linalg.pinv(W) @ W
    return torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - P


def _orthonormal_rows_themselves(W: Tensor) -> Tensor:
    return torch.linalg.qr(W.mT).Q.mT


def _shares_alone(W: Tensor) -> Tensor:
    return torch.diag_embed((torch.linalg.pinv(W) @ W).diagonal(dim1=-2, dim2=-1))


def _always_of_full_rank(W: Tensor) -> Tensor:
    rows = torch.linalg.qr(W.mT).Q
    return rows @ rows.mT


def _small_number_on_the_diagonal(W: Tensor) -> Tensor:
    square = W @ W.mT
    eye = torch.eye(W.shape[-2], dtype=W.dtype, device=W.device)
    return W.mT @ torch.linalg.inv(square + 1e-6 * eye) @ W


def _projection_from_singular_vectors(W: Tensor) -> Tensor:
    _, sizes, rows = torch.linalg.svd(W, full_matrices=False)
    is_there = sizes > 1e-5 * sizes.amax(-1, keepdim=True)
    kept = rows * is_there.unsqueeze(-1)
    return torch.einsum("...ki,...kj->...ij", kept, kept)


EXERCISE = Exercise(
    reference=theory.row_space_projection,
    points=2,
    minutes=12,
    difficulty=3,
    checks=(
        equals_reference("a line and a plane, by hand", _spaces_by_hand),
        equals_reference("random hidden spaces, several instances", _spaces, weight=2),
        equals_reference(
            "one instance, no instance axis, and as many rows as features", _lone_spaces
        ),
        equals_reference("rows that repeat others, and zero rows, add nothing", _dependent_rows),
        equals_reference("scaling all of W changes nothing", _scaled_weights),
        *contract(_spaces),
    ),
    slips=(
        Slip(
            answer=_gram_itself,
            says="You returned W^T W. It is the projection only if the rows of W are orthogonal "
            "and have length 1.",
        ),
        Slip(
            answer=_unit_rows,
            says="You gave the rows length 1, but did not make them orthogonal. What two rows "
            "have in common then counts twice.",
        ),
        Slip(
            answer=_unit_columns,
            says="You gave the columns length 1. The hidden space is spanned by the rows of W.",
        ),
        Slip(
            answer=_scaled_as_a_whole,
            says="You scaled all of W^T W by one number. Each direction of the hidden space needs "
            "a scale of its own: that is what (W W^T)^-1 does.",
        ),
        Slip(
            answer=_other_order,
            says="You multiplied in the other order. W W^+ is hidden x hidden; the projection of "
            "features is W^+ W.",
        ),
        Slip(
            answer=_what_is_lost,
            says="You returned 1 - P, what the projection takes away.",
        ),
        Slip(
            answer=_orthonormal_rows_themselves,
            says="You returned an orthonormal basis V of the hidden space. The projection is "
            "V^T V.",
        ),
        Slip(
            answer=_shares_alone,
            says="You kept only the diagonal. Off it, P says how features disturb each other.",
        ),
        Slip(
            answer=_always_of_full_rank,
            says="QR gives as many directions as W has rows, even if some rows repeat others. "
            "Count only those that W reaches; torch.linalg.pinv does it.",
        ),
        Slip(
            answer=_small_number_on_the_diagonal,
            says="You added a small number before inverting. That makes the other values inexact; "
            "torch.linalg.pinv needs no such number.",
        ),
    ),
    also_right=_projection_from_singular_vectors,
)
