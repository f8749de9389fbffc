"""The exercise `embed`: the hidden vectors h = W x, each instance with its own W."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import models


def _embed_by_hand(_draw: Draw) -> Iterator[Call]:
    # square first: W not transposed has a result there, and so a sentence of its own
    yield call(torch.tensor([[[1.0, 10.0]]]), torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
    yield call(
        torch.tensor([[[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]]]), torch.tensor([[[1.0, 0.0, -1.0]]])
    )


def _batches_and_weights(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(3, 6, 4), draw.normal(3, 2, 4))
    yield call(draw.normal(2, 3, 5), draw.normal(2, 5, 5))


def _embed_one_instance(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 6, 4), draw.normal(1, 2, 4))
    yield call(draw.normal(6, 4), draw.normal(2, 4))
    yield call(draw.normal(2, 3, 6, 4), draw.normal(2, 3, 2, 4))  # any number of instance axes


def _w_reshaped(x: Tensor, W: Tensor) -> Tensor:
    return x @ W.reshape(*W.shape[:-2], W.shape[-1], W.shape[-2])


def _all_axes_turned_around(x: Tensor, W: Tensor) -> Tensor:
    return x @ W.permute(*reversed(range(W.ndim)))  # W.T, which warns on three axes


def _hidden_before_batch(x: Tensor, W: Tensor) -> Tensor:
    return W @ x.mT


def _first_instance_for_all(x: Tensor, W: Tensor) -> Tensor:
    return x @ W[0].mT


def _adds_instances(x: Tensor, W: Tensor) -> Tensor:
    return torch.einsum("ibf,jhf->ibh", x, W)


def _rectifies(x: Tensor, W: Tensor) -> Tensor:
    return torch.relu(x @ W.mT)


def _embed_with_loops(x: Tensor, W: Tensor) -> Tensor:
    h = x.new_zeros(*x.shape[:-1], W.shape[-2])
    for i in range(x.shape[-1]):
        h = h + x[..., :, i].unsqueeze(-1) * W[..., :, i].unsqueeze(-2)
    return h


EXERCISE = Exercise(
    reference=models.embed,
    points=2,
    minutes=8,
    difficulty=1,
    checks=(
        equals_reference("one instance by hand", _embed_by_hand),
        equals_reference("each instance uses its own W", _batches_and_weights, weight=2),
        equals_reference("one instance keeps its axis, none works too", _embed_one_instance),
        *contract(_batches_and_weights, gradients=["x", "W"]),
    ),
    slips=(
        Slip(
            answer=_w_reshaped,  # on a square W the same as x @ W
            says="Rows of W did not become columns: you used W as it is stored, or reshaped it, "
            "which keeps the order of the numbers. W.mT swaps the last two axes.",
        ),
        Slip(
            answer=_all_axes_turned_around,
            says="You used W.T, which turns around all axes, the instances too. "
            "W.mT swaps the last two.",
        ),
        Slip(
            answer=_hidden_before_batch,
            says="The numbers are right, the axes are not: "
            "your result is (instances, hidden, batch).",
        ),
        Slip(
            answer=_first_instance_for_all,
            says="You used the first instance's W for all. Each instance has a W of its own.",
        ),
        Slip(
            answer=_adds_instances,
            says="You summed over the instances of W. Instances are separate models: "
            "give x and W the same letter for that axis.",
        ),
        Slip(
            answer=_rectifies,
            says="You applied a ReLU. h = W x is linear; this model's ReLU comes at the output.",
        ),
    ),
    also_right=_embed_with_loops,
)
