"""Tests of tms_lib.recovery."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from tms_lib.recovery import cosine_similarity, matched_cosine_similarity, max_cosine_similarity

MEASURES = [max_cosine_similarity, matched_cosine_similarity]


def normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def at_angles(*degrees: float) -> Tensor:
    """Unit columns in two dimensions."""
    angle = torch.tensor(degrees, dtype=torch.float64).deg2rad()
    return torch.stack([angle.cos(), angle.sin()])


def test_cosines_agree_with_a_loop():
    W, W_dec = normal(2, 3, 4, seed=0), normal(2, 3, 5, seed=1)
    expected = torch.zeros(2, 4, 5, dtype=torch.float64)
    for s, i, k in itertools.product(range(2), range(4), range(5)):
        w, d = W[s, :, i], W_dec[s, :, k]
        expected[s, i, k] = (w @ d) / (w.norm() * d.norm())
    assert_close(cosine_similarity(W, W_dec), expected)


def test_one_latent_may_be_the_best_of_two_features_but_serves_one():
    W, W_dec = at_angles(0, 30), at_angles(10, 100)
    cos = {angle: math.cos(math.radians(angle)) for angle in (10, 20, 70)}
    expected = torch.tensor([cos[10], cos[20]], dtype=torch.float64)
    assert_close(max_cosine_similarity(W, W_dec), expected)
    expected = torch.tensor([cos[10], cos[70]], dtype=torch.float64)
    assert_close(matched_cosine_similarity(W, W_dec), expected)


@pytest.mark.parametrize("measure", MEASURES)
def test_an_antipode_is_another_feature(measure):
    W, W_dec = at_angles(0), at_angles(180)
    assert_close(measure(W, W_dec), torch.tensor([-1.0], dtype=torch.float64))


@given(seed=st.integers(0, 2**32 - 1))
def test_true_directions_are_recovered_in_any_order_and_length(seed):
    generator = torch.Generator().manual_seed(seed)
    W = normal(2, 3, 6, seed=seed)
    extra = normal(2, 3, 2, seed=seed + 1)
    order = torch.randperm(8, generator=generator)
    lengths = torch.rand(8, generator=generator, dtype=torch.float64) + 0.1
    W_dec = (torch.cat([W, extra], dim=-1) * lengths)[..., order]
    for measure in MEASURES:
        assert_close(measure(W, W_dec), torch.ones(2, 6, dtype=torch.float64))


@given(seed=st.integers(0, 2**32 - 1))
def test_matching_lies_between_nothing_and_the_best_matching(seed):
    W, W_dec = normal(3, 4, seed=seed), normal(3, 5, seed=seed + 1)
    cosines = cosine_similarity(W, W_dec)
    best = max(
        sum(float(cosines[i, k]) for i, k in enumerate(latents))
        for latents in itertools.permutations(range(5), 4)
    )
    matched = matched_cosine_similarity(W, W_dec)
    assert matched.sum() <= best + 1e-12
    assert (matched <= max_cosine_similarity(W, W_dec)).all()
    # each is a cosine of its feature, and no latent is used twice
    latents = [(cosines[i] == matched[i]).nonzero().item() for i in range(4)]
    assert len(set(latents)) == 4


@given(seed=st.integers(0, 2**32 - 1), noise=st.floats(0, 0.1))
def test_noisy_recoveries_get_the_best_matching(seed, noise):
    # right angles between the features, so that small noise leaves the nearest in place
    W = torch.eye(4, dtype=torch.float64)
    order = torch.randperm(4, generator=torch.Generator().manual_seed(seed))
    W_dec = (W + noise * normal(4, 4, seed=seed).clamp(-1, 1))[:, order]
    cosines = cosine_similarity(W, W_dec)
    best = max(
        sum(float(cosines[i, k]) for i, k in enumerate(latents))
        for latents in itertools.permutations(range(4))
    )
    assert_close(matched_cosine_similarity(W, W_dec).sum().item(), best)


@pytest.mark.parametrize("measure", MEASURES)
def test_an_instance_is_measured_as_it_would_be_alone(measure):
    W, W_dec = normal(2, 3, 4, 5, seed=0), normal(2, 3, 4, 6, seed=1)
    assert_close(measure(W, W_dec)[1, 2], measure(W[1, 2], W_dec[1, 2]))


def test_features_without_a_latent_left_get_zero():
    matched = matched_cosine_similarity(at_angles(0, 40, 90), at_angles(85, 10))
    cos = [math.cos(math.radians(10)), 0, math.cos(math.radians(5))]
    assert_close(matched, torch.tensor(cos, dtype=torch.float64))


def test_a_zero_column_has_no_direction():
    W = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    assert_close(cosine_similarity(W, torch.ones(2, 1)), torch.tensor([[0.5**0.5], [0.0]]))


@pytest.mark.parametrize("measure", MEASURES)
def test_diverged_weights_are_refused(measure):
    W, wrong = torch.ones(2, 3), torch.full((2, 3), math.nan)
    with pytest.raises(ValueError, match=r"W of shape \(2, 3\) is not finite"):
        measure(wrong, W)
    with pytest.raises(ValueError, match=r"W_dec of shape \(2, 3\) is not finite"):
        measure(W, wrong)
