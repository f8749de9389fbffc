"""How a model changes while it trains: recorded descent, and what a record shows.

A record has the axis of time first: `snapshots *instances hidden features` for weights, as
`TrainResult.snapshots` has it, and `steps instances` for losses.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from tms_lib.features import check_positive
from tms_lib.losses import check_importance
from tms_lib.theory.linear import linear_expected_loss, linear_optimal_bias


def linear_descent(
    W: Float[Tensor, "*instances hidden features"],
    *,
    feature_probability: Float[Tensor, "*#instances #features"],
    importance: Float[Tensor, "*#instances #features"],
    lr: float,
    n_steps: int,
    every: int,
) -> Float[Tensor, " snapshots *instances hidden features"]:
    r"""W over plain gradient descent on the linear model's expected loss, at its best bias.

    $$W \leftarrow W - \lambda \, \nabla_W L\bigl(W, b^*(W)\bigr)$$

    No data is drawn, so that the record has no noise. The losses of the instances are added: each
    moves as it would alone.

    Args:
        W: The start.
        feature_probability: Density p of each feature.
        importance: I_i.
        lr: Learning rate, the same at every step.
        n_steps: Steps of descent.
        every: Steps between snapshots.

    Returns:
        W at the start and after every, 2 every, ... steps: 1 + n_steps // every snapshots.

    Raises:
        ValueError: If `lr` or `every` is not positive, `n_steps` negative, or an importance
            negative or not finite.

    >>> one = torch.ones(1)  # p = 1 has the variance 1/12; the first step adds 1/3 * 0.5 * 0.75
    >>> linear_descent(
    ...     0.5 * one[None], feature_probability=one, importance=one, lr=1.0, n_steps=2, every=1
    ... ).flatten()
    tensor([0.5000, 0.6250, 0.7520])
    """
    if n_steps < 0:
        raise ValueError(f"n_steps must be at least 0; got {n_steps}.")
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be positive and finite; got {lr}.")
    check_positive(every=every)
    check_importance(importance)
    snapshots = [W.detach()]
    for step in range(1, n_steps + 1):
        W = W.detach().requires_grad_()
        b = linear_optimal_bias(W, feature_probability=feature_probability)
        loss = linear_expected_loss(
            W, b, feature_probability=feature_probability, importance=importance
        )
        (gradient,) = torch.autograd.grad(loss.sum(), W)
        W = W.detach() - lr * gradient
        if step % every == 0:
            snapshots.append(W)
    return torch.stack(snapshots)


def moving_average(
    values: Float[Tensor, " steps *series"], *, each_side: int
) -> Float[Tensor, " steps *series"]:
    r"""The mean over the steps around each step: itself, and `each_side` before and after.

    $$\bar v_t = \frac{1}{|N_t|} \sum_{s \in N_t} v_s, \qquad
        N_t = \{s : |s - t| \le k, \; 0 \le s < T\}$$

    At the ends fewer steps are there, and the mean is over these, so that a constant stays what
    it is. Independent noise shrinks by the root of $|N_t|$, and a jump is spread over 2 k + 1
    steps.

    Raises:
        ValueError: If `each_side` is negative.

    >>> moving_average(torch.tensor([1.0, 3.0, 5.0, 1.0]), each_side=1)
    tensor([2., 3., 3., 3.])
    """
    if each_side < 0:
        raise ValueError(f"each_side must be at least 0; got {each_side}.")
    rows = values.reshape(len(values), -1).mT.unsqueeze(1)  # series 1 steps
    mean = F.avg_pool1d(
        rows, 2 * each_side + 1, stride=1, padding=each_side, count_include_pad=False
    )
    return mean.squeeze(1).mT.reshape(values.shape)


def level_changes(
    level: Float[Tensor, " snapshots *shape"],
) -> Int[Tensor, " snapshots *shape"]:
    """When a value arrives at another level than its last one, and how long that took.

    A value changes level when it is at a level that differs from the last one it was at. In
    between it may be at none. Coming back to the same level is no change, and neither is the
    first level of all: before it there is none to leave.

    Args:
        level: The level at each snapshot, NaN where there is none, as `nearest_fraction` gives it.

    Returns:
        At the snapshot of arrival, the number of snapshots since the value was last at the old
        level: 1 for a jump from one snapshot to the next. 0 everywhere else.

    >>> nan = torch.nan
    >>> level_changes(torch.tensor([nan, 0.25, 0.25, nan, nan, 0.5, 0.5, nan, 0.5, 0.0]))
    tensor([0, 0, 0, 0, 0, 3, 0, 0, 0, 1])
    """
    last = torch.full_like(level[0], torch.nan)
    since = torch.zeros_like(level[0], dtype=torch.int64)
    durations = []
    for now in level:
        since = since + 1
        is_there = ~now.isnan()
        changes = is_there & ~last.isnan() & (now != last)
        durations.append(torch.where(changes, since, 0))
        last = torch.where(is_there, now, last)
        since = torch.where(is_there, 0, since)
    return torch.stack(durations)


def share_of_fall(
    loss: Float[Tensor, " snapshots *instances"], *, moves: Bool[Tensor, " snapshots-1 *instances"]
) -> Float[Tensor, "*instances"]:
    r"""The part of a loss's fall that happens between the snapshots chosen.

    $$\frac{\sum_t m_t \, (L_t - L_{t+1})}{L_0 - L_T}$$

    with m_t = 1 if `moves[t]`, which stands for the time from snapshot t to t + 1, and 0 if not.
    1: the loss falls only then. 0: it is the same after all of these moves. A loss that rises at
    other times makes it more than 1. Compare it with the share of the time, the mean of `moves`.

    Returns:
        One value per instance; not finite where the loss ends as high as it began.

    >>> share_of_fall(torch.tensor([5.0, 2.0, 1.5, 1.0]), moves=torch.tensor([True, False, True]))
    tensor(0.8750)
    """
    falls = loss[:-1] - loss[1:]
    return (falls * moves).sum(0) / (loss[0] - loss[-1])


def settled_since(holds: Bool[Tensor, " snapshots *shape"]) -> Int[Tensor, "*shape"]:
    """The first snapshot from which on something holds until the end.

    The number of snapshots, if it does not hold at the last one.

    >>> settled_since(torch.tensor([[True, False], [False, True], [True, False]]))
    tensor([2, 3])
    """
    at_the_end = holds.flip(0).long().cumprod(0).sum(0)  # snapshots in a row
    return len(holds) - at_the_end
