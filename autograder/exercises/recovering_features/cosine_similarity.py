"""The exercise `cosine_similarity`: how near each latent's direction is to each feature's."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.recovering_features._shared import long_and_short
from tms_lib import recovery


def _by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(
        torch.tensor([[[2.0, 0.0], [0.0, 5.0]]]),
        torch.tensor([[[3.0, -1.0, -3.0], [4.0, 0.0, 4.0]]]),
    )


def _random_directions(draw: Draw) -> Iterator[Call]:
    yield call(long_and_short(draw, 3, 2, 4), long_and_short(draw, 3, 2, 6))
    yield call(long_and_short(draw, 2, 4, 4), long_and_short(draw, 2, 4, 4))  # all sizes equal


def _lone_models(draw: Draw) -> Iterator[Call]:
    for instances in ((1,), (), (2, 3)):
        yield call(draw.normal(*instances, 3, 5), draw.normal(*instances, 3, 4))


def _zero_columns(draw: Draw) -> Iterator[Call]:
    W, W_dec = draw.normal(2, 3, 4), draw.normal(2, 3, 5)
    W[0, :, 2] = 0.0
    W_dec[1, :, 0] = 0.0
    W[1, :, 1] *= 1e-7 / W[1, :, 1].norm()  # short, but with a direction
    W_dec[0, :, 3] *= 1e-7 / W_dec[0, :, 3].norm()
    yield call(W, W_dec)


def _dot_products(W: Tensor, W_dec: Tensor) -> Tensor:
    return W.mT @ W_dec


def _features_as_they_are(W: Tensor, W_dec: Tensor) -> Tensor:
    return W.mT @ F.normalize(W_dec, dim=-2)


def _latents_as_they_are(W: Tensor, W_dec: Tensor) -> Tensor:
    return F.normalize(W, dim=-2).mT @ W_dec


def _unit_rows(W: Tensor, W_dec: Tensor) -> Tensor:
    return F.normalize(W, dim=-1).mT @ F.normalize(W_dec, dim=-1)


def _without_sign(W: Tensor, W_dec: Tensor) -> Tensor:
    return (F.normalize(W, dim=-2).mT @ F.normalize(W_dec, dim=-2)).abs()


def _squared(W: Tensor, W_dec: Tensor) -> Tensor:
    return (F.normalize(W, dim=-2).mT @ F.normalize(W_dec, dim=-2)) ** 2


def _latents_first(W: Tensor, W_dec: Tensor) -> Tensor:
    return F.normalize(W_dec, dim=-2).mT @ F.normalize(W, dim=-2)


def _column_by_column(W: Tensor, W_dec: Tensor) -> Tensor:
    n = min(W.shape[-1], W_dec.shape[-1])
    return F.cosine_similarity(W[..., :n], W_dec[..., :n], dim=-2)


def _not_a_number_at_zero(W: Tensor, W_dec: Tensor) -> Tensor:
    W_hat = W / (W**2).sum(-2, keepdim=True).sqrt()
    return W_hat.mT @ (W_dec / (W_dec**2).sum(-2, keepdim=True).sqrt())


def _adds_to_the_lengths(W: Tensor, W_dec: Tensor) -> Tensor:
    W_hat = W / (W.norm(dim=-2, keepdim=True) + 1e-4)
    return W_hat.mT @ (W_dec / (W_dec.norm(dim=-2, keepdim=True) + 1e-4))


def _latent_by_latent(W: Tensor, W_dec: Tensor) -> Tensor:
    def length(V: Tensor) -> Tensor:
        squared = torch.einsum("...hi,...hi->...i", V, V)
        return squared.where(squared > 0, 1).sqrt()

    found = []
    for k in range(W_dec.shape[-1]):
        along = (W * W_dec[..., [k]]).sum(-2)
        found.append(along / (length(W) * length(W_dec[..., [k]])))
    return torch.stack(found, dim=-1)


EXERCISE = Exercise(
    reference=recovery.cosine_similarity,
    points=2,
    minutes=8,
    difficulty=1,
    checks=(
        equals_reference("two features and three latents, by hand", _by_hand),
        equals_reference("random directions, several instances", _random_directions, weight=2),
        equals_reference("one instance keeps its axis, and none needs one", _lone_models),
        equals_reference("a zero column gets 0, on either side", _zero_columns),
        *contract(_random_directions, gradients=["W", "W_dec"]),
    ),
    slips=(
        Slip(
            answer=_dot_products,
            says="You did not divide by the lengths. A cosine compares directions, and lies "
            "between -1 and 1.",
        ),
        Slip(
            answer=_features_as_they_are,
            says="You divided by the latents' lengths only. The features have lengths too.",
        ),
        Slip(
            answer=_latents_as_they_are,
            says="You divided by the features' lengths only. The columns of W_dec have lengths "
            "too.",
        ),
        Slip(
            answer=_unit_rows,
            says="You normalised the rows. Directions are columns, in W and in W_dec.",
        ),
        Slip(
            answer=_without_sign,
            says="You dropped the sign. An antipodal pair is two features: a latent along one is "
            "not the other, so -1 is as far off as can be.",
        ),
        Slip(
            answer=_squared,
            says="You squared the cosines. Squares have no sign, and opposite directions are "
            "different features.",
        ),
        Slip(
            answer=_latents_first,
            says="You put the latents into the rows. Features come first, then latents.",
        ),
        Slip(
            answer=_column_by_column,
            says="You compared feature 0 with latent 0, and so on. Latents come in any order: "
            "compare every feature with every latent.",
        ),
        Slip(
            answer=_not_a_number_at_zero,
            says="You divided by a length of 0. A zero column has no direction and gets 0.",
        ),
        Slip(
            answer=_adds_to_the_lengths,
            says="You added a small number to every length. It avoids NaN, and makes the other "
            "cosines inexact.",
        ),
    ),
    also_right=_latent_by_latent,
)
