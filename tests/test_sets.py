"""Tests of tms_lib.sets."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from tms_lib.correlation import sample_correlated
from tms_lib.sets import cosines_within_sets, principal_share
from tms_lib.theory import principal_projection


def test_cosines_come_by_set_and_pair():
    # degrees; set 0 has differences of 90, 60 and 30, set 1 of 0, 180 and 180
    angle = torch.deg2rad(torch.tensor([0.0, 90.0, 60.0, 10.0, 10.0, 190.0]))
    W = torch.tensor([1.0, 3.0, 1.0, 2.0, 1.0, 1.0]) * torch.stack([angle.cos(), angle.sin()])
    expected = torch.tensor([[0.0, 0.5, 0.75**0.5], [1.0, -1.0, -1.0]])
    assert_close(cosines_within_sets(W, set_size=3), expected, atol=1e-6, rtol=0)


@given(seed=st.integers(0, 2**32 - 1), set_size=st.integers(1, 4))
def test_both_agree_with_loops(seed, set_size):
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(2, 3, 3 * set_size, generator=generator, dtype=torch.float64)
    cosines, share = (
        cosines_within_sets(W, set_size=set_size),
        principal_share(W, set_size=set_size),
    )
    assert cosines.shape == (2, 3, math.comb(set_size, 2))
    for instance in range(2):
        for k in range(3):
            columns = [W[instance, :, k * set_size + i] for i in range(set_size)]
            pairs = [(u, v) for i, u in enumerate(columns) for v in columns[i + 1 :]]
            for value, (u, v) in zip(cosines[instance, k], pairs, strict=True):
                assert_close(value, u @ v / (u.norm() * v.norm()))
            kept = sum(column @ column for column in columns)
            along = sum(u @ v for u in columns for v in columns) / set_size
            assert_close(share[instance, k], along / kept)


def test_absent_features_have_no_direction_and_no_share():
    W = torch.tensor([[0.0, 2.0, 0.0, 0.0]])
    assert_close(cosines_within_sets(W, set_size=2), torch.zeros(2, 1))
    assert_close(principal_share(W, set_size=2), torch.tensor([0.5, 0.0]))


@pytest.mark.parametrize(
    ("W", "share"),
    [
        (torch.ones(2, 3), 1.0),  # collapsed
        (torch.eye(3), 1 / 3),  # orthogonal
        (torch.tensor([[1.0, -0.5, -0.5], [0.0, 0.75**0.5, -(0.75**0.5)]]), 0.0),  # a triangle
    ],
)
def test_the_share_of_known_arrangements(W, share):
    assert_close(principal_share(1e-6 * W, set_size=3), torch.tensor([share]))


def test_the_first_components_of_correlated_sets_are_their_sums(generator):
    # the sum's variance is more than five times that of any other direction within its set
    p = torch.tensor([0.3, 0.25], dtype=torch.float64)
    x = sample_correlated(p, 40_000, set_size=4, generator=generator)
    share = principal_share(principal_projection(x, n_hidden=2), set_size=4)
    assert (share > 0.99).all()


@pytest.mark.parametrize("function", [cosines_within_sets, principal_share])
def test_features_that_are_no_whole_sets_are_refused(function):
    for set_size in (0, 3):
        message = f"set_size must divide the 4 features into whole sets; got {set_size}"
        with pytest.raises(ValueError, match=message):
            function(torch.ones(2, 4), set_size=set_size)


@pytest.mark.parametrize("function", [cosines_within_sets, principal_share])
def test_a_diverged_model_is_refused(function):
    with pytest.raises(ValueError, match=r"W of shape \(1, 2\) is not finite"):
        function(torch.tensor([[1.0, math.nan]]), set_size=2)
