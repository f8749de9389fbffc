"""Wrong answers to `linear_descent`, and the sentences that explain them.

They share a loop: what is wrong is where they differ from `_slope` and from each other.
"""

import torch
from torch import Tensor

from autograder.exercise import Slip
from tms_lib.theory import linear_expected_loss, linear_optimal_bias


def _losses(W: Tensor, p: Tensor, importance: Tensor, *, biased: bool = True) -> Tensor:
    b = linear_optimal_bias(W, feature_probability=p)
    return linear_expected_loss(
        W, b if biased else torch.zeros_like(b), feature_probability=p, importance=importance
    )


def _slope(W: Tensor, p: Tensor, importance: Tensor, *, biased: bool = True) -> Tensor:
    W = W.detach().requires_grad_()
    return torch.autograd.grad(_losses(W, p, importance, biased=biased).sum(), W)[0]


def _path(W, p, importance, lr, n_steps, **settings):
    """W after 0, 1, ..., n_steps steps."""
    path = [W.detach()]
    for _ in range(n_steps):
        path.append(path[-1] - lr * _slope(path[-1], p, importance, **settings))
    return torch.stack(path)


def _one_tensor_in_all_places(W, *, feature_probability, importance, lr, n_steps, every):
    W = W.clone()
    snapshots = [W]
    for step in range(1, n_steps + 1):
        W -= lr * _slope(W, feature_probability, importance)  # in place
        if step % every == 0:
            snapshots.append(W)
    return torch.stack(snapshots)


def _without_the_start(W, *, feature_probability, importance, lr, n_steps, every):
    return _path(W, feature_probability, importance, lr, n_steps)[every::every]


def _one_step_late(W, *, feature_probability, importance, lr, n_steps, every):
    path = _path(W, feature_probability, importance, lr, n_steps)
    return torch.cat([path[:1], path[1::every]])


def _last_one_is_missing(W, *, feature_probability, importance, lr, n_steps, every):
    return _path(W, feature_probability, importance, lr, n_steps)[:n_steps:every]


def _always_with_the_last(W, *, feature_probability, importance, lr, n_steps, every):
    path = _path(W, feature_probability, importance, lr, n_steps)
    return path[::every] if n_steps % every == 0 else torch.cat([path[::every], path[-1:]])


def _every_step(W, *, feature_probability, importance, lr, n_steps, every):  # noqa: ARG001 (as asked)
    return _path(W, feature_probability, importance, lr, n_steps)


def _that_many_snapshots(W, *, feature_probability, importance, lr, n_steps, every):
    return _path(W, feature_probability, importance, lr, n_steps * every)[::every]


def _uphill(W, *, feature_probability, importance, lr, n_steps, every):
    return _path(W, feature_probability, importance, -lr, n_steps)[::every]


def _without_bias(W, *, feature_probability, importance, lr, n_steps, every):
    return _path(W, feature_probability, importance, lr, n_steps, biased=False)[::every]


def _mean_of_the_instances(W, *, feature_probability, importance, lr, n_steps, every):
    n_instances = max(1, W[..., 0, 0].numel())
    return _path(W, feature_probability, importance, lr / n_instances, n_steps)[::every]


def _same_gradient_each_time(W, *, feature_probability, importance, lr, n_steps, every):
    path = _path(W, feature_probability, importance, lr, 1)
    steps = torch.arange(0, n_steps + 1, every).to(W).reshape(-1, *[1] * W.ndim)
    return W + steps * (path[-1] - path[0])


def _losses_of_the_snapshots(W, *, feature_probability, importance, lr, n_steps, every):
    path = _path(W, feature_probability, importance, lr, n_steps)[::every]
    return torch.stack([_losses(W, feature_probability, importance) for W in path])


def _only_the_end(W, *, feature_probability, importance, lr, n_steps, every):  # noqa: ARG001 (as asked)
    return _path(W, feature_probability, importance, lr, n_steps)[-1]


SLIPS = (
    Slip(
        answer=_one_tensor_in_all_places,
        says="All of your snapshots are the same tensor, the last one: you changed W in place "
        "after you had put it into the list. Keep a copy, or make a new W at each step.",
    ),
    Slip(
        answer=_without_the_start,
        says="You left out the start. The first snapshot is W as it was given, after 0 steps.",
    ),
    Slip(
        answer=_one_step_late,
        says="You kept W after 1, every + 1, ... steps. Keep it after every, 2 every, ... steps.",
    ),
    Slip(
        answer=_last_one_is_missing,
        says="You kept W before each step only, so that W after the last step can never be kept. "
        "If every divides n_steps, it is the last snapshot.",
    ),
    Slip(
        answer=_always_with_the_last,
        says="You added W after the last step though every does not divide n_steps. Then the last "
        "two snapshots are nearer in time than the others.",
    ),
    Slip(
        answer=_every_step,
        says="You kept W after each step. Keep every so many only.",
    ),
    Slip(
        answer=_that_many_snapshots,
        says="You took n_steps for the number of snapshots. It counts steps; there are every of "
        "them from one snapshot to the next.",
    ),
    Slip(
        answer=_uphill,
        says="Your steps go up the loss. Subtract lr times the gradient.",
    ),
    Slip(
        answer=_without_bias,
        says="You left the bias at 0. The loss is the one at the best bias, linear_optimal_bias, "
        "of the present W.",
    ),
    Slip(
        answer=_mean_of_the_instances,
        says="You averaged the losses of the instances, so each step is too small by their number. "
        "Add them: then every instance moves as it would alone.",
    ),
    Slip(
        answer=_same_gradient_each_time,
        says="You used the gradient at the start for all steps. Compute it anew at each W.",
    ),
    Slip(
        answer=_losses_of_the_snapshots,
        says="You recorded the losses. Record W.",
    ),
    Slip(
        answer=_only_the_end,
        says="You returned the last W only. Return all snapshots, in one tensor with the time "
        "first.",
    ),
)
