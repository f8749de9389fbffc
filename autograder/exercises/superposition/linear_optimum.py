"""The exercise `linear_optimum`: W and b of the best linear model."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call
from autograder.claims import contract, equals_reference
from autograder.exercise import Exercise, Slip
from autograder.exercises.superposition._shared import (
    axes_that_broadcast,
    edges,
    every_density_its_own,
    in_thirds,
    one_density,
    one_linear_instance,
    small_linear,
)
from tms_lib import theory
from tms_lib.models import gram


def _function(value: Any, _call: Call) -> Any:
    """What the model computes: it stays the same when W is rotated."""
    W, b = value
    return gram(W), b


def _first_features(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p = (feature_probability + 0 * importance).clone()
    W = torch.zeros(*p.shape[:-1], n_hidden, p.shape[-1], dtype=p.dtype, device=p.device)
    b = p / 2
    for k in range(n_hidden):
        W[..., k, k] = 1
        b[..., k] = 0
    return W, b


def _most_important(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p, weight = torch.broadcast_tensors(feature_probability, importance)
    W = F.one_hot(weight.topk(n_hidden, dim=-1).indices, p.shape[-1]).to(p.dtype)
    return W, p / 2 * (1 - W.sum(-2))


def _largest_variance(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    kept = (p / 3 - p**2 / 4).argsort(dim=-1, stable=True)[..., -n_hidden:]
    W = F.one_hot(kept, p.shape[-1]).to(p.dtype)
    return W, p / 2 * (1 - W.sum(-2))


def _second_moment(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    W = F.one_hot((importance * p / 3).topk(n_hidden, dim=-1).indices, p.shape[-1]).to(p.dtype)
    return W, p / 2 * (1 - W.sum(-2))


def _least_costly(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    cost = importance * (p / 3 - p**2 / 4)
    W = F.one_hot((-cost).topk(n_hidden, dim=-1).indices, p.shape[-1]).to(p.dtype)
    return W, p / 2 * (1 - W.sum(-2))


def _no_bias(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    cost = importance * (p / 3 - p**2 / 4)
    W = F.one_hot(cost.topk(n_hidden, dim=-1).indices, p.shape[-1]).to(p.dtype)
    return W, torch.zeros_like(cost)


def _bias_everywhere(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    cost = importance * (p / 3 - p**2 / 4)
    W = F.one_hot(cost.topk(n_hidden, dim=-1).indices, p.shape[-1]).to(p.dtype)
    return W, p / 2 + 0 * cost


def _bias_on_the_kept(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    cost = importance * (p / 3 - p**2 / 4)
    W = F.one_hot(cost.topk(n_hidden, dim=-1).indices, p.shape[-1]).to(p.dtype)
    return W, p / 2 * W.sum(-2)


def _mean_of_the_active(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    cost = importance * (p / 3 - p**2 / 4)
    W = F.one_hot(cost.topk(n_hidden, dim=-1).indices, p.shape[-1]).to(p.dtype)
    return W, 0.5 * (1 - W.sum(-2))


def _mean_of_the_squares(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    cost = importance * (p / 3 - p**2 / 4)
    W = F.one_hot(cost.topk(n_hidden, dim=-1).indices, p.shape[-1]).to(p.dtype)
    return W, p / 3 * (1 - W.sum(-2))


def _twice_the_mean(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    cost = importance * (p / 3 - p**2 / 4)
    W = F.one_hot(cost.topk(n_hidden, dim=-1).indices, p.shape[-1]).to(p.dtype)
    return W, p * (1 - W.sum(-2))


def _optimum_with_loops(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p, weight = torch.broadcast_tensors(feature_probability, importance)
    W = torch.zeros(*p.shape[:-1], n_hidden, p.shape[-1], dtype=p.dtype, device=p.device)
    b = p / 2
    ranks = (weight * p * (4 - 3 * p)).argsort(-1)
    for k in range(n_hidden):
        feature = ranks[..., -1 - k].unsqueeze(-1)
        W[..., k, :].scatter_(-1, feature, 1.0)
        b = b.scatter(-1, feature, 0.0)
    square = torch.arange(n_hidden**2, dtype=W.dtype, device=W.device).view(n_hidden, n_hidden)
    turn = torch.linalg.qr(square**1.5 + 1).Q
    return turn @ W, b


EXERCISE = Exercise(
    reference=theory.linear_optimum,
    points=3,
    minutes=15,
    difficulty=3,
    checks=(
        equals_reference("small cases by hand", small_linear, measure=_function),
        equals_reference("one density for all", one_density, measure=_function),
        equals_reference(
            "every feature its own density", every_density_its_own, measure=_function, weight=2
        ),
        equals_reference(
            "one instance, and no instance axis", one_linear_instance, measure=_function
        ),
        equals_reference(
            "p = 0, p = 1, and m = n where nothing is ignored", edges, measure=_function
        ),
        equals_reference(
            "axes of size 1 and missing axes broadcast", axes_that_broadcast, measure=_function
        ),
        *contract(in_thirds, measure=_function),
    ),
    slips=(
        Slip(
            answer=_first_features,
            says="You kept the first m features. Keep those whose I_i Var[x_i] is largest; "
            "nothing says that they come first.",
        ),
        Slip(
            answer=_most_important,
            says="You kept the most important features. With densities of their own, "
            "features also differ in variance: compare I_i Var[x_i].",
        ),
        Slip(
            answer=_largest_variance,
            says="You kept the features that vary most, whatever their importance. "
            "Compare I_i Var[x_i].",
        ),
        Slip(
            answer=_second_moment,
            says="You compared I_i E[x_i^2]. An ignored feature is answered by its mean, so "
            "it costs its variance.",
        ),
        Slip(
            answer=_least_costly,
            says="You kept the features that cost least to ignore. Keep the costly ones.",
        ),
        Slip(
            answer=_no_bias,
            says="Your biases are 0. For an ignored feature the bias is the whole answer, "
            "and the best constant is its mean.",
        ),
        Slip(
            answer=_bias_everywhere,
            says="You gave the kept features a bias as well. They come back exactly, so any "
            "bias on them is an error.",
        ),
        Slip(
            answer=_bias_on_the_kept,
            says="You gave the bias to the kept features. It belongs to the ignored ones.",
        ),
        Slip(
            answer=_mean_of_the_active,
            says="Your bias is 1/2, the mean of an active feature. The mean counts the zeros too.",
        ),
        Slip(
            answer=_mean_of_the_squares,
            says="Your bias is the mean of x^2. It should be the mean of x.",
        ),
        Slip(
            answer=_twice_the_mean,
            says="Your bias is p, the density. The mean is p/2: an active feature is 1/2 on "
            "average.",
        ),
    ),
    also_right=_optimum_with_loops,
)
