"""What both samplers of sets are checked with: calls, statistics of a batch, and claims."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from autograder.answer import Call
from autograder.claims import matches_theory
from autograder.exercise import Cases, Check, Draw
from autograder.exercises.sparse_features._samplers import (
    between_rows,
    uniform_values,
    values_between_rows,
    where_both_active,
)
from autograder.exercises.sparse_features._shared import SIGMAS, correlation

N = 20_000


def uneven(draw: Draw, *shape: int, low: float, high: float) -> Tensor:
    """Distinct numbers in both axes, so that one taken from elsewhere shows."""
    size = torch.Size(shape).numel()
    steps = torch.linspace(low, high, size)[torch.argsort(draw.uniform(size))]
    return steps.reshape(shape)


def of_sets(x: Tensor, call: Call) -> Tensor:
    """From `*instances batch features` to `*instances batch sets members`."""
    return x.unflatten(-1, (-1, call.kwargs["set_size"]))


def _presence_between_rows(x: Tensor, call: Call) -> Tensor:
    """`between_rows` of the presence of each set, and of each feature: members may take turns."""
    present = of_sets(x, call) != 0
    parts = (present.any(-1), present.flatten(-2))
    return torch.cat([between_rows(part, call) for part in parts], dim=-1)


def _no_correlation_between_rows(call: Call) -> Tensor:
    *instances, n_sets = call.args[0].shape
    return torch.zeros(2, *instances, n_sets * (1 + call.kwargs["set_size"])).double()


def _between_sets(x: Tensor, call: Call) -> Tensor:
    """Correlations of all features with those of other sets, and of other instances."""
    n_instances, _, n_features = x.shape
    columns = x.transpose(0, 1).flatten(1)  # one for each feature of each instance
    set_of = torch.arange(n_instances * n_features) // call.kwargs["set_size"]
    return correlation(columns) * (set_of != set_of.unsqueeze(-1))


def values_within_sets(x: Tensor, call: Call) -> Tensor:
    """`where_both_active` of the features of each set."""
    return where_both_active(of_sets(x, call).transpose(-3, -2))  # *instances sets batch members


def uniform_and_independent(
    cases: Cases, probability: Callable[[Call], Tensor]
) -> tuple[Check, ...]:
    """That values are uniform on [0, 1], and sets, instances and rows independent.

    Args:
        cases: Makes the calls.
        probability: Of each feature, for a call.
    """
    return (
        *uniform_values(cases, probability, weights=(2, 2)),
        matches_theory(
            "different sets are independent, and so are instances",
            cases,
            measure=_between_sets,
            expected=lambda call: torch.zeros(2 * (probability(call).numel(),)).double(),
            # a correlation over N independent pairs has the standard error 1 / sqrt(N)
            tolerance=lambda call: SIGMAS / math.sqrt(call.args[1]),
            weight=3,
        ),
        matches_theory(
            "rows are drawn one by one: presence is uncorrelated with the next row's "
            "and with the row half a batch later",
            cases,
            measure=_presence_between_rows,
            expected=_no_correlation_between_rows,
            tolerance=lambda call: SIGMAS / math.sqrt(call.args[1]),
        ),
        matches_theory(
            "and so are values, where both rows are active",
            cases,
            measure=values_between_rows,
            expected=lambda call: torch.zeros(2, *probability(call).shape).double(),
            tolerance=lambda _: SIGMAS,
        ),
    )
