"""The exercise `linear_optimal_bias`: the bias that makes the mean error of every output 0."""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
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


def _biases_by_hand(_draw: Draw) -> Iterator[Call]:
    # means 0.5 and 0.1; W^T W is [[1/4, 1/2], [1/2, 1]], and [[1, -1/2], [-1/2, 1/4]]
    p = torch.tensor([1.0, 0.2])
    yield call(torch.tensor([[0.5, 1.0]]), feature_probability=p)
    yield call(torch.tensor([[1.0, -0.5]]), feature_probability=p)


def _without_importance(cases: Cases) -> Callable[[Draw], Iterator[Call]]:
    def calls(draw: Draw) -> Iterator[Call]:
        for each in cases(draw):
            yield call(*each.args, feature_probability=each.kwargs["feature_probability"])

    return calls


def _mean_alone(W: Tensor, *, feature_probability: Tensor) -> Tensor:
    return feature_probability / 2 + 0 * W.sum(-2)


def _own_column_alone(W: Tensor, *, feature_probability: Tensor) -> Tensor:
    return feature_probability / 2 * (1 - (W**2).sum(-2))


def _others_alone(W: Tensor, *, feature_probability: Tensor) -> Tensor:
    mean = feature_probability / 2
    total = mean - (W.mT @ W * mean.unsqueeze(-2)).sum(-1)
    return total + (W**2).sum(-2) * mean


def _own_mean_for_all(W: Tensor, *, feature_probability: Tensor) -> Tensor:
    return feature_probability / 2 * (1 - (W.mT @ W).sum(-1))


def _opposite_sign(W: Tensor, *, feature_probability: Tensor) -> Tensor:
    mean = feature_probability / 2
    return (W.mT @ W * mean.unsqueeze(-2)).sum(-1) - mean


def _density_for_mean(W: Tensor, *, feature_probability: Tensor) -> Tensor:
    p = feature_probability
    return p - (W.mT @ W * p.unsqueeze(-2)).sum(-1)


def _mean_of_the_active(W: Tensor, *, feature_probability: Tensor) -> Tensor:
    mean = 0.5 * torch.ones_like(feature_probability)
    return mean - (W.mT @ W * mean.unsqueeze(-2)).sum(-1)


def _ignored_alone(W: Tensor, *, feature_probability: Tensor) -> Tensor:
    return torch.where((W**2).sum(-2) > 0, 0, feature_probability / 2)


def _output_without_target(W: Tensor, *, feature_probability: Tensor) -> Tensor:
    mean = feature_probability / 2
    return -(W.mT @ W * mean.unsqueeze(-2)).sum(-1)


def _unit_columns(W: Tensor, *, feature_probability: Tensor) -> Tensor:
    mean = feature_probability / 2
    W_hat = F.normalize(W, dim=-2)
    return mean - (W_hat.mT @ W_hat * mean.unsqueeze(-2)).sum(-1)


def _bias_through_the_hidden_vector(W: Tensor, *, feature_probability: Tensor) -> Tensor:
    mean = (feature_probability / 2 + torch.zeros_like(W[..., 0, :])).unsqueeze(-1)
    h = W @ mean  # of the mean input
    return (mean - W.mT @ h).squeeze(-1)


EXERCISE = Exercise(
    reference=theory.linear_optimal_bias,
    points=2,
    minutes=10,
    difficulty=2,
    checks=(
        equals_reference("two features in one dimension, by hand", _biases_by_hand),
        equals_reference(
            "every feature its own density", _without_importance(models_with_importance), weight=2
        ),
        equals_reference(
            "one instance, and no instance axis", _without_importance(one_model_with_importance)
        ),
        equals_reference(
            "axes of size 1 and missing axes broadcast", _without_importance(shared_settings)
        ),
        equals_reference("p = 0, p = 1 and zero columns", _without_importance(with_edges)),
        *contract(_without_importance(in_thirds), gradients=["W"]),
    ),
    slips=(
        Slip(
            answer=_mean_alone,
            says="You returned the mean of x. The model's W^T W x has a mean as well, and the bias "
            "only adds what is missing.",
        ),
        Slip(
            answer=_own_column_alone,
            says="You left out the other features. Each of them reaches output i through "
            "W_i . W_j, and shifts its mean.",
        ),
        Slip(
            answer=_others_alone,
            says="You left out j = i. The feature itself reaches its output as well, through "
            "W_i . W_i.",
        ),
        Slip(
            answer=_own_mean_for_all,
            says="You gave every feature the mean of feature i. What comes from feature j has the "
            "mean of j: the densities differ.",
        ),
        Slip(
            answer=_opposite_sign,
            says="Your signs are the wrong way round. The bias is what is missing: the mean of x "
            "minus the mean of W^T W x.",
        ),
        Slip(
            answer=_density_for_mean,
            says="You used p for the mean. An active feature is 1/2 on average, so the mean is "
            "p/2.",
        ),
        Slip(
            answer=_mean_of_the_active,
            says="You used 1/2, the mean of an active feature. Zeros count too: the mean is p/2.",
        ),
        Slip(
            answer=_ignored_alone,
            says="You gave a bias only to features with a zero column. That is right for the best "
            "W. Here W may be any matrix.",
        ),
        Slip(
            answer=_output_without_target,
            says="You made the mean output 0. The mean error must be 0, so the mean output is "
            "that of x.",
        ),
        Slip(
            answer=_unit_columns,
            says="You normalised the columns of W. The model uses W as it is.",
        ),
    ),
    also_right=_bias_through_the_hidden_vector,
)
