"""The exercise `linear_expected_loss`: the loss of any linear model, without samples."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Cases, Draw, Exercise, Slip
from autograder.exercises.linear_theory._shared import (
    in_thirds,
    models_with_importance,
    one_model_with_importance,
    shared_settings,
    with_edges,
)
from tms_lib import theory


def _losses_by_hand(_draw: Draw) -> Iterator[Call]:
    p, importance = torch.tensor([1.0, 0.5]), torch.tensor([1.0, 2.0])
    # nothing comes through: variances 1/12 and 5/48, with mean errors of 0.4 and -0.5; then without
    nothing = torch.zeros(1, 2)
    yield call(nothing, torch.tensor([0.1, 0.75]), feature_probability=p, importance=importance)
    yield call(nothing, torch.tensor([0.5, 0.25]), feature_probability=p, importance=importance)
    # an antipodal pair: the errors are x_1 - b_0 and x_0 - b_1
    pair = torch.tensor([[1.0, -1.0]])
    yield call(pair, torch.tensor([0.25, 0.0]), feature_probability=p, importance=importance)


def _with_bias(cases: Cases) -> Callable[[Draw], Iterator[Call]]:
    def calls(draw: Draw) -> Iterator[Call]:
        for each in cases(draw):
            (W,) = each.args
            b = draw.normal(*W.shape[:-2], W.shape[-1]).to(W.dtype)
            yield call(W, b, **each.kwargs)

    return calls


def _second_moment_for_variance(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    gap = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - W.mT @ W
    mean = (gap * p.unsqueeze(-2) / 2).sum(-1) - b
    return (importance * ((gap**2 * p.unsqueeze(-2) / 3).sum(-1) + mean**2)).sum(-1)


def _no_mean_error(
    W: Tensor,
    b: Tensor,  # noqa: ARG001  (the reference's signature)
    *,
    feature_probability: Tensor,
    importance: Tensor,
) -> Tensor:
    p = feature_probability
    gap = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - W.mT @ W
    return (importance * (gap**2 * (p / 3 - p**2 / 4).unsqueeze(-2)).sum(-1)).sum(-1)


def _no_variance(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    gap = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - W.mT @ W
    mean = (gap * feature_probability.unsqueeze(-2) / 2).sum(-1) - b
    return (importance * mean**2).sum(-1)


def _no_cross_terms(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    gap = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - W.mT @ W
    squares = (gap**2 * p.unsqueeze(-2) / 3).sum(-1)
    return (importance * (squares - b * (gap * p.unsqueeze(-2)).sum(-1) + b**2)).sum(-1)


def _own_variance(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    gap = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - W.mT @ W
    mean = (gap * p.unsqueeze(-2) / 2).sum(-1) - b
    return (importance * ((gap**2).sum(-1) * (p / 3 - p**2 / 4) + mean**2)).sum(-1)


def _no_interference(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    own = 1 - (W**2).sum(-2)
    return (importance * (own**2 * (p / 3 - p**2 / 4) + (own * p / 2 - b) ** 2)).sum(-1)


def _no_target(W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor) -> Tensor:
    p = feature_probability
    G = W.mT @ W
    mean = (G * p.unsqueeze(-2) / 2).sum(-1) + b
    return (importance * ((G**2 * (p / 3 - p**2 / 4).unsqueeze(-2)).sum(-1) + mean**2)).sum(-1)


def _adds_the_bias(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    gap = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - W.mT @ W
    mean = (gap * p.unsqueeze(-2) / 2).sum(-1) + b
    variance = (gap**2 * (p / 3 - p**2 / 4).unsqueeze(-2)).sum(-1)
    return (importance * (variance + mean**2)).sum(-1)


def _mean_not_squared(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    gap = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - W.mT @ W
    mean = (gap * p.unsqueeze(-2) / 2).sum(-1) - b
    variance = (gap**2 * (p / 3 - p**2 / 4).unsqueeze(-2)).sum(-1)
    return (importance * (variance + mean)).sum(-1)


def _gap_not_squared(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    gap = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - W.mT @ W
    mean = (gap * p.unsqueeze(-2) / 2).sum(-1) - b
    variance = (gap * (p / 3 - p**2 / 4).unsqueeze(-2)).sum(-1)
    return (importance * (variance + mean**2)).sum(-1)


def _without_importance(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    gap = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - W.mT @ W
    mean = (gap * p.unsqueeze(-2) / 2).sum(-1) - b
    variance = (gap**2 * (p / 3 - p**2 / 4).unsqueeze(-2)).sum(-1)
    return (variance + mean**2 + 0 * importance).sum(-1)


def _mean_over_features(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    gap = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - W.mT @ W
    mean = (gap * p.unsqueeze(-2) / 2).sum(-1) - b
    variance = (gap**2 * (p / 3 - p**2 / 4).unsqueeze(-2)).sum(-1)
    return (importance * (variance + mean**2)).mean(-1)


def _per_output(W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor) -> Tensor:
    p = feature_probability
    gap = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - W.mT @ W
    mean = (gap * p.unsqueeze(-2) / 2).sum(-1) - b
    variance = (gap**2 * (p / 3 - p**2 / 4).unsqueeze(-2)).sum(-1)
    return importance * (variance + mean**2)


def _loss_from_second_moments(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability + torch.zeros_like(W[..., 0, :])
    n = p.shape[-1]
    # E[x x^T], with p/3 on the diagonal
    moments = p.unsqueeze(-1) * p.unsqueeze(-2) / 4
    own = torch.arange(n, device=W.device)
    moments[..., own, own] = p / 3
    weighted = []
    for i in range(n):
        gap = -torch.einsum("...h,...hj->...j", W[..., i], W)
        gap = torch.cat([gap[..., :i], gap[..., i : i + 1] + 1, gap[..., i + 1 :]], dim=-1)
        square = torch.einsum("...j,...jk,...k->...", gap, moments, gap)
        weighted.append(square - b[..., i] * (gap * p).sum(-1) + b[..., i] ** 2)
    return (importance * torch.stack(weighted, dim=-1)).sum(-1)


EXERCISE = Exercise(
    reference=theory.linear_expected_loss,
    points=3,
    minutes=20,
    difficulty=3,
    checks=(
        equals_reference("two features, by hand", _losses_by_hand),
        equals_reference(
            "random models, each with features of its own",
            _with_bias(models_with_importance),
            weight=2,
        ),
        equals_reference(
            "one instance, and no instance axis", _with_bias(one_model_with_importance)
        ),
        equals_reference("axes of size 1 and missing axes broadcast", _with_bias(shared_settings)),
        equals_reference("p = 0, p = 1, no importance, zero columns", _with_bias(with_edges)),
        *contract(_with_bias(in_thirds), gradients=["W", "b"]),
    ),
    slips=(
        Slip(
            answer=_second_moment_for_variance,
            says="You used E[x^2] in place of the variance, so the squared means count twice: "
            "here and in the mean error.",
        ),
        Slip(
            answer=_no_mean_error,
            says="You left out the squared mean error. It is 0 at the best bias only, and b may be "
            "any bias.",
        ),
        Slip(
            answer=_no_variance,
            says="You left out the variance of the error. An error that is 0 on average still "
            "costs its spread.",
        ),
        Slip(
            answer=_no_cross_terms,
            says="You left out the products of different features. They are independent, but "
            "their means are not 0, so E[x_j x_k] is mu_j mu_k.",
        ),
        Slip(
            answer=_own_variance,
            says="You paired importance and variance of the same feature. The error at output i "
            "counts I_i times, and what feature j adds to it varies as feature j does.",
        ),
        Slip(
            answer=_no_interference,
            says="You left out the other features. Output i also gets W_i . W_j times every other "
            "x_j.",
        ),
        Slip(
            answer=_no_target,
            says="You computed the mean square of the output. The loss is that of the error: "
            "output minus x.",
        ),
        Slip(
            answer=_adds_the_bias,
            says="Your bias has the wrong sign. The error is x - W^T W x - b.",
        ),
        Slip(
            answer=_mean_not_squared,
            says="You did not square the mean error.",
        ),
        Slip(
            answer=_gap_not_squared,
            says="You did not square the coefficients. The variance of a x is a^2 Var[x].",
        ),
        Slip(
            answer=_without_importance,
            says="You left out the importances. The error of output i counts I_i times.",
        ),
        Slip(
            answer=_mean_over_features,
            says="You averaged over the features. The loss is their sum.",
        ),
        Slip(
            answer=_per_output,
            says="You stopped before the sum over outputs: your result still has that axis.",
        ),
    ),
    also_right=_loss_from_second_moments,
)
