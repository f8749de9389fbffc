"""The exercise `pair_losses`: what three arrangements of two features in one dimension cost."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import Measure, contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip


def _always_together(_draw: Draw) -> Iterator[Call]:
    q = torch.tensor([0.6, 0.3, 0.1])
    yield call(q, q.clone())


def _never_together(_draw: Draw) -> Iterator[Call]:
    q = torch.tensor([0.5, 0.3, 0.1])
    yield call(q, torch.zeros(3))


def _pairs(draw: Draw, *shape: int) -> Call:
    """Pairs that are together with any probability that is possible."""
    q = draw.uniform(*shape, low=0.05)
    least = (2 * q - 1).clamp(min=0)
    return call(q, least + draw.uniform(*shape, low=0.02, high=0.98) * (q - least))


def _any_pairs(draw: Draw) -> Iterator[Call]:
    yield _pairs(draw, 4, 3)
    yield _pairs(draw, 6)


def _lone_pairs(draw: Draw) -> Iterator[Call]:
    yield _pairs(draw)
    yield _pairs(draw, 1)
    yield _pairs(draw, 2, 1, 3)


def _extreme_pairs(_draw: Draw) -> Iterator[Call]:
    q = torch.tensor([[0.0, 1.0, 0.5]])
    yield call(q, torch.tensor([[0.0, 1.0, 0.0]]))


def _part(k: int) -> Measure:
    def measure(value: Any, _call: Call) -> Any:
        return value[k]

    return measure


def _antipodal_counted_once(
    feature_probability: Tensor, both_probability: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    q, r = feature_probability, both_probability
    return r / 6, q / 3 - r / 4, q / 3 - q**2 / 4


def _square_of_the_mean(
    feature_probability: Tensor, both_probability: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    q, r = feature_probability, both_probability
    return 2 * r / 9, q / 3 - r / 4, q / 3 - q**2 / 4


def _antipodal_loses_one_feature(
    feature_probability: Tensor, both_probability: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    q, r = feature_probability, both_probability
    return 2 * r / 3, q / 3 - r / 4, q / 3 - q**2 / 4


def _negative_interference_counts(
    feature_probability: Tensor, both_probability: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    q, r = feature_probability, both_probability
    return 2 * q / 3, q / 3 - r / 4, q / 3 - q**2 / 4


def _alone_without_both(
    feature_probability: Tensor, both_probability: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    q, r = feature_probability, both_probability
    return r / 3, q / 3 - r / 3, q / 3 - q**2 / 4


def _both_counted_as_alone_too(
    feature_probability: Tensor, both_probability: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    q, r = feature_probability, both_probability
    return r / 3, q / 3 + r / 12, q / 3 - q**2 / 4


def _only_both(
    feature_probability: Tensor, both_probability: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    q, r = feature_probability, both_probability
    return r / 3, r / 12, q / 3 - q**2 / 4


def _of_norm_one_each(
    feature_probability: Tensor, both_probability: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    q, r = feature_probability, both_probability
    return r / 3, 2 * q / 3, q / 3 - q**2 / 4


def _twice_the_others_once(
    feature_probability: Tensor, both_probability: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    q, r = feature_probability, both_probability
    return r / 3, q / 6 - r / 12, q / 3 - q**2 / 4


def _dedicated_without_bias(
    feature_probability: Tensor, both_probability: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    q, r = feature_probability, both_probability
    return r / 3, q / 3 - r / 4, q / 3


def _variance_while_present(
    feature_probability: Tensor, both_probability: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    q, r = feature_probability, both_probability
    return r / 3, q / 3 - r / 4, q / 12


def _as_if_independent(
    feature_probability: Tensor, both_probability: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    q, r = feature_probability, feature_probability**2
    return r / 3, q / 3 - r / 4, q / 3 - q**2 / 4


def _other_order(
    feature_probability: Tensor, both_probability: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    q, r = feature_probability, both_probability
    return q / 3 - r / 4, r / 3, q / 3 - q**2 / 4


def _losses_in_one_tensor(feature_probability: Tensor, both_probability: Tensor) -> Tensor:
    q, r = feature_probability, both_probability
    return torch.stack([r / 3, q / 3 - r / 4, q / 3 - q**2 / 4], dim=-1)


def _from_covariance(
    feature_probability: Tensor, both_probability: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    # side by side the pair's difference is lost: half of its variance, twice
    q, r = feature_probability, both_probability
    variance = q / 3 - (q / 2) ** 2
    covariance = r / 4 - (q / 2) ** 2
    return 2 * r * (1 / 6), variance - covariance, variance


EXERCISE = Exercise(
    reference=tms_lib.pair_losses,
    points=3,
    minutes=18,
    difficulty=4,
    checks=(
        equals_reference("antipodal, at any probability", _any_pairs, measure=_part(0), weight=3),
        equals_reference(
            "side by side, at any probability", _any_pairs, measure=_part(1), weight=3
        ),
        equals_reference("dedicated, at any probability", _any_pairs, measure=_part(2), weight=3),
        equals_reference("a pair that is always together", _always_together),
        equals_reference("a pair that never is", _never_together),
        equals_reference("one value, and other shapes", _lone_pairs),
        equals_reference("never and always present", _extreme_pairs),
        *contract(_any_pairs),
    ),
    slips=(
        Slip(
            answer=_antipodal_counted_once,
            says="Antipodal: you counted one output, or took the mean of both. Both err by "
            "min(x, y), and the loss is their sum.",
        ),
        Slip(
            answer=_square_of_the_mean,
            says="Antipodal: you squared the mean of min(x, y). The loss needs the mean of its "
            "square, 1/6.",
        ),
        Slip(
            answer=_antipodal_loses_one_feature,
            says="Antipodal: you took a feature as lost while both are present. The larger one "
            "still shows x - y, so both outputs err by min(x, y) only.",
        ),
        Slip(
            answer=_negative_interference_counts,
            says="Antipodal: you counted the feature that shines through with a minus. The ReLU "
            "removes it, so that one feature alone costs nothing.",
        ),
        Slip(
            answer=_alone_without_both,
            says="Side by side: you left out the rows with both present. There the outputs err by "
            "half of the difference x - y.",
        ),
        Slip(
            answer=_both_counted_as_alone_too,
            says="Side by side: a feature is alone with probability q - r, not q. You counted the "
            "rows with both present twice.",
        ),
        Slip(
            answer=_only_both,
            says="Side by side: you left out the rows with one feature present. There both outputs "
            "give x / 2, and both err by it.",
        ),
        Slip(
            answer=_of_norm_one_each,
            says="Side by side: you used W = (1, 1). With 1 / sqrt(2) each, the outputs are the "
            "mean (x + y) / 2 and not the sum.",
        ),
        Slip(
            answer=_twice_the_others_once,
            says="Side by side: you let one feature be alone, either one, with q - r. Each of the "
            "two is alone with that probability.",
        ),
        Slip(
            answer=_dedicated_without_bias,
            says="Dedicated: you let the second output be 0. It answers the feature's mean q / 2, "
            "and costs the variance.",
        ),
        Slip(
            answer=_variance_while_present,
            says="Dedicated: you took the variance of the values while present. That of the "
            "feature has the zeros too: q/3 - q^2/4.",
        ),
        Slip(
            answer=_as_if_independent,
            says="You took q^2 as the probability that both are present. That holds for "
            "independent features; here it is both_probability.",
        ),
        Slip(
            answer=_other_order,
            says="You exchanged antipodal and side by side. Antipodal comes first.",
        ),
        Slip(
            answer=_losses_in_one_tensor,
            says="You returned one tensor. Return three, in the order antipodal, side by side, "
            "dedicated.",
        ),
    ),
    also_right=_from_covariance,
)
