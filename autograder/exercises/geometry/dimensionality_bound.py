"""The exercise `dimensionality_bound`: the most that each feature's dimensionality can be."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import metrics


def _small_bounds(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[1.0, 0.0, 1.0], [0.0, 3.0, 1.0]]))
    yield call(torch.tensor([[1.0, 2.0, -0.5]]))


def _wide_weights(draw: Draw) -> Iterator[Call]:
    # many more features than dimensions, so that W W^T is far from singular
    yield call(draw.normal(3, 2, 7))
    yield call(draw.normal(2, 4, 14) * draw.uniform(2, 1, 14, low=0.3, high=2.0))


def _scaled_weights(draw: Draw) -> Iterator[Call]:
    W = draw.normal(2, 3, 9)
    yield call(1e-3 * W)
    yield call(1e-6 * W)  # no constant is small beside the squares of these
    yield call(1e3 * W)


def _one_wide_instance(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 2, 6))
    yield call(draw.normal(3, 10))
    yield call(draw.normal(2, 2, 2, 6))


def _empty_columns(draw: Draw) -> Iterator[Call]:
    W = draw.normal(2, 2, 7)
    W[0, :, [1, 4]] = 0.0
    yield call(W)


def _dependent_rows(draw: Draw) -> Iterator[Call]:
    W = draw.normal(3, 3, 8)
    W[0, 1] = 0.0
    W[1, 2] = 2 * W[1, 0]
    W[2] = 0.0
    yield call(W)
    # fewer features than dimensions, at a right angle but for one pair
    yield call(torch.tensor([[2.0, 0.0], [0.0, 0.5], [0.0, 0.0]]))
    yield call(torch.tensor([[1.0, 0.0, 0.0, 1.0], [0.0, 2.0, -1.0, 0.0], [0.0, 0.0, 0.0, 0.0]]))


def _forgets_to_invert(W: Tensor) -> Tensor:
    S = W @ W.mT
    return (W * (S @ W)).sum(-2)


def _inverse_with_a_ridge(W: Tensor) -> Tensor:
    S = W @ W.mT + 1e-3 * torch.eye(W.shape[-2], dtype=W.dtype, device=W.device)
    return (W * (torch.linalg.inv(S) @ W)).sum(-2)


def _inverse_where_there_is_one(W: Tensor) -> Tensor:
    S = W @ W.mT
    inverse, info = torch.linalg.inv_ex(S)
    fails = (info != 0)[..., None, None]
    return (W * (torch.where(fails, torch.nan, inverse) @ W)).sum(-2)


def _directions_around_it(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    return (W_hat * (torch.linalg.pinv(W @ W.mT) @ W_hat)).sum(-2)


def _all_columns_as_directions(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    return (W_hat * (torch.linalg.pinv(W_hat @ W_hat.mT) @ W_hat)).sum(-2)


def _entry_by_entry(W: Tensor) -> Tensor:
    S = W @ W.mT
    inverse = torch.where(S != 0, 1 / torch.where(S != 0, S, 1.0), 0.0)
    return (W * (inverse @ W)).sum(-2)


def _gram_inverted(W: Tensor) -> Tensor:
    return torch.linalg.pinv(W.mT @ W).diagonal(dim1=-2, dim2=-1)


def _whole_matrix(W: Tensor) -> Tensor:
    return W.mT @ torch.linalg.pinv(W @ W.mT) @ W


def _row_sums(W: Tensor) -> Tensor:
    return (W.mT @ torch.linalg.pinv(W @ W.mT) @ W).sum(-1)


def _total(W: Tensor) -> Tensor:
    return (W * (torch.linalg.pinv(W @ W.mT) @ W)).sum((-2, -1))


def _for_each_dimension(W: Tensor) -> Tensor:
    return (W * (torch.linalg.pinv(W @ W.mT) @ W)).sum(-1)


def _same_for_all(W: Tensor) -> Tensor:
    return torch.full_like(W[..., 0, :], W.shape[-2] / W.shape[-1])


def _dimensionality_itself(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    projections = (torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2).sum(-1)
    return (W**2).sum(-2) / torch.where(projections > 0, projections, 1.0)


def _bound_from_singular_vectors(W: Tensor) -> Tensor:
    _, values, rows = torch.linalg.svd(W, full_matrices=False)
    counts = values > 1e-5 * values.amax(-1, keepdim=True)
    return (rows**2 * counts.unsqueeze(-1)).sum(-2)


EXERCISE = Exercise(
    reference=metrics.dimensionality_bound,
    points=2,
    minutes=12,
    difficulty=3,
    checks=(
        equals_reference("small cases that you can do by hand", _small_bounds),
        equals_reference("random weights, several instances", _wide_weights, weight=2),
        equals_reference("one instance, and no instance axis", _one_wide_instance),
        equals_reference("columns of zeros get 0", _empty_columns),
        equals_reference("scaling all of W changes nothing", _scaled_weights),
        equals_reference("rows that depend on others, and W = 0", _dependent_rows, weight=2),
        *contract(_wide_weights),
    ),
    slips=(
        Slip(
            answer=_forgets_to_invert,
            says="You used S itself. The bound has its inverse between the two vectors.",
        ),
        Slip(
            answer=_inverse_with_a_ridge,
            says="You added a multiple of the identity to S. It makes S invertible, and every "
            "bound too small. Use the pseudo-inverse, torch.linalg.pinv.",
        ),
        Slip(
            answer=_inverse_where_there_is_one,
            says="Your S has no inverse if a row of W depends on others. The pseudo-inverse, "
            "torch.linalg.pinv, exists always.",
        ),
        Slip(
            answer=_directions_around_it,
            says="You put unit vectors around the inverse. The columns keep their lengths: "
            "W_i on both sides.",
        ),
        Slip(
            answer=_all_columns_as_directions,
            says="You normalised all columns first. The lengths matter: a long feature takes more "
            "of the space.",
        ),
        Slip(
            answer=_entry_by_entry,
            says="You inverted the entries of S one by one. Invert S as a matrix.",
        ),
        Slip(
            answer=_gram_inverted,
            says="You inverted W^T W, one row per feature. Invert S = W W^T, one row per hidden "
            "dimension, and put W_i on both sides.",
        ),
        Slip(
            answer=_whole_matrix,
            says="You returned the whole matrix. The bound of feature i is its entry i, i.",
        ),
        Slip(
            answer=_row_sums,
            says="You added up the rows of the matrix. The bound of feature i is its entry i, i.",
        ),
        Slip(
            answer=_total,
            says="You added the bounds of all features. There is one value per feature.",
        ),
        Slip(
            answer=_for_each_dimension,
            says="You summed over the features. Sum over the hidden dimensions, the last axis but "
            "one: there is one value per feature.",
        ),
        Slip(
            answer=_same_for_all,
            says="m / n is the mean of the bounds if the rank is m. Each feature has its own.",
        ),
        Slip(
            answer=_dimensionality_itself,
            says="This is the dimensionality D_i. The bound agrees with it only if W_i is an "
            "eigenvector of S.",
        ),
    ),
    also_right=_bound_from_singular_vectors,
)
