"""The exercise `linear_loss_terms`: the loss at the best bias, split in two."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.linear_theory._shared import (
    in_thirds,
    models_with_importance,
    one_model_with_importance,
    shared_settings,
    with_edges,
)
from tms_lib import theory


def _pairs_by_hand(_draw: Draw) -> Iterator[Call]:
    # p = 1 and p = 2/3 have the variances 1/12 and 1/9
    p, importance = torch.tensor([1.0, 2 / 3]), torch.tensor([12.0, 18.0])
    yield call(torch.tensor([[1.0, -1.0]]), feature_probability=p, importance=importance)
    yield call(torch.tensor([[1.0, 2.0]]), feature_probability=p, importance=importance)


def _swaps_the_terms(
    W: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> tuple[Tensor, Tensor]:
    variance = feature_probability / 3 - feature_probability**2 / 4
    G = W.mT @ W
    own = G.diagonal(dim1=-2, dim2=-1)
    others = (G**2 * variance.unsqueeze(-2)).sum(-1) - own**2 * variance
    return (importance * others).sum(-1), (importance * variance * (1 - own) ** 2).sum(-1)


def _pairs_once(
    W: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> tuple[Tensor, Tensor]:
    variance = feature_probability / 3 - feature_probability**2 / 4
    G = W.mT @ W
    own = G.diagonal(dim1=-2, dim2=-1)
    others = (G.triu(1) ** 2 * variance.unsqueeze(-2)).sum(-1)
    return (importance * variance * (1 - own) ** 2).sum(-1), (importance * others).sum(-1)


def _counts_itself(
    W: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> tuple[Tensor, Tensor]:
    variance = feature_probability / 3 - feature_probability**2 / 4
    G = W.mT @ W
    own = G.diagonal(dim1=-2, dim2=-1)
    others = (G**2 * variance.unsqueeze(-2)).sum(-1)
    return (importance * variance * (1 - own) ** 2).sum(-1), (importance * others).sum(-1)


def _own_variance(
    W: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> tuple[Tensor, Tensor]:
    variance = feature_probability / 3 - feature_probability**2 / 4
    G = W.mT @ W
    own = G.diagonal(dim1=-2, dim2=-1)
    others = ((G**2).sum(-1) - own**2) * variance
    return (importance * variance * (1 - own) ** 2).sum(-1), (importance * others).sum(-1)


def _no_variance(
    W: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> tuple[Tensor, Tensor]:
    G = W.mT @ W
    own = G.diagonal(dim1=-2, dim2=-1) + 0 * feature_probability
    others = (G**2).sum(-1) - own**2
    return (importance * (1 - own) ** 2).sum(-1), (importance * others).sum(-1)


def _second_moment(
    W: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> tuple[Tensor, Tensor]:
    second = feature_probability / 3
    G = W.mT @ W
    own = G.diagonal(dim1=-2, dim2=-1)
    others = (G**2 * second.unsqueeze(-2)).sum(-1) - own**2 * second
    return (importance * second * (1 - own) ** 2).sum(-1), (importance * others).sum(-1)


def _norm_not_squared(
    W: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> tuple[Tensor, Tensor]:
    variance = feature_probability / 3 - feature_probability**2 / 4
    G = W.mT @ W
    own = G.diagonal(dim1=-2, dim2=-1)
    others = (G**2 * variance.unsqueeze(-2)).sum(-1) - own**2 * variance
    return (importance * variance * (1 - own.sqrt()) ** 2).sum(-1), (importance * others).sum(-1)


def _benefit_not_squared(
    W: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> tuple[Tensor, Tensor]:
    variance = feature_probability / 3 - feature_probability**2 / 4
    G = W.mT @ W
    own = G.diagonal(dim1=-2, dim2=-1)
    others = (G**2 * variance.unsqueeze(-2)).sum(-1) - own**2 * variance
    return (importance * variance * (1 - own)).sum(-1), (importance * others).sum(-1)


def _benefit_as_gain(
    W: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> tuple[Tensor, Tensor]:
    variance = feature_probability / 3 - feature_probability**2 / 4
    G = W.mT @ W
    own = G.diagonal(dim1=-2, dim2=-1)
    others = (G**2 * variance.unsqueeze(-2)).sum(-1) - own**2 * variance
    gain = 1 - (1 - own) ** 2
    return (importance * variance * gain).sum(-1), (importance * others).sum(-1)


def _unit_receiver(
    W: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> tuple[Tensor, Tensor]:
    variance = feature_probability / 3 - feature_probability**2 / 4
    own = (W**2).sum(-2)
    overlap = (F.normalize(W, dim=-2).mT @ W) ** 2 * variance.unsqueeze(-2)
    others = overlap.sum(-1) - own * variance
    return (importance * variance * (1 - own) ** 2).sum(-1), (importance * others).sum(-1)


def _squares_the_sum(
    W: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> tuple[Tensor, Tensor]:
    variance = feature_probability / 3 - feature_probability**2 / 4
    G = W.mT @ W
    own = G.diagonal(dim1=-2, dim2=-1)
    deviation = variance.sqrt()
    others = ((G * deviation.unsqueeze(-2)).sum(-1) - own * deviation) ** 2
    return (importance * variance * (1 - own) ** 2).sum(-1), (importance * others).sum(-1)


def _without_importance(
    W: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> tuple[Tensor, Tensor]:
    variance = feature_probability / 3 - feature_probability**2 / 4 + 0 * importance
    G = W.mT @ W
    own = G.diagonal(dim1=-2, dim2=-1)
    others = (G**2 * variance.unsqueeze(-2)).sum(-1) - own**2 * variance
    return (variance * (1 - own) ** 2).sum(-1), others.sum(-1)


def _per_feature(
    W: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> tuple[Tensor, Tensor]:
    variance = feature_probability / 3 - feature_probability**2 / 4
    G = W.mT @ W
    own = G.diagonal(dim1=-2, dim2=-1)
    others = (G**2 * variance.unsqueeze(-2)).sum(-1) - own**2 * variance
    return importance * variance * (1 - own) ** 2, importance * others


def _terms_with_loops(
    W: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> tuple[Tensor, Tensor]:
    n = W.shape[-1]
    p = feature_probability + torch.zeros_like(W[..., 0, :])
    weights = importance + torch.zeros_like(p)
    spread = p * (4 - 3 * p) / 12
    benefit, interference = torch.zeros_like(p[..., 0]), torch.zeros_like(p[..., 0])
    for i in range(n):
        for j in range(n):
            dot = (W[..., i] * W[..., j]).sum(-1)
            if i == j:
                benefit = benefit + weights[..., i] * spread[..., i] * (1 - dot) ** 2
            else:
                interference = interference + weights[..., i] * spread[..., j] * dot**2
    return benefit, interference


EXERCISE = Exercise(
    reference=theory.linear_loss_terms,
    points=3,
    minutes=15,
    difficulty=3,
    checks=(
        equals_reference("two features in one dimension, by hand", _pairs_by_hand),
        equals_reference(
            "the feature benefit comes first",
            models_with_importance,
            measure=lambda terms, _: terms[0],
        ),
        equals_reference("and then the interference", models_with_importance, weight=2),
        equals_reference("one instance, and no instance axis", one_model_with_importance),
        equals_reference("axes of size 1 and missing axes broadcast", shared_settings),
        equals_reference("p = 0, p = 1, no importance, zero columns", with_edges),
        *contract(in_thirds),
    ),
    slips=(
        Slip(
            answer=_swaps_the_terms,
            says="You swapped the two. The feature benefit comes first.",
        ),
        Slip(
            answer=_pairs_once,
            says="You counted each pair once. Feature j disturbs output i, and i disturbs j: both "
            "orders count.",
        ),
        Slip(
            answer=_counts_itself,
            says="You counted j = i in the interference. A feature's own output belongs to the "
            "first term.",
        ),
        Slip(
            answer=_own_variance,
            says="You paired importance and variance of the same feature. In the interference at "
            "output i the importance is I_i, and the variance that of the disturbing feature j.",
        ),
        Slip(
            answer=_no_variance,
            says="You left out the variances. They can only be dropped where they are a common "
            "factor, and then the loss is still sigma^2 times as much.",
        ),
        Slip(
            answer=_second_moment,
            says="You used E[x^2] for the variance. The best bias has already taken the means out.",
        ),
        Slip(
            answer=_norm_not_squared,
            says="You used the norm of W_i. The diagonal of W^T W has its square.",
        ),
        Slip(
            answer=_benefit_not_squared,
            says="You did not square 1 - |W_i|^2. It is a coefficient of the error, and the error "
            "is squared.",
        ),
        Slip(
            answer=_benefit_as_gain,
            says="You returned what the features gain. The term is the part of the loss that is "
            "left, I_i sigma_i^2 (1 - |W_i|^2)^2.",
        ),
        Slip(
            answer=_unit_receiver,
            says="You made W_i a unit vector, as in the superposition metric. In the loss it keeps "
            "its length.",
        ),
        Slip(
            answer=_squares_the_sum,
            says="You added first and squared then. Independent disturbances add up as variances: "
            "square each, then add.",
        ),
        Slip(
            answer=_without_importance,
            says="You left out the importances. The error of output i counts I_i times.",
        ),
        Slip(
            answer=_per_feature,
            says="You stopped before the sum over outputs i: your result still has that axis.",
        ),
    ),
    also_right=_terms_with_loops,
)
