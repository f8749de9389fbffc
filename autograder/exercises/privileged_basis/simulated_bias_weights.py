"""The exercise `simulated_bias_weights`: many features that stand in for a hidden bias."""

from collections.abc import Iterator

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip


def _biases_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([1.0, -0.5]), feature_probability=torch.tensor([1.0, 0.5, 0.5]))
    yield call(torch.tensor([0.75]), feature_probability=torch.full((4,), 0.25))


def _biases(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(3, 4), feature_probability=draw.uniform(3, 6, low=0.05))
    yield call(draw.normal(4, 4), feature_probability=draw.uniform(4, 4, low=0.05))


def _lone_biases(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 3), feature_probability=draw.uniform(1, 5, low=0.05))
    yield call(draw.normal(2), feature_probability=draw.uniform(7, low=0.05))
    yield call(draw.normal(2, 3, 2), feature_probability=draw.uniform(2, 3, 4, low=0.05))


def _shared_features(draw: Draw) -> Iterator[Call]:
    """Densities for all instances, and one extra feature."""
    yield call(draw.normal(3, 2), feature_probability=draw.uniform(5, low=0.05))
    yield call(draw.normal(3, 2), feature_probability=draw.uniform(1, 4, low=0.05))
    yield call(draw.normal(3, 2), feature_probability=draw.uniform(3, 1, low=0.05))


def _never_active(draw: Draw) -> Iterator[Call]:
    p = torch.tensor([[0.0, 1.0, 0.0, 0.3], [0.25, 0.0, 0.5, 0.0]])
    c = draw.normal(2, 3)
    c[0, 1] = 0.0
    yield call(c, feature_probability=p)


def _takes_values_as_one(c: Tensor, *, feature_probability: Tensor) -> Tensor:
    weight = c / feature_probability.sum(-1, keepdim=True)
    return weight.unsqueeze(-1) * torch.ones_like(feature_probability).unsqueeze(-2)


def _takes_all_as_active(c: Tensor, *, feature_probability: Tensor) -> Tensor:
    half = torch.full_like(feature_probability, 0.5)
    weight = c / half.sum(-1, keepdim=True)
    return weight.unsqueeze(-1) * torch.ones_like(feature_probability).unsqueeze(-2)


def _splits_the_bias(c: Tensor, *, feature_probability: Tensor) -> Tensor:
    one = torch.ones_like(feature_probability)
    return (c / one.sum(-1, keepdim=True)).unsqueeze(-1) * one.unsqueeze(-2)


def _whole_bias_from_each(c: Tensor, *, feature_probability: Tensor) -> Tensor:
    mean = feature_probability.unsqueeze(-2) / 2
    return c.unsqueeze(-1) / mean


def _equal_shares(c: Tensor, *, feature_probability: Tensor) -> Tensor:
    mean = feature_probability.unsqueeze(-2) / 2
    return c.unsqueeze(-1) / (mean * feature_probability.shape[-1])


def _weights_like_densities(c: Tensor, *, feature_probability: Tensor) -> Tensor:
    mean = feature_probability / 2
    weight = c / (mean**2).sum(-1, keepdim=True)
    return weight.unsqueeze(-1) * mean.unsqueeze(-2)


def _divides_by_the_average(c: Tensor, *, feature_probability: Tensor) -> Tensor:
    weight = c / (feature_probability / 2).mean(-1, keepdim=True)
    return weight.unsqueeze(-1) * torch.ones_like(feature_probability).unsqueeze(-2)


def _one_weight_per_neuron(c: Tensor, *, feature_probability: Tensor) -> Tensor:
    return c / (feature_probability / 2).sum(-1, keepdim=True)


def _features_in_rows(c: Tensor, *, feature_probability: Tensor) -> Tensor:
    weight = c / (feature_probability / 2).sum(-1, keepdim=True)
    return torch.ones_like(feature_probability).unsqueeze(-1) * weight.unsqueeze(-2)


def _first_feature_only(c: Tensor, *, feature_probability: Tensor) -> Tensor:
    weight = torch.zeros_like(c.unsqueeze(-1) * feature_probability.unsqueeze(-2))
    weight[..., 0] = c / (feature_probability[..., :1] / 2)
    return weight


def _only_positive_biases(c: Tensor, *, feature_probability: Tensor) -> Tensor:
    weight = c.abs() / (feature_probability / 2).sum(-1, keepdim=True)
    return weight.unsqueeze(-1) * torch.ones_like(feature_probability).unsqueeze(-2)


def _outer_product(c: Tensor, *, feature_probability: Tensor) -> Tensor:
    total = torch.einsum("...j->...", feature_probability)
    one = torch.ones_like(feature_probability) / total.unsqueeze(-1)
    return torch.einsum("...k,...j->...kj", 2 * c, one)


EXERCISE = Exercise(
    reference=tms_lib.simulated_bias_weights,
    points=2,
    minutes=10,
    difficulty=2,
    checks=(
        equals_reference("small cases by hand", _biases_by_hand),
        equals_reference("every instance with features of its own", _biases, weight=2),
        equals_reference("one instance, and no instance axis", _lone_biases),
        equals_reference("densities that broadcast, and a single feature", _shared_features),
        equals_reference("some features that are never active", _never_active),
        *contract(_biases, gradients=["c"]),
    ),
    slips=(
        Slip(
            answer=_takes_values_as_one,
            says="You took active features as 1. Their mean is 1/2, so that feature j adds p_j / 2 "
            "on average.",
        ),
        Slip(
            answer=_takes_all_as_active,
            says="You took all extra features as active. Feature j is active with probability p_j "
            "and adds p_j / 2 on average.",
        ),
        Slip(
            answer=_splits_the_bias,
            says="You split the bias among the features and forgot their means. The weights times "
            "p_j / 2 have to add up to c_k.",
        ),
        Slip(
            answer=_whole_bias_from_each,
            says="Each of your features adds the whole bias. Together they should add it once.",
        ),
        Slip(
            answer=_equal_shares,
            says="You let each feature add the same on average, so that rare ones get large "
            "weights. Give all the same weight.",
        ),
        Slip(
            answer=_weights_like_densities,
            says="Your weights grow with the densities. Give all features the same weight.",
        ),
        Slip(
            answer=_divides_by_the_average,
            says="You divided by the average of the means. Divide by their sum.",
        ),
        Slip(
            answer=_one_weight_per_neuron,
            says="You returned one weight per neuron. Return a matrix with a column for each extra "
            "feature.",
        ),
        Slip(
            answer=_features_in_rows,
            says="Your matrix has the features in rows. A row is a neuron, a column a feature.",
        ),
        Slip(
            answer=_first_feature_only,
            says="You used one feature for the whole bias. Use all, with the same weight: many "
            "average out, one does not.",
        ),
        Slip(
            answer=_only_positive_biases,
            says="You dropped the sign of c. A negative bias takes negative weights.",
        ),
    ),
    also_right=_outer_product,
)
