"""The exercise `superposition`: how much the other features project onto each one."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.superposition._shared import one_instance, random_weights
from tms_lib import metrics


def _small_superpositions(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[1.0, 2.0, -0.5]]))
    yield call(torch.tensor([[1.0, 0.0, 1.0], [0.0, 3.0, 1.0]]))


def _zero_column(draw: Draw) -> Iterator[Call]:
    W = draw.normal(2, 3, 5)
    W[0, :, 1] = 0.0
    W[1, :, 3] *= 0.05 / W[1, :, 3].norm()  # short, but with a direction
    yield call(W)


def _counts_itself(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    return (torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2).sum(-1)


def _normalises_both(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    cosine = torch.einsum("...hi,...hj->...ij", W_hat, W_hat)
    return (cosine**2).sum(-1) - (cosine.diagonal(dim1=-2, dim2=-1) ** 2)


def _normalises_neither(W: Tensor) -> Tensor:
    overlap = torch.einsum("...hi,...hj->...ij", W, W) ** 2
    return overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)


def _normalises_the_sender(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W, W_hat) ** 2
    return overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)


def _normalises_rows(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-1)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    return overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)


def _does_not_square(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W)
    return overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)


def _takes_absolute_values(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W).abs()
    return overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)


def _squares_the_sum(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W)
    return (overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)) ** 2


def _root_of_the_sum(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    return (overlap * not_self).sum(-1).sqrt()


def _subtracts_one(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    return (torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2).sum(-1) - 1


def _mean_over_the_others(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    return (overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)) / (W.shape[-1] - 1)


def _not_a_number_at_zero(W: Tensor) -> Tensor:
    W_hat = W / (W**2).sum(-2, keepdim=True).sqrt()
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    return (overlap * not_self).sum(-1)


def _one_number(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    return overlap.sum((-2, -1)) - overlap.diagonal(dim1=-2, dim2=-1).sum(-1)


def _adds_to_the_norm(W: Tensor) -> Tensor:
    W_hat = W / ((W**2).sum(-2, keepdim=True).sqrt() + 1e-6)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    return (overlap * not_self).sum(-1)


def _superposition_with_loops(W: Tensor) -> Tensor:
    total = []
    n_features = W.shape[-1]
    for i in range(n_features):
        norm = (W[..., :, i] ** 2).sum(-1).sqrt()
        others = [j for j in range(n_features) if j != i]
        dots = (W[..., :, [i]] * W[..., :, others]).sum(-2)
        safe = torch.where(norm > 0, norm, torch.ones_like(norm))
        total.append((dots**2).sum(-1) / safe**2)
    return torch.stack(total, dim=-1)


EXERCISE = Exercise(
    reference=metrics.superposition,
    points=3,
    minutes=15,
    difficulty=2,
    checks=(
        equals_reference("small cases that you can do by hand", _small_superpositions),
        equals_reference("random weights, several instances", random_weights, weight=2),
        equals_reference("one instance, and no instance axis", one_instance),
        equals_reference("a zero column gets 0", _zero_column),
        *contract(random_weights, gradients=["W"]),
    ),
    slips=(
        Slip(
            answer=_counts_itself,
            says="You counted j = i. The sum runs over the other features.",
        ),
        Slip(
            answer=_normalises_both,
            says="You normalised both vectors. Only W_i becomes a unit vector; how long "
            "the others are matters.",
        ),
        Slip(
            answer=_normalises_neither,
            says="You did not normalise W_i. The others are projected onto its direction, "
            "a vector of length 1.",
        ),
        Slip(
            answer=_normalises_the_sender,
            says="You normalised W_j, or summed over the other axis. Feature i receives: "
            "normalise W_i and sum over j.",
        ),
        Slip(
            answer=_normalises_rows,
            says="You normalised the rows of W. A feature's direction is a column.",
        ),
        Slip(
            answer=_does_not_square,
            says="You did not square the projections. Opposite signs would cancel.",
        ),
        Slip(
            answer=_takes_absolute_values,
            says="You summed absolute values. The formula sums squares.",
        ),
        Slip(
            answer=_squares_the_sum,
            says="You summed first and squared then. Square each projection, then sum.",
        ),
        Slip(
            answer=_root_of_the_sum,
            says="You took the root of the sum. Superposition is the sum of squares itself.",
        ),
        Slip(
            answer=_subtracts_one,
            says="You subtracted 1 for j = i. That term is the squared norm of W_i, which is 1 "
            "for unit columns only.",
        ),
        Slip(
            answer=_mean_over_the_others,
            says="You averaged over the other features. The formula sums.",
        ),
        Slip(
            answer=_one_number,
            says="You summed over i as well. There is one value per feature.",
        ),
        Slip(
            answer=_not_a_number_at_zero,
            says="You divided by a norm of 0. A zero column has no direction and gets 0.",
        ),
        Slip(
            answer=_adds_to_the_norm,
            says="You added a small number to every norm. It avoids NaN, and makes the other "
            "columns inexact.",
        ),
    ),
    also_right=_superposition_with_loops,
)
