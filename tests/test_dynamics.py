"""Tests of tms_lib.dynamics."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from tms_lib.dynamics import (
    level_changes,
    linear_descent,
    moving_average,
    settled_since,
    share_of_fall,
)
from tms_lib.theory import linear_expected_loss, linear_optimal_bias, linear_optimal_loss

NAN = math.nan


def random_settings(generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """W, p and importances of three instances, all different."""
    W = 0.5 * torch.randn(3, 2, 4, generator=generator, dtype=torch.float64)
    p, importance = torch.rand(2, 3, 4, generator=generator, dtype=torch.float64)
    return W, p, importance


def test_each_step_goes_down_the_gradient_that_finite_differences_find(generator):
    W, p, importance = random_settings(generator)

    def loss(W: torch.Tensor) -> torch.Tensor:
        b = linear_optimal_bias(W, feature_probability=p)
        return linear_expected_loss(W, b, feature_probability=p, importance=importance)

    record = linear_descent(
        W, feature_probability=p, importance=importance, lr=0.3, n_steps=2, every=1
    )
    for before, after in pairwise(record):
        slope = torch.zeros_like(before)
        for row in range(2):
            for column in range(4):
                step = torch.zeros_like(before)
                step[:, row, column] = 1e-4  # a central difference errs by its square
                slope[:, row, column] = (loss(before + step) - loss(before - step)) / 2e-4
        assert_close(after, before - 0.3 * slope, rtol=0, atol=1e-7)


def test_snapshots_start_with_the_start_and_are_every_so_many_steps_apart(generator):
    W, p, importance = random_settings(generator)
    known = {"feature_probability": p, "importance": importance, "lr": 0.2}
    each = linear_descent(W, **known, n_steps=7, every=1)
    assert_close(each[0], W)
    assert_close(linear_descent(W, **known, n_steps=7, every=3), each[[0, 3, 6]])
    assert_close(linear_descent(W, **known, n_steps=0, every=3), W.unsqueeze(0))


def test_an_instance_moves_as_it_would_alone(generator):
    W, p, importance = random_settings(generator)
    together = linear_descent(
        W, feature_probability=p, importance=importance, lr=0.2, n_steps=5, every=5
    )
    alone = linear_descent(
        W[1], feature_probability=p[1], importance=importance[1], lr=0.2, n_steps=5, every=5
    )
    assert_close(together[:, 1], alone)


def test_descent_ends_at_the_best_loss(generator):
    p, importance = torch.full((4,), 0.5), torch.tensor([1.0, 0.5, 2.0, 0.25])
    W = 0.1 * torch.randn(2, 4, generator=generator)
    end = linear_descent(
        W, feature_probability=p, importance=importance, lr=0.5, n_steps=600, every=600
    )[-1]
    b = linear_optimal_bias(end, feature_probability=p)
    loss = linear_expected_loss(end, b, feature_probability=p, importance=importance)
    assert_close(loss, linear_optimal_loss(p, importance=importance, n_hidden=2))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"lr": 0.0}, "lr must be positive and finite; got 0"),
        ({"n_steps": -1}, "n_steps must be at least 0; got -1"),
        ({"every": 0}, "every must be at least 1; got 0"),
        ({"importance": -torch.ones(2)}, "importance"),
    ],
)
def test_impossible_settings_of_the_descent_are_refused(settings, told):
    known = {"feature_probability": torch.ones(2), "importance": torch.ones(2)}
    known |= {"lr": 0.1, "n_steps": 3, "every": 1}
    with pytest.raises(ValueError, match=told):
        linear_descent(torch.ones(1, 2), **(known | settings))


@given(
    seed=st.integers(0, 2**32 - 1),
    n_steps=st.integers(1, 12),
    each_side=st.integers(0, 15),
)
def test_the_moving_average_is_the_mean_of_the_steps_in_reach(seed, n_steps, each_side):
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(n_steps, 2, 3, generator=generator, dtype=torch.float64)
    expected = torch.stack(
        [values[max(0, t - each_side) : t + each_side + 1].mean(0) for t in range(n_steps)]
    )
    assert_close(moving_average(values, each_side=each_side), expected)
    assert_close(moving_average(values[:, 0, 0], each_side=each_side), expected[:, 0, 0])


def test_a_moving_average_cannot_look_less_than_no_step_around():
    with pytest.raises(ValueError, match="each_side must be at least 0; got -1"):
        moving_average(torch.zeros(3), each_side=-1)


def test_a_change_is_told_at_its_arrival_with_its_duration():
    level = torch.tensor(
        [
            [0.0, NAN, 0.5, NAN],
            [0.5, 0.0, NAN, NAN],
            [NAN, 0.0, 0.5, NAN],
            [NAN, NAN, NAN, NAN],
            [0.0, NAN, NAN, NAN],
            [0.0, 0.5, 0.0, NAN],
        ]
    )
    expected = [[0] * 4, [1, 0, 0, 0], [0] * 4, [0] * 4, [3, 0, 0, 0], [0, 3, 3, 0]]
    assert level_changes(level).tolist() == expected


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 12))
def test_changes_agree_with_a_look_back_from_every_snapshot(seed, n):
    generator = torch.Generator().manual_seed(seed)
    which = torch.randint(4, (n, 2, 3), generator=generator)
    level = torch.tensor([NAN, 0.0, 0.25, 0.5])[which]
    durations = level_changes(level)
    for row in range(2):
        for column in range(3):
            series = level[:, row, column].tolist()
            for t, now in enumerate(series):
                earlier = [s for s in range(t) if not math.isnan(series[s])]
                changed = earlier and not math.isnan(now) and series[earlier[-1]] != now
                expected = t - earlier[-1] if changed else 0
                assert durations[t, row, column] == expected


def test_the_share_of_the_fall_counts_rises_against_falls():
    # falls of 3, -1, 2 and 0, and of 0, 1, 0 and 1
    loss = torch.tensor([[5.0, 2.0, 3.0, 1.0, 1.0], [2.0, 2.0, 1.0, 1.0, 0.0]]).T
    moves = torch.tensor([[1, 1, 0, 1], [1, 1, 0, 0]]).bool().T
    assert_close(share_of_fall(loss, moves=moves), torch.tensor([2 / 4, 1 / 2]))
    assert_close(share_of_fall(loss, moves=~moves), torch.tensor([2 / 4, 1 / 2]))
    assert_close(
        share_of_fall(loss[:, 0], moves=moves[:, 0] & (loss[1:, 0] < 3)), torch.tensor(0.75)
    )


@given(seed=st.integers(0, 2**32 - 1))
def test_the_shares_of_moves_and_of_rest_add_up_to_one(seed):
    generator = torch.Generator().manual_seed(seed)
    loss = torch.rand(6, 3, generator=generator, dtype=torch.float64)
    loss[0] += 1
    moves = torch.rand(5, 3, generator=generator) < 0.5
    total = share_of_fall(loss, moves=moves) + share_of_fall(loss, moves=~moves)
    assert_close(total, torch.ones(3, dtype=torch.float64))


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 8))
def test_settled_is_the_first_snapshot_after_which_nothing_fails(seed, n):
    generator = torch.Generator().manual_seed(seed)
    holds = torch.rand(n, 2, 3, generator=generator) < 0.7
    for row in range(2):
        for column in range(3):
            series = holds[:, row, column].tolist()
            expected = next((t for t in range(n) if all(series[t:])), n)
            assert settled_since(holds)[row, column] == expected
