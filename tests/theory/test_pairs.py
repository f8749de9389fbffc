"""Tests of tms_lib.theory.pairs."""

import math

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from tms_lib.correlation import sample_anticorrelated, sample_correlated
from tms_lib.losses import weighted_mse
from tms_lib.models import relu_output
from tms_lib.theory import pair_losses, two_feature_loss

N_SAMPLES = 100_000


def arrangements(q: float) -> tuple[Tensor, Tensor]:
    """Weights and biases of the three models, as instances."""
    W = torch.tensor([[[1.0, -1.0]], [[0.5**0.5, 0.5**0.5]], [[1.0, 0.0]]], dtype=torch.float64)
    b = torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.0, q / 2]], dtype=torch.float64)
    return W, b


@pytest.mark.parametrize("q", [0.05, 0.4, 1.0])
def test_independent_pairs_have_the_exact_loss(q):
    W, b = arrangements(q)
    losses = torch.stack(pair_losses(torch.tensor(q).double(), torch.tensor(q**2).double()))
    exact = two_feature_loss(
        W, b, feature_probability=torch.full((2,), q).double(), importance=torch.ones(2).double()
    )
    assert_close(losses, exact, rtol=1e-6, atol=1e-9)  # q is a float32 number in one of them


@pytest.mark.parametrize("correlated", [True, False])
def test_sampled_pairs_have_the_expected_loss(correlated, generator):
    q, p = 0.3, torch.tensor([0.3], dtype=torch.float64)
    if correlated:
        x = sample_correlated(p, N_SAMPLES, set_size=2, generator=generator)
    else:
        x = sample_anticorrelated(
            p, N_SAMPLES, set_size=2, probability_of="feature", generator=generator
        )
    W, b = arrangements(q)
    x = x.expand(3, -1, -1)
    sampled = weighted_mse(x, relu_output(x, W=W, b=b), importance=torch.ones(2).double())
    both = q if correlated else 0.0
    expected = torch.tensor(pair_losses(torch.tensor(q).double(), torch.tensor(both).double()))
    # a row's loss lies between 0 and 2, so its variance is at most twice its mean
    error = (2 * expected / N_SAMPLES).sqrt()
    assert ((sampled - expected).abs() <= 5 * error + 1e-12).all()


def test_the_arrangements_change_places_where_stated():
    q = torch.tensor([0.1, 0.3, 0.5])
    antipodal, side_by_side, dedicated = pair_losses(q, 4 * q / 7)
    assert_close(antipodal, side_by_side)
    antipodal, side_by_side, dedicated = pair_losses(q, q**2)
    assert_close(side_by_side, dedicated)


@pytest.mark.parametrize(("q", "r"), [(0.3, 0.4), (0.8, 0.5)])
def test_impossible_pairs_are_refused(q, r):
    with pytest.raises(ValueError, match=f"both_probability must lie .*; got {r} at index \\[1\\]"):
        pair_losses(torch.tensor([0.5, q]), torch.tensor([0.25, r]))


def test_a_wrong_probability_is_named():
    with pytest.raises(ValueError, match="feature_probability must lie in"):
        pair_losses(torch.tensor(1.5), torch.tensor(0.5))
    with pytest.raises(ValueError, match=r"both_probability must lie in \[0, 1\].*correlation"):
        pair_losses(torch.tensor(0.5), torch.tensor(-math.inf))
