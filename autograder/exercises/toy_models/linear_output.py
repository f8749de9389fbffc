"""The exercise `linear_output`: what the linear model returns, W^T W x + b."""

import torch
from torch import Tensor

import tms_lib
from autograder.claims import contract, equals_reference
from autograder.exercise import Exercise, Slip
from autograder.exercises.toy_models._shared import (
    lone_models,
    model_by_hand,
    random_models,
    with_zeros,
)


def _no_bias(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:  # noqa: ARG001  (the reference's signature)
    return x @ W.mT @ W


def _subtracts_bias(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return x @ W.mT @ W - b.unsqueeze(-2)


def _stops_at_hidden(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:  # noqa: ARG001  (the reference's signature)
    return x @ W.mT


def _bias_before_embedding(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return (x + b.unsqueeze(-2)) @ W.mT @ W


def _bias_meets_batch(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return x @ W.mT @ W + b


def _one_model_for_all(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return x @ W[0].mT @ W[0] + b[0]


def _pseudo_inverse(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return x @ W.mT @ torch.linalg.pinv(W).mT + b.unsqueeze(-2)


def _linear_with_relu(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return torch.relu(x @ W.mT @ W + b.unsqueeze(-2))


def _linear_sample_by_sample(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    # every output is the bias plus each input's share of it, W_i . W_j
    overlap = (W.unsqueeze(-1) * W.unsqueeze(-2)).sum(-3)
    samples = []
    for sample in x.unbind(-2):
        samples.append((overlap * sample.unsqueeze(-2)).sum(-1) + b)
    return torch.stack(samples, dim=-2)


EXERCISE = Exercise(
    reference=tms_lib.linear_output,
    points=2,
    minutes=10,
    difficulty=1,
    checks=(
        equals_reference("an antipodal pair, by hand", model_by_hand),
        equals_reference("random models, several instances", random_models, weight=2),
        equals_reference("one instance keeps its axis, and none needs one", lone_models),
        equals_reference("a zero column and a zero input leave the bias", with_zeros),
        *contract(random_models, gradients=["W", "b"]),
    ),
    slips=(
        Slip(
            answer=_no_bias,
            says="You left out the bias. Every output feature gets its b_i on top.",
        ),
        Slip(
            answer=_subtracts_bias,
            says="You subtracted the bias. It is added: x' = W^T W x + b.",
        ),
        Slip(
            answer=_stops_at_hidden,
            says="You returned the hidden vector h. Decode it with W^T, then add b.",
        ),
        Slip(
            answer=_bias_before_embedding,
            says="You added b before the embedding, so it went through W^T W. "
            "It is added at the very end.",
        ),
        Slip(
            answer=_bias_meets_batch,
            says="Your bias met the batch axis: instance k's bias went to sample k. "
            "Give b a batch axis of size 1 with b.unsqueeze(-2).",
        ),
        Slip(
            answer=_one_model_for_all,
            says="You used instance 0's weights for every instance. "
            "Each instance goes through its own W and b.",
        ),
        Slip(
            answer=_pseudo_inverse,
            says="You decoded with the pseudo-inverse of W. The decoder is the transpose W^T.",
        ),
        Slip(
            answer=_linear_with_relu,
            says="You applied a ReLU. The linear model has none; negative outputs stay.",
        ),
    ),
    also_right=_linear_sample_by_sample,
)
