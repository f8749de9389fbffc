"""The exercise `linear_optimal_loss`: the loss of the best linear model."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

import torch
from torch import Tensor

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


def _sums_the_kept(feature_probability: Tensor, *, importance: Tensor, n_hidden: int) -> Tensor:
    p = feature_probability
    cost = importance * (p / 3 - p**2 / 4)
    return cost.topk(n_hidden, dim=-1).values.sum(-1)


def _sums_all(feature_probability: Tensor, *, importance: Tensor, n_hidden: int) -> Tensor:
    p = feature_probability
    return (importance * (p / 3 - p**2 / 4)).sum(-1)


def _does_not_sort(feature_probability: Tensor, *, importance: Tensor, n_hidden: int) -> Tensor:
    p = feature_probability
    return (importance * (p / 3 - p**2 / 4))[..., n_hidden:].sum(-1)


def _sorts_by_importance(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> Tensor:
    p, weight = torch.broadcast_tensors(feature_probability, importance)
    cost = weight * (p / 3 - p**2 / 4)
    ignored = weight.argsort(dim=-1, descending=True)[..., n_hidden:]
    return cost.gather(-1, ignored).sum(-1)


def _loss_without_bias(feature_probability: Tensor, *, importance: Tensor, n_hidden: int) -> Tensor:
    cost = importance * feature_probability / 3
    return cost.sort(dim=-1, descending=True).values[..., n_hidden:].sum(-1)


def _loss_without_importance(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> Tensor:
    p = feature_probability + 0 * importance
    cost = p / 3 - p**2 / 4
    return cost.sort(dim=-1, descending=True).values[..., n_hidden:].sum(-1)


def _variance_of_the_active(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> Tensor:
    cost = importance * feature_probability / 12
    return cost.sort(dim=-1, descending=True).values[..., n_hidden:].sum(-1)


def _mean_over_the_ignored(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> Tensor:
    p = feature_probability
    cost = importance * (p / 3 - p**2 / 4)
    return cost.sort(dim=-1, descending=True).values[..., n_hidden:].mean(-1)


def _divides_by_the_features(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> Tensor:
    p = feature_probability
    cost = importance * (p / 3 - p**2 / 4)
    return cost.sort(dim=-1, descending=True).values[..., n_hidden:].sum(-1) / cost.shape[-1]


def _adds_the_instances(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> Tensor:
    p = feature_probability
    cost = importance * (p / 3 - p**2 / 4)
    return cost.sort(dim=-1, descending=True).values[..., n_hidden:].sum()


def _sums_the_m_smallest(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> Tensor:
    p = feature_probability
    cost = importance * (p / 3 - p**2 / 4)
    return cost.sort(dim=-1).values[..., :n_hidden].sum(-1)


def _optimal_loss_as_a_rest(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> Tensor:
    cost = importance * feature_probability * (4 - 3 * feature_probability) / 12
    n_ignored = cost.shape[-1] - n_hidden
    smallest = torch.topk(cost, n_ignored, dim=-1, largest=False).values
    return torch.einsum("...i->...", smallest)


EXERCISE = Exercise(
    reference=theory.linear_optimal_loss,
    points=2,
    minutes=8,
    difficulty=2,
    checks=(
        equals_reference("small cases by hand", small_linear),
        equals_reference("one density for all", one_density),
        equals_reference("every feature its own density", every_density_its_own, weight=2),
        equals_reference("one instance, and no instance axis", one_linear_instance),
        equals_reference("p = 0, p = 1, and m = n where nothing is ignored", edges),
        equals_reference("axes of size 1 and missing axes broadcast", axes_that_broadcast),
        *contract(in_thirds, gradients=["feature_probability", "importance"]),
    ),
    slips=(
        Slip(
            answer=_sums_the_kept,
            says="You summed over the kept features. They cost nothing; sum over the ignored.",
        ),
        Slip(
            answer=_sums_all,
            says="You summed over all features. The m kept ones cost nothing.",
        ),
        Slip(
            answer=_does_not_sort,
            says="You took the features from index m on. Sort first: the ignored ones have "
            "the smallest I_i Var[x_i], wherever they stand.",
        ),
        Slip(
            answer=_sorts_by_importance,
            says="You ignored the least important features. With densities of their own, "
            "sort by I_i Var[x_i].",
        ),
        Slip(
            answer=_loss_without_bias,
            says="You used E[x^2], the cost of answering 0. With the best bias, the mean, "
            "the variance remains.",
        ),
        Slip(
            answer=_variance_of_the_active,
            says="p / 12 takes an active feature's variance. x varies also because it is "
            "often 0: Var[x] = p/3 - p^2/4.",
        ),
        Slip(
            answer=_loss_without_importance,
            says="You left out the importance. Ignoring a feature costs I_i Var[x_i].",
        ),
        Slip(
            answer=_mean_over_the_ignored,
            says="You averaged over the ignored features. The loss is their sum.",
        ),
        Slip(
            answer=_divides_by_the_features,
            says="You divided by the number of features. Our loss is a sum over features.",
        ),
        Slip(
            answer=_adds_the_instances,
            says="You added the instances. Each model has a loss of its own.",
        ),
        Slip(
            answer=_sums_the_m_smallest,
            says="You summed the m smallest costs. The ignored features are the n - m smallest.",
        ),
    ),
    also_right=_optimal_loss_as_a_rest,
)
