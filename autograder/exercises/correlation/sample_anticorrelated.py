"""The exercise `sample_anticorrelated`: sets of which at most one feature is present at a time."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import keeps_arguments, matches_theory, uses_generator
from autograder.exercise import Check, Draw, Exercise
from autograder.exercises.correlation._shared import (
    N,
    of_sets,
    uneven,
    uniform_and_independent,
)
from autograder.exercises.correlation.sample_anticorrelated_slips import SLIPS
from autograder.exercises.sparse_features._samplers import (
    error_of_shares,
    outside_unit_interval,
    share_active,
)

_CONVENTIONS = ("feature", "set")


def _some_shapes(draw: Draw) -> Iterator[Call]:
    p = draw.uniform(3, 4, low=0.1, high=0.25)
    for k, word in enumerate(_CONVENTIONS):
        how = {"probability_of": word, "generator": draw.generator()}
        yield call(p, 5, set_size=2, **how)
        yield call(p[:1], 6, set_size=3, **how)
        yield call(p[0], 1, set_size=2, **how)
        yield call(p[:2, : k + 1], 7, set_size=4, **how)
        yield call(p.double(), 4, set_size=1, **how)
        yield call(p.reshape(2, 3, 2), 4, set_size=2, **how)


def _small_batches(draw: Draw) -> Iterator[Call]:
    p = draw.uniform(2, 3, low=0.2, high=0.3)
    for word in _CONVENTIONS:
        yield call(p, 50, set_size=3, probability_of=word, generator=draw.generator())


def _never_and_always(draw: Draw) -> Iterator[Call]:
    of_set = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
    for p, word in ((of_set / 4, "feature"), (of_set, "set")):
        yield call(p, 2000, set_size=4, probability_of=word, generator=draw.generator())


def _sets(draw: Draw, word: str) -> Iterator[Call]:
    """As many sets as members, and then not. Features are present a tenth of the time or more."""
    for set_size in (2, 3):
        if word == "feature":
            p = uneven(draw, 3, 2, low=0.1, high=0.3)
        else:
            p = uneven(draw, 3, 2, low=0.35, high=0.85)
        yield call(p, N, set_size=set_size, probability_of=word, generator=draw.generator())


def _of_feature(draw: Draw) -> Iterator[Call]:
    yield from _sets(draw, "feature")


def _of_set(draw: Draw) -> Iterator[Call]:
    yield from _sets(draw, "set")


def _both(draw: Draw) -> Iterator[Call]:
    for word in _CONVENTIONS:
        yield from _sets(draw, word)


def _q(call: Call) -> Tensor:
    """The probability of each feature."""
    k = call.kwargs["set_size"]
    of_feature = call.args[0].double() / (k if call.kwargs["probability_of"] == "set" else 1)
    return of_feature.repeat_interleave(k, -1)


def _q_of_set(call: Call) -> Tensor:
    return _q(call).unflatten(-1, (-1, call.kwargs["set_size"])).sum(-1)


def _one_at_a_time(x: Tensor, call: Call) -> Tensor:
    """The shares of the rows in which a set is present, has a NaN, or two features at once."""
    sets = of_sets(x, call)
    present = (sets != 0).any(-1).double().mean(-2)  # NaN is not 0
    return torch.stack([present, sets.isnan().any(-1).double().mean(-2), _two_at_once(x, call)])


def _two_at_once(x: Tensor, call: Call) -> Tensor:
    """The share of the rows in which two or more features of a set are active."""
    return ((of_sets(x, call) != 0).sum(-1) > 1).double().mean(-2)


def _present_as_often(claim: str, cases: Callable[[Draw], Iterator[Call]]) -> Check:
    return matches_theory(
        claim,
        cases,
        measure=share_active,
        expected=_q,
        tolerance=lambda call: error_of_shares(call, _q(call)),
        weight=6,
    )


def _cuts_the_unit_interval(
    probability: Tensor,
    n_samples: int,
    *,
    set_size: int,
    probability_of: str,
    generator: torch.Generator,
) -> Tensor:
    # one number per set: feature i is present if it lies in [i q, i q + q)
    q = probability if probability_of == "feature" else probability / set_size
    *instances, n_sets = probability.shape
    shape = (*instances, n_samples, n_sets)
    u = torch.rand(shape, generator=generator, dtype=q.dtype).unsqueeze(-1)
    start = q.unsqueeze(-1) * torch.arange(set_size, device=q.device)  # *instances sets members
    inside = (u >= start.unsqueeze(-3)) & (u < (start + q.unsqueeze(-1)).unsqueeze(-3))
    # the last interval ends at 1 up to rounding only
    always = (q * set_size > 1 - 1e-6).unsqueeze(-1).unsqueeze(-3)
    last = torch.arange(set_size, device=q.device) == set_size - 1
    inside = torch.where(always & last, ~inside[..., :-1].any(-1, keepdim=True), inside)
    value = torch.rand(*shape, set_size, generator=generator, dtype=q.dtype)
    return (inside * value).flatten(-2)


EXERCISE = Exercise(
    reference=tms_lib.sample_anticorrelated,
    points=4,
    minutes=15,
    difficulty=3,
    checks=(
        matches_theory(
            "the shape is (instances, batch, features), the dtype is p's, values lie in [0, 1]",
            _some_shapes,
            measure=outside_unit_interval,
            expected=lambda _: torch.zeros((), dtype=torch.float64),
            tolerance=lambda _: 0.0,
        ),
        matches_theory(
            "no two features of a set are present at once",
            _both,
            measure=_two_at_once,
            expected=lambda call: torch.zeros_like(call.args[0]).double(),
            tolerance=lambda _: 0.0,
            weight=6,
        ),
        _present_as_often(
            'probability_of="feature": every feature is present in a fraction p of the rows',
            _of_feature,
        ),
        _present_as_often(
            'probability_of="set": every feature is present in a fraction p/k of the rows',
            _of_set,
        ),
        matches_theory(
            "a set with probability 0 is never present, one with probability 1 always",
            _never_and_always,
            measure=_one_at_a_time,
            expected=lambda call: torch.stack([_q_of_set(call), *(2 * [0 * _q_of_set(call)])]),
            # torch.rand is exactly 0 once in 2^24: 3 zeros in 2000 have chance 3e-13
            tolerance=lambda call: _q_of_set(call) * 2.5 / call.args[1],
        ),
        *uniform_and_independent(_both, _q),
        keeps_arguments(_small_batches, measure=outside_unit_interval),
        uses_generator(_small_batches),
    ),
    slips=SLIPS,
    also_right=_cuts_the_unit_interval,
)
