"""The exercise `gram`: the dot products W_i . W_j of all pairs of features."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import models


def _gram_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[[1.0, -0.5]]]))
    yield call(torch.tensor([[[2.0, 0.0, 1.0], [0.0, 3.0, 1.0]]]))


def _weights(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(3, 2, 5))
    yield call(draw.normal(2, 4, 4))


def _gram_one_instance(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 2, 4))
    yield call(draw.normal(3, 6))
    yield call(draw.normal(2, 3, 2, 4))  # any number of instance axes


def _hidden_by_hidden(W: Tensor) -> Tensor:
    return W @ W.mT


def _all_axes_turned_around(W: Tensor) -> Tensor:
    return W.permute(*reversed(range(W.ndim))) @ W  # W.T @ W; W.T warns on three axes


def _cosines(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    return W_hat.mT @ W_hat


def _contracts_instances(W: Tensor) -> Tensor:
    G = W.mT @ W
    return G.sum(0) if W.ndim > 2 else G


def _squares_products(W: Tensor) -> Tensor:
    return (W.mT @ W) ** 2


def _without_diagonal(W: Tensor) -> Tensor:
    G = W.mT @ W
    return G - torch.diag_embed(G.diagonal(dim1=-2, dim2=-1))


def _gram_of_pairs(W: Tensor) -> Tensor:
    n_features = W.shape[-1]
    rows = [
        torch.stack([(W[..., i] * W[..., j]).sum(-1) for j in range(n_features)], dim=-1)
        for i in range(n_features)
    ]
    return torch.stack(rows, dim=-2)


EXERCISE = Exercise(
    reference=models.gram,
    points=1,
    minutes=5,
    difficulty=1,
    checks=(
        equals_reference("small W by hand", _gram_by_hand),
        equals_reference("several instances", _weights, weight=2),
        equals_reference("one instance keeps its axis, none works too", _gram_one_instance),
        *contract(_weights, gradients=["W"]),
    ),
    slips=(
        Slip(
            answer=_hidden_by_hidden,
            says="This is W W^T, the dot products of rows: hidden x hidden. "
            "Features are columns of W, so W^T W was needed.",
        ),
        Slip(
            answer=_all_axes_turned_around,
            says="You used W.T, which turns around all axes, the instances too. "
            "W.mT swaps the last two.",
        ),
        Slip(
            answer=_cosines,
            says="You made the columns unit vectors first, so these are cosines. "
            "The Gram matrix keeps the lengths.",
        ),
        Slip(
            answer=_contracts_instances,
            says="You summed over the instances. Each instance has a Gram matrix of its own.",
        ),
        Slip(
            answer=_squares_products,
            says="You squared the dot products. Their signs matter here.",
        ),
        Slip(
            answer=_without_diagonal,
            says="You removed the diagonal. It holds the squared lengths, W_i . W_i.",
        ),
    ),
    also_right=_gram_of_pairs,
)
