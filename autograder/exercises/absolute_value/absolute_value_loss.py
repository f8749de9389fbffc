"""The exercise `absolute_value_loss`: how far the outputs are from the absolute values."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

from collections.abc import Iterator

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import circuits


def _losses_by_hand(_draw: Draw) -> Iterator[Call]:
    x = torch.tensor([[0.4], [-1.0], [-0.5]])
    both = {"W1": torch.tensor([[1.0], [-1.0]]), "W2": torch.tensor([[0.8, 0.5]])}
    yield call(x, **both, b=torch.tensor([0.1]), importance=torch.tensor([1.25]))
    one_side = {"W1": torch.tensor([[1.0]]), "W2": torch.tensor([[1.0]])}
    yield call(x, **one_side, b=torch.zeros(1), importance=torch.ones(1))


def _random_models(draw: Draw) -> Iterator[Call]:
    # as many instances as samples and features, so that no mistaken axis shows in the shape
    for instances, batch, hidden, n in ((4, 4, 3, 4), (3, 6, 4, 2)):
        yield call(
            draw.normal(instances, batch, n),
            W1=draw.normal(instances, hidden, n),
            W2=draw.normal(instances, n, hidden),
            b=draw.normal(instances, n),
            importance=draw.uniform(instances, n, low=0.2, high=3.0),
        )


def _broadcast_importances(draw: Draw) -> Iterator[Call]:
    for *instances, wide in ((3, 5), (3, 1), (5,), (1, 5)):
        yield call(
            draw.normal(3, 6, 5),
            W1=draw.normal(3, 4, 5),
            W2=draw.normal(3, 5, 4),
            b=draw.normal(3, 5),
            importance=draw.uniform(*instances, wide, low=0.2, high=3.0),
        )


def _lone_models(draw: Draw) -> Iterator[Call]:
    for instances in ((1,), (), (2, 3)):  # any number of instance axes
        yield call(
            draw.normal(*instances, 6, 3),
            W1=draw.normal(*instances, 4, 3),
            W2=draw.normal(*instances, 3, 4),
            b=draw.normal(*instances, 3),
            importance=draw.uniform(3, low=0.2, high=3.0),
        )


def _unimportant_features(draw: Draw) -> Iterator[Call]:
    yield call(
        draw.normal(2, 6, 3),
        W1=draw.normal(2, 4, 3),
        W2=draw.normal(2, 3, 4),
        b=draw.normal(2, 3),
        importance=torch.tensor([0.0, 1.5, 0.0]),
    )


def _target_x(x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor, importance: Tensor) -> Tensor:
    y = torch.relu(torch.relu(x @ W1.mT) @ W2.mT + b.unsqueeze(-2))
    return (importance * ((x - y) ** 2).mean(-2)).sum(-1)


def _target_positive_part(
    x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor, importance: Tensor
) -> Tensor:
    y = torch.relu(torch.relu(x @ W1.mT) @ W2.mT + b.unsqueeze(-2))
    return (importance * ((torch.relu(x) - y) ** 2).mean(-2)).sum(-1)


def _inputs_made_positive(
    x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor, importance: Tensor
) -> Tensor:
    y = torch.relu(torch.relu(x.abs() @ W1.mT) @ W2.mT + b.unsqueeze(-2))
    return (importance * ((x.abs() - y) ** 2).mean(-2)).sum(-1)


def _averages_the_features(
    x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor, importance: Tensor
) -> Tensor:
    y = torch.relu(torch.relu(x @ W1.mT) @ W2.mT + b.unsqueeze(-2))
    return (importance * ((x.abs() - y) ** 2).mean(-2)).mean(-1)


def _adds_the_batch(x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor, importance: Tensor) -> Tensor:
    y = torch.relu(torch.relu(x @ W1.mT) @ W2.mT + b.unsqueeze(-2))
    return (importance * ((x.abs() - y) ** 2).sum(-2)).sum(-1)


def _without_importance(
    x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor, importance: Tensor
) -> Tensor:
    y = torch.relu(torch.relu(x @ W1.mT) @ W2.mT + b.unsqueeze(-2))
    return ((x.abs() - y) ** 2).mean(-2).sum(-1)


def _squares_the_importance(
    x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor, importance: Tensor
) -> Tensor:
    y = torch.relu(torch.relu(x @ W1.mT) @ W2.mT + b.unsqueeze(-2))
    return (importance**2 * ((x.abs() - y) ** 2).mean(-2)).sum(-1)


def _absolute_error(x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor, importance: Tensor) -> Tensor:
    y = torch.relu(torch.relu(x @ W1.mT) @ W2.mT + b.unsqueeze(-2))
    return (importance * (x.abs() - y).abs().mean(-2)).sum(-1)


def _one_number(x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor, importance: Tensor) -> Tensor:
    y = torch.relu(torch.relu(x @ W1.mT) @ W2.mT + b.unsqueeze(-2))
    return (importance * ((x.abs() - y) ** 2).mean(-2)).sum(-1).sum()


def _error_of_each_feature(
    x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor, importance: Tensor
) -> Tensor:
    y = torch.relu(torch.relu(x @ W1.mT) @ W2.mT + b.unsqueeze(-2))
    return importance * ((x.abs() - y) ** 2).mean(-2)


def _both_sides_apart(
    x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor, importance: Tensor
) -> Tensor:
    y = tms_lib.absolute_value(x, W1=W1, W2=W2, b=b)
    error = torch.where(x < 0, x + y, x - y).pow(2)
    return torch.einsum("...bi,...i->...b", error, importance.expand(b.shape)).mean(-1)


EXERCISE = Exercise(
    reference=circuits.absolute_value_loss,
    points=2,
    minutes=7,
    difficulty=1,
    checks=(
        equals_reference("one feature, by hand", _losses_by_hand),
        equals_reference("random circuits, several instances", _random_models, weight=2),
        equals_reference(
            "importances broadcast over instances and features", _broadcast_importances
        ),
        equals_reference("one instance keeps its axis, and none needs one", _lone_models),
        equals_reference("a feature of importance 0 costs nothing", _unimportant_features),
        *contract(_random_models, gradients=["W1", "W2", "b"]),
    ),
    slips=(
        Slip(
            answer=_target_x,
            says="You compared the outputs with x. They should be |x|.",
        ),
        Slip(
            answer=_target_positive_part,
            says="You compared the outputs with ReLU(x). Negative inputs have an absolute value "
            "too.",
        ),
        Slip(
            answer=_inputs_made_positive,
            says="You gave |x| to the model. It gets x itself; only the target is |x|.",
        ),
        Slip(
            answer=_averages_the_features,
            says="You averaged over the features. They are summed; only the batch is averaged.",
        ),
        Slip(
            answer=_adds_the_batch,
            says="You summed over the batch. The batch is averaged, the features are summed.",
        ),
        Slip(
            answer=_without_importance,
            says="You left out the importances.",
        ),
        Slip(
            answer=_squares_the_importance,
            says="You squared the importance. It weighs the squared error and stays as it is.",
        ),
        Slip(
            answer=_absolute_error,
            says="You took the absolute error. The error is squared; the absolute value belongs "
            "to the target.",
        ),
        Slip(
            answer=_one_number,
            says="You added the instances. Each instance has a loss of its own.",
        ),
        Slip(
            answer=_error_of_each_feature,
            says="You left the features apart. A loss is one number per instance: sum over them.",
        ),
    ),
    also_right=_both_sides_apart,
)
