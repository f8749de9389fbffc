"""The exercise `active_count_probability`: how likely k of n features are active."""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import features


def _counts_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor(0.5), 2)
    yield call(torch.tensor([0.25]), 2)


def _counts(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(3, low=0.1, high=0.9), 5)
    yield call(draw.uniform(2, 1, low=0.1, high=0.9), 12)


def _counts_at_the_extremes(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([0.0, 1.0]), 3)


def _many_features(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([0.5, 0.05]), 200)


def _no_coefficient(feature_probability: Tensor, n_features: int) -> Tensor:
    p = feature_probability.unsqueeze(-1)
    k = torch.arange(n_features + 1, device=p.device)
    return p**k * (1 - p) ** (n_features - k)


def _ordered_choices(feature_probability: Tensor, n_features: int) -> Tensor:
    p = feature_probability.double()
    terms = [
        math.perm(n_features, k) * p**k * (1 - p) ** (n_features - k)
        for k in range(min(n_features, 20) + 1)
    ]
    return torch.stack(terms, dim=-1).to(feature_probability.dtype)


def _starts_at_one(feature_probability: Tensor, n_features: int) -> Tensor:
    p = feature_probability.double()
    terms = [
        float(math.comb(n_features, k)) * p**k * (1 - p) ** (n_features - k)
        for k in range(1, n_features + 1)
    ]
    return torch.stack(terms, dim=-1).to(feature_probability.dtype)


def _stops_before_n(feature_probability: Tensor, n_features: int) -> Tensor:
    p = feature_probability.double()
    terms = [
        float(math.comb(n_features, k)) * p**k * (1 - p) ** (n_features - k)
        for k in range(n_features)
    ]
    return torch.stack(terms, dim=-1).to(feature_probability.dtype)


def _counts_inactive(feature_probability: Tensor, n_features: int) -> Tensor:
    p = 1 - feature_probability.double()
    terms = [
        float(math.comb(n_features, k)) * p**k * (1 - p) ** (n_features - k)
        for k in range(n_features + 1)
    ]
    return torch.stack(terms, dim=-1).to(feature_probability.dtype)


def _ignores_the_inactive(feature_probability: Tensor, n_features: int) -> Tensor:
    p = feature_probability.double()
    terms = [float(math.comb(n_features, k)) * p**k for k in range(n_features + 1)]
    return torch.stack(terms, dim=-1).to(feature_probability.dtype)


def _at_most_k(feature_probability: Tensor, n_features: int) -> Tensor:
    p = feature_probability.double()
    terms = [
        float(math.comb(n_features, k)) * p**k * (1 - p) ** (n_features - k)
        for k in range(n_features + 1)
    ]
    return torch.stack(terms, dim=-1).cumsum(-1).to(feature_probability.dtype)


def _rare_events(feature_probability: Tensor, n_features: int) -> Tensor:
    rate = n_features * feature_probability.double().unsqueeze(-1)
    k = torch.arange(n_features + 1, dtype=rate.dtype, device=rate.device)
    log_probability = torch.xlogy(k, rate) - rate - torch.lgamma(k + 1)
    return log_probability.exp().to(feature_probability.dtype)


def _overflows(feature_probability: Tensor, n_features: int) -> Tensor:
    p = feature_probability.unsqueeze(-1)
    k = torch.arange(n_features + 1, device=p.device)
    choose = torch.tensor(
        [math.comb(n_features, j) for j in range(n_features + 1)], dtype=p.dtype, device=p.device
    )
    return choose * p**k * (1 - p) ** (n_features - k)


def _logarithm_of_zero(feature_probability: Tensor, n_features: int) -> Tensor:
    p = feature_probability.double().unsqueeze(-1)
    n = torch.tensor(n_features, dtype=p.dtype, device=p.device)
    k = torch.arange(n_features + 1, dtype=p.dtype, device=p.device)
    log_choose = torch.lgamma(n + 1) - torch.lgamma(k + 1) - torch.lgamma(n - k + 1)
    log_probability = log_choose + k * p.log() + (n - k) * (1 - p).log()
    return log_probability.exp().to(feature_probability.dtype)


def _one_feature_after_another(feature_probability: Tensor, n_features: int) -> Tensor:
    p = feature_probability.double().unsqueeze(-1)
    counts = torch.ones_like(p)  # of no features, none is active
    for _ in range(n_features):
        counts = F.pad(counts, (0, 1)) * (1 - p) + F.pad(counts, (1, 0)) * p
    return counts.to(feature_probability.dtype)


EXERCISE = Exercise(
    reference=features.active_count_probability,
    points=3,
    minutes=12,
    difficulty=3,
    checks=(
        equals_reference("two features by hand", _counts_by_hand),
        equals_reference("several instances and features", _counts, weight=2),
        equals_reference("p = 0 and p = 1", _counts_at_the_extremes),
        equals_reference("200 features do not overflow", _many_features),
        *contract(_counts),
    ),
    slips=(
        Slip(
            answer=_no_coefficient,
            says="This is the probability of one particular set of k features. "
            "Multiply by the number of such sets, n choose k.",
        ),
        Slip(
            answer=_ordered_choices,
            says="You counted ordered choices, n! / (n - k)!. "
            "A set has no order: divide by k! as well.",
        ),
        Slip(
            answer=_starts_at_one,
            says="Your k starts at 1. No active feature at all, k = 0, is the first entry.",
        ),
        Slip(
            answer=_stops_before_n,
            says="Your k stops at n - 1. All n features active is the last of n + 1 entries.",
        ),
        Slip(
            answer=_counts_inactive,
            says="You counted the inactive features. p is the density, so k active features "
            "give p^k, and the others (1 - p)^(n - k).",
        ),
        Slip(
            answer=_ignores_the_inactive,
            says="You left out that the other n - k features are inactive, (1 - p)^(n - k).",
        ),
        Slip(
            answer=_at_most_k,
            says="You summed up to k: at most k active features. Exactly k was needed.",
        ),
        Slip(
            answer=_rare_events,
            says="This is the Poisson law, the limit of many rare features. "
            "The exact law is binomial.",
        ),
        Slip(
            answer=_overflows,
            says="In float32 the number of sets overflows: 200 choose 100 is about 9e58. "
            "Compute in float64 and convert the result.",
        ),
        Slip(
            answer=_logarithm_of_zero,
            says="You computed 0 * log(0), which is NaN. torch.xlogy(k, p) takes it as 0.",
        ),
    ),
    also_right=_one_feature_after_another,
)
