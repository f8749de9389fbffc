"""The exercise `sparse_decode`: the hidden vector that the latents stand for."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.recovering_features._shared import latents_like, long_and_short
from tms_lib import autoencoder


def _by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(
        torch.tensor([[[5.0, 0.0], [0.0, 2.0], [1.0, 1.0]]]),
        W_dec=torch.tensor([[[3.0, 0.0], [4.0, -0.5]]]),
        b_dec=torch.tensor([[0.0, 1.0]]),
    )


def _random_decoders(draw: Draw) -> Iterator[Call]:
    for n, batch, hidden, latents in ((3, 3, 4, 6), (2, 7, 4, 4)):
        yield call(
            latents_like(draw, n, batch, latents),
            W_dec=long_and_short(draw, n, hidden, latents),
            b_dec=draw.normal(n, hidden),
        )


def _lone_decoders(draw: Draw) -> Iterator[Call]:
    for instances in ((1,), (), (2, 3)):
        yield call(
            latents_like(draw, *instances, 6, 5),
            W_dec=long_and_short(draw, *instances, 3, 5),
            b_dec=draw.normal(*instances, 3),
        )


def _edges(draw: Draw) -> Iterator[Call]:
    W_dec = draw.normal(2, 3, 5)
    W_dec[0, :, 1] = 0.0
    W_dec[1, :, 4] *= 1e-7 / W_dec[1, :, 4].norm()  # short, but with a direction
    yield call(latents_like(draw, 2, 6, 5), W_dec=W_dec, b_dec=draw.normal(2, 3))
    yield call(torch.zeros(2, 4, 5), W_dec=W_dec, b_dec=draw.normal(2, 3))


def _columns_as_they_are(latents: Tensor, *, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    return latents @ W_dec.mT + b_dec.unsqueeze(-2)


def _unit_rows(latents: Tensor, *, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    return latents @ F.normalize(W_dec, dim=-1).mT + b_dec.unsqueeze(-2)


def _unit_matrix(latents: Tensor, *, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    length = W_dec.pow(2).sum((-2, -1), keepdim=True).sqrt()
    return latents @ (W_dec / length).mT + b_dec.unsqueeze(-2)


def _divides_by_the_square(latents: Tensor, *, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    squared = (W_dec**2).sum(-2, keepdim=True)
    return latents @ (W_dec / squared.where(squared > 0, 1)).mT + b_dec.unsqueeze(-2)


def _no_bias(latents: Tensor, *, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    return latents @ F.normalize(W_dec, dim=-2).mT


def _minus_bias(latents: Tensor, *, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    return latents @ F.normalize(W_dec, dim=-2).mT - b_dec.unsqueeze(-2)


def _relu_at_the_end(latents: Tensor, *, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    return torch.relu(latents @ F.normalize(W_dec, dim=-2).mT + b_dec.unsqueeze(-2))


def _not_a_number_at_zero(latents: Tensor, *, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    directions = W_dec / (W_dec**2).sum(-2, keepdim=True).sqrt()
    return latents @ directions.mT + b_dec.unsqueeze(-2)


def _adds_to_the_length(latents: Tensor, *, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    directions = W_dec / (W_dec.norm(dim=-2, keepdim=True) + 1e-4)
    return latents @ directions.mT + b_dec.unsqueeze(-2)


def _shorter_latents(latents: Tensor, *, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    length = (W_dec**2).sum(-2).sqrt()
    per_length = latents / length.where(length > 0, 1).unsqueeze(-2)
    return b_dec.unsqueeze(-2) + torch.einsum("...bk,...hk->...bh", per_length, W_dec)


EXERCISE = Exercise(
    reference=autoencoder.sparse_decode,
    points=2,
    minutes=6,
    difficulty=2,
    checks=(
        equals_reference("three inputs and two latents, by hand", _by_hand),
        equals_reference("random decoders, several instances", _random_decoders, weight=2),
        equals_reference("one instance keeps its axis, and none needs one", _lone_decoders),
        equals_reference("a zero column adds nothing; without latents b_dec is left", _edges),
        *contract(_random_decoders, gradients=["latents", "W_dec", "b_dec"]),
    ),
    slips=(
        Slip(
            answer=_columns_as_they_are,
            says="You used the columns of W_dec as they are. Divide each by its length: only its "
            "direction counts.",
        ),
        Slip(
            answer=_unit_rows,
            says="You normalised the rows of W_dec. A latent's direction is a column.",
        ),
        Slip(
            answer=_unit_matrix,
            says="You divided by the length of the whole matrix. Each column has a length of its "
            "own.",
        ),
        Slip(
            answer=_divides_by_the_square,
            says="You divided by the squared length. Take its root, and a column has length 1.",
        ),
        Slip(
            answer=_no_bias,
            says="You left out b_dec. It is added to every reconstruction.",
        ),
        Slip(
            answer=_minus_bias,
            says="You subtracted b_dec. The encoder takes it off, the decoder adds it again.",
        ),
        Slip(
            answer=_relu_at_the_end,
            says="You put a ReLU at the end. Hidden vectors may be negative; only latents are not.",
        ),
        Slip(
            answer=_not_a_number_at_zero,
            says="You divided by a length of 0. A zero column has no direction and adds nothing.",
        ),
        Slip(
            answer=_adds_to_the_length,
            says="You added a small number to every length. It avoids NaN, and makes the other "
            "columns inexact.",
        ),
    ),
    also_right=_shorter_latents,
)
