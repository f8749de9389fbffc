"""Tests of tms_lib.theory.relu_loss."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from tms_lib.features import sample_features
from tms_lib.models import relu_output
from tms_lib.theory import (
    both_active_error,
    expected_relu_loss,
    linear_expected_loss,
    one_active_loss,
    regular_polygon,
    two_feature_loss,
)

N_SAMPLES = 100_000

probabilities = st.floats(0, 1)
weights = st.lists(st.floats(-2, 2), min_size=2, max_size=2)
either = pytest.mark.parametrize("loss_of", [two_feature_loss, expected_relu_loss])
Loss = Callable[..., Tensor]


def double(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def loss_by_differences(W: Tensor, b: Tensor, p: Tensor, importance: Tensor) -> Tensor:
    """The loss for two features and one dimension by differences of powers [z]^k / k!."""

    def power(k: int, z: float) -> float:
        return max(z, 0) ** k / math.factorial(k)

    loss = 0.0
    for i, j in ((0, 1), (1, 0)):
        own, other, c = (W[0, i] ** 2).item(), (W[0, i] * W[0, j]).item(), b[i].item()

        def first(d: float, own: float = own) -> float:  # the mean of x [own x + d] once integrated
            return power(3, own + d) / own - (power(4, own + d) - power(4, d)) / own**2

        square = 2 * (
            power(4, own + other + c) - power(4, own + c) - power(4, other + c) + power(4, c)
        )
        both = 1 / 3 - 2 * (first(other + c) - first(c)) / other + square / (own * other)
        own_mixed = power(2, own + c) / own - (power(3, own + c) - power(3, c)) / own**2
        own_alone = 1 / 3 - 2 * own_mixed + 2 * (power(3, own + c) - power(3, c)) / own
        other_alone = 2 * (power(3, other + c) - power(3, c)) / other
        p_i, p_j = p[i].item(), p[j].item()
        loss += importance[i].item() * (
            p_i * p_j * both
            + p_i * (1 - p_j) * own_alone
            + (1 - p_i) * p_j * other_alone
            + (1 - p_i) * (1 - p_j) * max(c, 0) ** 2
        )
    return double(loss).squeeze()


@given(seed=st.integers(0, 2**32 - 1))
def test_two_features_agree_with_differences_of_powers(seed):
    generator = torch.Generator().manual_seed(seed)
    size = 0.3 + torch.rand(1, 2, generator=generator, dtype=torch.float64)
    W = size * torch.randint(0, 2, (1, 2), generator=generator).mul(2).sub(1)
    b, p, importance = torch.rand(3, 2, generator=generator, dtype=torch.float64)
    b = 2 * b - 1
    loss = two_feature_loss(W, b, feature_probability=p, importance=importance)
    # the differences lose digits: powers up to 6^4 / 4!, divided by products down to 0.3^4
    expected = loss_by_differences(W, b, p, importance)
    assert_close(loss, expected, atol=1e-11, rtol=0)


@given(own=st.floats(0, 2), other=st.floats(-2, 2), bias=st.floats(-2, 2))
def test_two_active_features_agree_with_the_midpoint_rule(own, other, bias):
    # Its error is at most the sum over both axes of (max|f''| + the jump of f' at the kink) /
    # (8 n^2): f'' is at most 2 * 1^2 along x and 2 * 2^2 along y, the jump 2 * 2 along either.
    n = 400
    x = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    z = own * x + other * x[:, None] + bias
    error = both_active_error(*double(own, other), bias=double(bias).squeeze())
    assert_close(error, ((x - z.clamp(min=0)) ** 2).mean(), atol=18 / (8 * n**2), rtol=1e-12)


def test_the_other_feature_alone_at_an_output():
    # 1/3 - 2 E[x] E[y - 1/2]_+ + E[y - 1/2]_+^2 = 1/3 - 1/8 + 1/24
    error = both_active_error(*double(0, 1), bias=double(-0.5).squeeze())
    assert_close(error, double(0.25).squeeze())


@either
def test_the_candidates_of_the_phase_diagram(loss_of: Loss):
    # variance where ignored, E min(x, y)^2 = 1/6 in an antipodal pair; densities differ
    p, importance = double(0.3, 0.6), double(2.0, 5.0)
    W = double(1, 0, 0, 1, 1, -1).reshape(3, 1, 2)
    b = double(0, 0.3, 0.15, 0, 0, 0).reshape(3, 2)
    loss = loss_of(W, b, feature_probability=p, importance=importance)
    expected = double(5 * (0.6 / 3 - 0.36 / 4), 2 * (0.3 / 3 - 0.09 / 4), (2 + 5) * 0.3 * 0.6 / 6)
    assert_close(loss, expected, rtol=1e-5, atol=0)


@either
def test_where_nothing_is_cut_off_it_is_the_linear_models_loss(loss_of: Loss, generator):
    W = torch.rand(4, 3, 2, generator=generator, dtype=torch.float64)  # no negative products
    b = torch.rand(4, 2, generator=generator, dtype=torch.float64)
    p, importance = torch.rand(2, 4, 2, generator=generator, dtype=torch.float64)
    linear = linear_expected_loss(W, b, feature_probability=p, importance=importance)
    loss = loss_of(W, b, feature_probability=p, importance=importance)
    assert_close(loss, linear, rtol=1e-5, atol=0)


@either
def test_samples_have_the_loss(loss_of: Loss, generator):
    W = torch.randn(6, 1, 2, generator=generator, dtype=torch.float64)
    b = 0.5 * torch.randn(6, 2, generator=generator, dtype=torch.float64)
    p = torch.rand(6, 2, generator=generator, dtype=torch.float64)
    check_samples(loss_of, W, b, p, generator)


def test_samples_of_many_features_have_the_loss(generator):
    W = 0.5 * torch.randn(3, 5, 20, generator=generator, dtype=torch.float64)
    b = 0.2 * torch.randn(3, 20, generator=generator, dtype=torch.float64)
    p = torch.rand(3, 20, generator=generator, dtype=torch.float64) * double(1, 0.2, 0.01)[:, None]
    check_samples(expected_relu_loss, W, b, p, generator)


def check_samples(
    loss_of: Loss, W: Tensor, b: Tensor, p: Tensor, generator: torch.Generator
) -> None:
    importance = torch.rand(p.shape[-1], generator=generator, dtype=torch.float64)
    x = sample_features(p, N_SAMPLES, generator=generator)
    per_sample = (importance * (x - relu_output(x, W=W, b=b)) ** 2).sum(-1)
    tolerance = 5 * per_sample.std(-1) / math.sqrt(N_SAMPLES)
    loss = loss_of(W, b, feature_probability=p, importance=importance)
    assert ((per_sample.mean(-1) - loss).abs() < tolerance).all()


@given(w=weights, b=weights, p=st.lists(probabilities, min_size=2, max_size=2))
def test_waves_agree_with_the_closed_form(w, b, p):
    W, b, p, importance = double(*w)[None], double(*b), double(*p), double(1.0, 2.0)
    exact = two_feature_loss(W, b, feature_probability=p, importance=importance)
    loss = expected_relu_loss(W, b, feature_probability=p, importance=importance)
    assert_close(loss, exact, rtol=5e-5, atol=1e-12)


def test_groups_of_features_that_do_not_meet_add_their_losses(generator):
    blocks = torch.randn(2, 1, 2, generator=generator, dtype=torch.float64)
    b, p, importance = torch.rand(3, 2, 2, generator=generator, dtype=torch.float64)
    b = b - 0.5
    pairs = two_feature_loss(blocks, b, feature_probability=p, importance=importance).sum()
    whole = expected_relu_loss(
        torch.block_diag(*blocks),
        b.flatten(),
        feature_probability=p.flatten(),
        importance=importance.flatten(),
    )
    assert_close(whole, pairs, rtol=1e-5, atol=0)


def test_rare_features_are_alone(generator):
    # p n times the loss of one active feature, but for pairs: at most p n times a pair's loss,
    # (3 * 3 + 1)^2 per output for |W_i . W_j| <= 3
    W = torch.randn(2, 6, generator=generator, dtype=torch.float64).clamp(-1.2, 1.2)
    b = -torch.rand(6, generator=generator, dtype=torch.float64)
    importance = torch.rand(6, generator=generator, dtype=torch.float64)
    p = double(1e-9)
    loss = expected_relu_loss(W, b, feature_probability=p, importance=importance)
    alone = one_active_loss(W, b, importance=importance)
    assert_close(loss / 6e-9, alone, rtol=0, atol=6e-9 * 6 * 100)


@either
@pytest.mark.parametrize("p", [0.3, 1.0])
def test_gradients_are_right(loss_of: Loss, p, generator):
    W = torch.randn(4, 2, 2, generator=generator, dtype=torch.float64).requires_grad_()
    b = (0.5 * torch.randn(4, 2, generator=generator, dtype=torch.float64)).requires_grad_()
    p, importance = double(p, 0.4), double(1.0, 2.0)

    def loss(W: Tensor, b: Tensor) -> Tensor:
        return loss_of(W, b, feature_probability=p, importance=importance)

    # the waves left out move with the period, which is not differentiated
    atol = 1e-6 if loss_of is two_feature_loss else 1e-4
    assert torch.autograd.gradcheck(loss, (W, b), atol=atol)


def test_gradients_exist_at_zero():
    # W = 0 has no product to divide by; at b = (0.1, -0.1) the first output pulls to its mean
    W = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    b = double(0.1, -0.1).requires_grad_()
    for loss_of in (two_feature_loss, expected_relu_loss):
        loss = loss_of(W, b, feature_probability=double(0.5, 0.5), importance=double(1, 1))
        for_W, for_b = torch.autograd.grad(loss, (W, b))
        assert_close(for_W, torch.zeros_like(W))
        # the waves of a constant output converge slowest, their derivative like 1 / 256
        atol = 1e-9 if loss_of is two_feature_loss else 4e-3
        assert_close(for_b, double(2 * (0.1 - 0.25), 0), rtol=0, atol=atol)


@either
def test_extreme_probabilities(loss_of: Loss):
    W, b, importance = double(1.0, -0.5)[None], double(-0.2, 0.1), double(1, 1)
    never = loss_of(W, b, feature_probability=double(0, 0), importance=importance)
    assert_close(never, double(0.01).squeeze())
    # x_0 always, x_1 never: the outputs are [x - 0.2] and [0.1 - x / 2]
    one = loss_of(W, b, feature_probability=double(1, 0), importance=importance)
    by_hand = 0.2**3 / 3 + 0.8 * 0.2**2 + 0.1**3 / (3 * 0.5)
    assert_close(one, double(by_hand).squeeze(), rtol=1e-5, atol=0)


@either
def test_one_model_at_many_densities_in_float32(loss_of: Loss):
    W, b = torch.tensor([[1.0, -1.0]]), torch.zeros(2)
    p = torch.tensor([[1.0], [0.5], [0.1]])
    loss = loss_of(W, b, feature_probability=p, importance=torch.ones(2))
    assert_close(loss, p.squeeze(-1) ** 2 / 3, rtol=1e-5, atol=0)


@either
def test_wrong_values_are_named(loss_of: Loss):
    W, b, ones = torch.zeros(1, 2), torch.zeros(2), torch.ones(2)
    with pytest.raises(ValueError, match="feature_probability must lie in"):
        loss_of(W, b, feature_probability=2 * ones, importance=ones)
    with pytest.raises(ValueError, match="importance must be finite"):
        loss_of(W, b, feature_probability=ones, importance=-ones)


def test_two_digons_beat_the_pentagon_once_a_feature_is_rare():
    # The crossing lies between density ratios 0.25 and 0.28 by a separate computation with
    # stratified samples of all 32 patterns; 150 steps of descent from either shape.
    p = torch.full((2, 5), 0.05)
    p[:, 0] *= torch.tensor([0.3, 0.2])
    digons = torch.tensor([[0.0, 1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0, -1.0]])
    W = torch.stack([1.17 * regular_polygon(5, n_features=5), digons])[:, None].repeat(1, 2, 1, 1)
    b = torch.tensor([5 * [-0.28], [0.01, 0.0, 0.0, 0.0, 0.0]])[:, None].repeat(1, 2, 1)
    optimiser = torch.optim.Adam([W.requires_grad_(), b.requires_grad_()], lr=0.01)
    for _ in range(150):
        optimiser.zero_grad()
        loss = expected_relu_loss(W, b, feature_probability=p, importance=torch.ones(5))
        loss.sum().backward()
        optimiser.step()
    pentagon_loss, digons_loss = expected_relu_loss(
        W, b, feature_probability=p, importance=torch.ones(5)
    )
    assert pentagon_loss[0] < digons_loss[0]
    assert pentagon_loss[1] > digons_loss[1]
