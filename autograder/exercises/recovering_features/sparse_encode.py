"""The exercise `sparse_encode`: how strongly each latent is active."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import autoencoder


def _by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(
        torch.tensor([[[3.0, 1.0], [1.0, 1.0]]]),
        W_enc=torch.tensor([[[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]]]),
        b_enc=torch.tensor([[-0.5, 0.5, 0.0]]),
        b_dec=torch.tensor([[1.0, 2.0]]),
    )


def _random_encoders(draw: Draw) -> Iterator[Call]:
    # as many latents as dimensions, and as many instances as inputs: torch then lets axes be mixed
    # up without a word
    for n, batch, hidden, latents in ((3, 6, 4, 4), (4, 4, 3, 5)):
        yield call(
            draw.normal(n, batch, hidden),
            W_enc=draw.normal(n, latents, hidden),
            b_enc=draw.normal(n, latents),
            b_dec=draw.normal(n, hidden),
        )


def _lone_encoders(draw: Draw) -> Iterator[Call]:
    for instances in ((1,), (), (2, 3)):
        yield call(
            draw.normal(*instances, 6, 3),
            W_enc=draw.normal(*instances, 5, 3),
            b_enc=draw.normal(*instances, 5),
            b_dec=draw.normal(*instances, 3),
        )


def _at_the_bias(draw: Draw) -> Iterator[Call]:
    """Inputs that are b_dec itself: what is left is the encoder's bias, if positive."""
    b_dec = draw.normal(2, 3)
    yield call(
        b_dec.unsqueeze(-2).repeat(1, 2, 1),
        W_enc=draw.normal(2, 6, 3),
        b_enc=draw.normal(2, 6),
        b_dec=b_dec,
    )


def _not_centred(h: Tensor, *, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor) -> Tensor:
    return torch.relu(h @ W_enc.mT + b_enc.unsqueeze(-2))


def _adds_the_decoder_bias(h: Tensor, *, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor) -> Tensor:
    return torch.relu((h + b_dec.unsqueeze(-2)) @ W_enc.mT + b_enc.unsqueeze(-2))


def _no_encoder_bias(h: Tensor, *, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor) -> Tensor:
    return torch.relu((h - b_dec.unsqueeze(-2)) @ W_enc.mT)


def _minus_encoder_bias(h: Tensor, *, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor) -> Tensor:
    return torch.relu((h - b_dec.unsqueeze(-2)) @ W_enc.mT - b_enc.unsqueeze(-2))


def _bias_after_relu(h: Tensor, *, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor) -> Tensor:
    return torch.relu((h - b_dec.unsqueeze(-2)) @ W_enc.mT) + b_enc.unsqueeze(-2)


def _no_relu(h: Tensor, *, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor) -> Tensor:
    return (h - b_dec.unsqueeze(-2)) @ W_enc.mT + b_enc.unsqueeze(-2)


def _absolute_values(h: Tensor, *, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor) -> Tensor:
    return ((h - b_dec.unsqueeze(-2)) @ W_enc.mT + b_enc.unsqueeze(-2)).abs()


def _columns_of_the_encoder(h: Tensor, *, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor) -> Tensor:
    return torch.relu((h - b_dec.unsqueeze(-2)) @ W_enc + b_enc.unsqueeze(-2))


def _unit_rows(h: Tensor, *, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor) -> Tensor:
    rows = W_enc / W_enc.norm(dim=-1, keepdim=True)
    return torch.relu((h - b_dec.unsqueeze(-2)) @ rows.mT + b_enc.unsqueeze(-2))


def _one_bias_for_both(h: Tensor, *, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor) -> Tensor:
    bias = b_enc - torch.einsum("...kh,...h->...k", W_enc, b_dec)
    return torch.einsum("...kh,...bh->...bk", W_enc, h).add(bias[..., None, :]).clamp(min=0)


EXERCISE = Exercise(
    reference=autoencoder.sparse_encode,
    points=2,
    minutes=8,
    difficulty=2,
    checks=(
        equals_reference("two inputs and three latents, by hand", _by_hand),
        equals_reference("random autoencoders, several instances", _random_encoders, weight=2),
        equals_reference("one instance keeps its axis, and none needs one", _lone_encoders),
        equals_reference("an input that equals b_dec leaves the bias, if positive", _at_the_bias),
        *contract(_random_encoders, gradients=["W_enc", "b_enc", "b_dec"]),
    ),
    slips=(
        Slip(
            answer=_not_centred,
            says="You did not take b_dec off. The latents describe h - b_dec, since the decoder "
            "adds b_dec again.",
        ),
        Slip(
            answer=_adds_the_decoder_bias,
            says="You added b_dec to h. The decoder adds it; the encoder takes it off.",
        ),
        Slip(
            answer=_no_encoder_bias,
            says="You left out b_enc. It is the threshold below which a latent stays silent.",
        ),
        Slip(
            answer=_minus_encoder_bias,
            says="You subtracted b_enc. Only b_dec is subtracted, b_enc is added.",
        ),
        Slip(
            answer=_bias_after_relu,
            says="You added b_enc after the ReLU. Inside, a negative bias silences a latent; "
            "outside, it only makes it negative.",
        ),
        Slip(
            answer=_no_relu,
            says="You left out the ReLU: your latents can be negative.",
        ),
        Slip(
            answer=_absolute_values,
            says="You took absolute values. A latent whose direction is not there must be 0.",
        ),
        Slip(
            answer=_columns_of_the_encoder,
            says="You took the columns of W_enc. Latent k reads with row k.",
        ),
        Slip(
            answer=_unit_rows,
            says="You made the encoder's rows unit vectors. Only the decoder's directions are; the "
            "rows keep their lengths.",
        ),
    ),
    also_right=_one_bias_for_both,
)
