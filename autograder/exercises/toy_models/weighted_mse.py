"""The exercise `weighted_mse`: the squared error, weighted by importance, per instance."""

from collections.abc import Iterator

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip


def _loss_by_hand(_draw: Draw) -> Iterator[Call]:
    x = torch.tensor([[[1.0, 0.0], [0.0, 0.5]]])
    x_hat = torch.tensor([[[0.0, 2.0], [0.3, 0.0]]])
    yield call(x, x_hat, importance=torch.tensor([1.0, 0.5]))


def _batches(draw: Draw) -> Iterator[Call]:
    # as many instances as samples, so that an importance can meet the batch axis
    yield call(draw.uniform(4, 4, 5), draw.normal(4, 4, 5), importance=draw.uniform(4, 5, high=2))
    yield call(draw.normal(3, 6, 5), draw.normal(3, 6, 5), importance=draw.uniform(3, 5, high=2))


def _shared_importance(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(3, 6, 5), draw.normal(3, 6, 5), importance=draw.uniform(5, high=2))
    yield call(draw.uniform(3, 6, 5), draw.normal(3, 6, 5), importance=draw.uniform(3, 1, high=2))
    yield call(draw.uniform(3, 6, 5), draw.normal(3, 6, 5), importance=torch.zeros(5))


def _lone_batches(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(1, 6, 5), draw.normal(1, 6, 5), importance=draw.uniform(5, high=2))
    yield call(draw.uniform(6, 4), draw.normal(6, 4), importance=draw.uniform(4, high=2))
    x, x_hat = draw.uniform(2, 3, 6, 5), draw.normal(2, 3, 6, 5)  # any number of instance axes
    yield call(x, x_hat, importance=draw.uniform(2, 3, 5, high=2))


def _ignores_importance(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:  # noqa: ARG001  (the reference's signature)
    return ((x - x_hat) ** 2).mean(-2).sum(-1)


def _squares_importance(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance**2 * ((x - x_hat) ** 2).mean(-2)).sum(-1)


def _mean_over_features(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance * ((x - x_hat) ** 2).mean(-2)).mean(-1)


def _sum_over_batch(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance * ((x - x_hat) ** 2).sum(-2)).sum(-1)


def _one_number(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance * ((x - x_hat) ** 2).mean(-2)).sum(-1).mean()


def _mean_over_everything(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance.unsqueeze(-2) * (x - x_hat) ** 2).mean()


def _one_per_feature(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return importance * ((x - x_hat) ** 2).mean(-2)


def _one_per_sample(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance.unsqueeze(-2) * (x - x_hat) ** 2).sum(-1)


def _importance_meets_batch(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance * (x - x_hat) ** 2).sum(-1).mean(-1)


def _absolute_error(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance * (x - x_hat).abs().mean(-2)).sum(-1)


def _root(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance * ((x - x_hat) ** 2).mean(-2)).sum(-1).sqrt()


def _weighted_average(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance * ((x - x_hat) ** 2).mean(-2)).sum(-1) / importance.sum(-1)


def _squares_the_mean_error(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance * (x - x_hat).mean(-2) ** 2).sum(-1)


def _loss_with_loops(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    batch, n_features = x.shape[-2:]
    total = torch.zeros_like(x[..., 0, 0])
    weights = importance.expand(*x.shape[:-2], n_features)
    for i in range(n_features):
        for sample in range(batch):
            total = total + weights[..., i] * (x[..., sample, i] - x_hat[..., sample, i]).pow(2)
    return total / batch


EXERCISE = Exercise(
    reference=tms_lib.weighted_mse,
    points=3,
    minutes=12,
    difficulty=2,
    checks=(
        equals_reference("two samples, by hand", _loss_by_hand),
        equals_reference("every instance with importances of its own", _batches, weight=2),
        equals_reference("importances that broadcast", _shared_importance),
        equals_reference("one instance keeps its axis, and none needs one", _lone_batches),
        *contract(_batches, gradients=["x_hat"]),
    ),
    slips=(
        Slip(
            answer=_ignores_importance,
            says="You left out the importances. Feature i's squared error counts I_i times.",
        ),
        Slip(
            answer=_squares_importance,
            says="You squared the importance with the error. It stands before the square: "
            "I_i (x_i - x'_i)^2.",
        ),
        Slip(
            answer=_mean_over_features,
            says="You averaged over the features. They are summed; only the batch is averaged.",
        ),
        Slip(
            answer=_sum_over_batch,
            says="You summed over the batch. Take its mean, or the loss grows with the batch size.",
        ),
        Slip(
            answer=_one_number,
            says="You put the instances together into one number. Each one has a loss of its own.",
        ),
        Slip(
            answer=_mean_over_everything,
            says="You averaged over every axis. Average over the batch only (-2), sum over the "
            "features (-1), and keep the instances.",
        ),
        Slip(
            answer=_one_per_feature,
            says="You stopped before the sum over features: your result still has that axis.",
        ),
        Slip(
            answer=_one_per_sample,
            says="You stopped before the mean over the batch: your result still has that axis.",
        ),
        Slip(
            answer=_importance_meets_batch,
            says="Your importances met the batch axis: instance k's went to sample k. "
            "Average over the batch first, or give them a batch axis with unsqueeze(-2).",
        ),
        Slip(
            answer=_absolute_error,
            says="You took the absolute error. The loss squares it.",
        ),
        Slip(
            answer=_root,
            says="You took the root at the end. The loss is the squared error itself.",
        ),
        Slip(
            answer=_weighted_average,
            says="You divided by the sum of the importances. The loss is a weighted sum, "
            "not a weighted average.",
        ),
        Slip(
            answer=_squares_the_mean_error,
            says="You averaged over the batch before squaring, so errors of opposite sign cancel. "
            "Square first.",
        ),
    ),
    also_right=_loss_with_loops,
)
