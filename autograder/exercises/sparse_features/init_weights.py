"""The exercise `init_weights`: normal weights of Glorot's scale for every instance."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call
from autograder.claims import matches_theory, uses_generator
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.sparse_features._shared import (
    NORMAL_SHARES,
    SIGMAS,
    correlation,
    error_of_normal_shares,
    glorot,
    n_weights,
    off_diagonal,
    shares_below,
    sizes,
)
from tms_lib import models


def _small_sizes(draw: Draw) -> Iterator[Call]:
    yield sizes(draw, 3, 2, 5)
    yield sizes(draw, 1, 4, 6)


def _few_and_many_instances(draw: Draw) -> Iterator[Call]:
    # 600 weights or more: the scale of a single instance tells the slips apart
    yield sizes(draw, 300, 10, 60)
    yield sizes(draw, 2, 60, 90)


def _large_and_small_instances(draw: Draw) -> Iterator[Call]:
    yield sizes(draw, 1, 150, 200)
    yield sizes(draw, 5000, 2, 3)  # entries of orthogonal or unit vectors are not normal here


def _three_instances(draw: Draw) -> Iterator[Call]:
    yield sizes(draw, 3, 50, 80)


def _many_small_instances(draw: Draw) -> Iterator[Call]:
    yield sizes(draw, 2000, 2, 3)


def _not_finite(W: Tensor, _call: Call) -> Tensor:
    return (~W.isfinite()).double().mean()


def _root_mean_square(W: Tensor, _call: Call) -> Tensor:
    return (W.double() ** 2).mean().sqrt()


def _between_instances(W: Tensor, _call: Call) -> Tensor:
    return off_diagonal(correlation(W.flatten(1).T))


def _between_entries(W: Tensor, _call: Call) -> Tensor:
    return off_diagonal(correlation(W.flatten(1)))


def _pairs_of_instances(call: Call) -> Tensor:
    n = call.kwargs["n_instances"]
    return torch.zeros(n, n, dtype=torch.float64)


def _pairs_of_entries(call: Call) -> Tensor:
    n = n_weights(call)
    return torch.zeros(n, n, dtype=torch.float64)


def _xavier_on_three_axes(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    W = torch.empty(n_instances, n_hidden, n_features)
    return torch.nn.init.xavier_normal_(W, generator=generator)


def _variance_for_std(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    variance = 2 / (n_hidden + n_features)
    return variance * torch.randn(n_instances, n_hidden, n_features, generator=generator)


def _standard_normal(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    return torch.randn(n_instances, n_hidden, n_features, generator=generator)


def _one_fan(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    W = torch.randn(n_instances, n_hidden, n_features, generator=generator)
    return W * (2 / n_features) ** 0.5


def _forgets_the_two(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    W = torch.randn(n_instances, n_hidden, n_features, generator=generator)
    return W * (1 / (n_hidden + n_features)) ** 0.5


def _uniform_weights(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    limit = (6 / (n_hidden + n_features)) ** 0.5
    u = torch.rand(n_instances, n_hidden, n_features, generator=generator)
    return limit * (2 * u - 1)


def _positive_weights(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    std = (2 / (n_hidden + n_features)) ** 0.5
    return std * torch.rand(n_instances, n_hidden, n_features, generator=generator)


def _same_start_everywhere(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    std = (2 / (n_hidden + n_features)) ** 0.5
    W = std * torch.randn(n_hidden, n_features, generator=generator)
    return W.repeat(n_instances, 1, 1)


def _xavier_one_by_one(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    W = torch.empty(n_instances, n_hidden, n_features, device=generator.device)
    for instance in W:
        torch.nn.init.xavier_normal_(instance, generator=generator)
    return W


EXERCISE = Exercise(
    reference=models.init_weights,
    points=2,
    minutes=8,
    difficulty=2,
    checks=(
        matches_theory(
            "the shape is (instances, hidden, features)",
            _small_sizes,
            measure=_not_finite,
            expected=lambda _: torch.zeros((), dtype=torch.float64),
            tolerance=lambda _: 0.0,
        ),
        matches_theory(
            "the standard deviation is sqrt(2 / (hidden + features)) for 2 and for 300 instances",
            _few_and_many_instances,
            measure=_root_mean_square,
            expected=lambda call: torch.tensor(glorot(call), dtype=torch.float64),
            # the standard error of a standard deviation from N normal numbers is std / sqrt(2 N)
            tolerance=lambda call: (
                SIGMAS * glorot(call) / math.sqrt(2 * call.kwargs["n_instances"] * n_weights(call))
            ),
            weight=3,
        ),
        matches_theory(
            "the weights are normal: a sixth of them lies a standard deviation below 0, and so on",
            _large_and_small_instances,
            measure=lambda W, _: shares_below(W),
            expected=lambda _: NORMAL_SHARES,
            tolerance=error_of_normal_shares,
        ),
        matches_theory(
            "any two instances are uncorrelated",
            _three_instances,
            measure=_between_instances,
            expected=_pairs_of_instances,
            # a correlation over N independent pairs has the standard error 1 / sqrt(N)
            tolerance=lambda call: SIGMAS / math.sqrt(n_weights(call)),
            weight=2,
        ),
        matches_theory(
            "any two entries of W are uncorrelated",
            _many_small_instances,
            measure=_between_entries,
            expected=_pairs_of_entries,
            tolerance=lambda call: SIGMAS / math.sqrt(call.kwargs["n_instances"]),
        ),
        uses_generator(_small_sizes),
    ),
    slips=(
        Slip(  # first: its scale is a matter of luck and may be near another's
            answer=_same_start_everywhere,
            says="All instances start from the same weights. Draw instances x hidden x features "
            "numbers, so that each instance is a new try.",
        ),
        Slip(
            answer=_xavier_on_three_axes,
            says="xavier_normal_ took the number of instances for a fan, so a model starts nearer "
            "to 0 the more models are trained beside it. Set the scale from hidden and features.",
        ),
        Slip(
            answer=_variance_for_std,
            says="2 / (hidden + features) is the variance. "
            "randn is multiplied by its square root, the standard deviation.",
        ),
        Slip(
            answer=_standard_normal,
            says="Your weights have standard deviation 1. "
            "Multiply them by sqrt(2 / (hidden + features)).",
        ),
        Slip(
            answer=_one_fan,
            says="You divided by the number of features only. "
            "The formula has hidden + features below the 2.",
        ),
        Slip(
            answer=_forgets_the_two,
            says="You used 1 / (hidden + features). The formula has a 2 above the line.",
        ),
        Slip(
            answer=_uniform_weights,
            says="Your weights are uniform with the right standard deviation. "
            "Normal ones were needed: torch.randn.",
        ),
        Slip(
            answer=_positive_weights,
            says="torch.rand is uniform on [0, 1), so all weights are positive. "
            "torch.randn is the normal one.",
        ),
    ),
    also_right=_xavier_one_by_one,
)
