"""Tests of tms_lib.theory.one_active."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from tms_lib.models import relu_output
from tms_lib.theory import (
    interference_error,
    one_active_loss,
    one_active_terms,
    own_error,
    positive_interval,
    silenced_output,
)

N_SAMPLES = 100_000

lines = st.tuples(st.floats(-3, 3), st.floats(-2, 2))
signs = pytest.mark.parametrize(
    "line", [(0.7, 0.2), (0.7, -0.2), (-0.7, 0.2), (-0.7, -0.2), (0.7, -0.9), (-0.2, 0.7)]
)


def double(*values: float) -> list[Tensor]:
    return [torch.tensor(value, dtype=torch.float64) for value in values]


def by_midpoints(gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Both integrals by the midpoint rule with N points.

    Its error is at most (max|f''| + the jump of f' at the kink) / (8 N^2), which is below
    (2 * 5^2 + 2 * 3) / (8 N^2) for |g| <= 3 and |b| <= 2.
    """
    x = (torch.arange(N_SAMPLES, dtype=torch.float64) + 0.5) / N_SAMPLES
    y = torch.relu(gain * x + bias)
    return ((x - y) ** 2).mean(), (y**2).mean()


@given(line=lines)
def test_the_line_is_positive_on_its_interval_only(line):
    gain, bias = double(*line)
    start, end = positive_interval(gain, bias)
    assert 0 <= start <= end <= 1
    x = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000
    inside = (start < x) & (x < end)
    height = gain * x + bias
    assert (height[inside] > -1e-12).all()  # rounded, next to an end
    assert (height[~inside] < 1e-12).all()


def test_where_the_line_is_positive_nowhere_the_interval_is_empty():
    gain = torch.tensor([0.0, 2.0, -2.0, 0.5])
    start, end = positive_interval(gain, torch.tensor([-1.0, -2.0, 0.0, -1.0]))
    assert_close(start, end)


@given(line=lines)
def test_the_integrals_agree_with_the_midpoint_rule(line):
    gain, bias = double(*line)
    own, other = by_midpoints(gain, bias)
    assert_close(own_error(gain, bias), own, atol=56 / 8 / N_SAMPLES**2, rtol=1e-12)
    assert_close(interference_error(gain, bias), other, atol=56 / 8 / N_SAMPLES**2, rtol=1e-12)


@signs
def test_the_integrals_agree_with_differences_of_cubes(line):
    # B = ([g + b]^3 - [b]^3) / 3g; C = integral of x [g x + b]; A = 1/3 - 2 C + B
    g, b = line
    plus, at_zero = max(g + b, 0), max(b, 0)
    other = (plus**3 - at_zero**3) / (3 * g)
    mixed = plus**2 / (2 * g) - (plus**3 - at_zero**3) / (6 * g**2)
    gain, bias, own, other = double(g, b, 1 / 3 - 2 * mixed + other, other)
    assert_close(own_error(gain, bias), own)
    assert_close(interference_error(gain, bias), other)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("sign", [1, -1])
def test_no_digits_are_lost_at_small_gains(dtype, sign):
    gain = sign * torch.tensor([0.0, 1e-30, 1e-12, 1e-7, 1e-3], dtype=dtype)
    bias = torch.tensor(0.4, dtype=dtype)
    # with b > |g|: B = b^2 + b g + g^2 / 3, A = (1 - g)^2 / 3 - b (1 - g) + b^2
    assert_close(interference_error(gain, bias), bias**2 + bias * gain + gain**2 / 3)
    assert_close(own_error(gain, bias), (1 - gain) ** 2 / 3 - bias * (1 - gain) + bias**2)
    # with b < -|g| nothing comes out
    assert_close(interference_error(gain, -bias), torch.zeros_like(gain))
    assert_close(own_error(gain, -bias), torch.full_like(gain, 1 / 3))


@signs
def test_the_gradients_are_right_everywhere(line):
    inputs = [value.requires_grad_() for value in double(*line)]
    assert torch.autograd.gradcheck(own_error, inputs)
    assert torch.autograd.gradcheck(interference_error, inputs)


@pytest.mark.parametrize("line", [(0.0, 0.5), (0.0, -0.5), (0.7, 0.0), (-0.7, 0.0), (0.7, -0.7)])
def test_the_gradients_are_right_where_the_cases_meet(line):
    # d/dg and d/db of the integrals of (x - y)^2 and y^2 are 2 (y - x) x, 2 (y - x), 2 y x and
    # 2 y, averaged over the x at which y = g x + b is positive. The midpoint rule meets jumps
    # of at most 2 at the ends, so that it errs by at most 2 / N.
    gain, bias = (value.requires_grad_() for value in double(*line))
    x = (torch.arange(N_SAMPLES, dtype=torch.float64) + 0.5) / N_SAMPLES
    y = torch.relu(gain * x + bias).detach()
    own = torch.autograd.grad(own_error(gain, bias), (gain, bias))
    other = torch.autograd.grad(interference_error(gain, bias), (gain, bias))
    slope = 2 * (y - x) * (y > 0)
    for found, wanted in zip(own + other, (slope * x, slope, 2 * y * x, 2 * y), strict=True):
        assert_close(found, wanted.mean(), atol=2 / N_SAMPLES, rtol=0)


@given(gain=st.floats(-2, 2))
def test_without_bias_only_positive_interference_costs(gain):
    gain, bias = double(gain, 0.0)
    assert_close(interference_error(gain, bias), gain.clamp(min=0) ** 2 / 3)
    if gain >= 0:
        assert_close(own_error(gain, bias), (1 - gain) ** 2 / 3)


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.5, 0.9])
def test_no_other_gain_suits_the_threshold_better(threshold):
    (t,) = double(threshold)
    gain, error = silenced_output(t)
    assert_close(own_error(gain, -gain * t), error)
    # in the gain the error is a parabola with curvature 2 (1 - t)^3 / 3
    step = torch.tensor([-0.5, -0.01, 0.01, 0.5], dtype=torch.float64)
    other = own_error(gain + step, -(gain + step) * t)
    assert_close(other, error + (1 - t) ** 3 / 3 * step**2)


def test_an_output_that_is_always_silent_loses_everything():
    gain, error = silenced_output(torch.tensor(1.0))
    assert gain == math.inf
    assert_close(error, torch.tensor(1 / 3))


def test_importance_and_bias_are_those_of_the_disturbed_output():
    # G = [[1, 2], [2, 4]]. Active feature 0: output 0 is right, output 1 shows 2 x - 1.
    # Active feature 1: output 1 errs by 3 x - 1 where x > 1/4, else by x; output 0 shows 2 x.
    W, b = torch.tensor([[1.0, 2.0]]).double(), torch.tensor([0.0, -1.0]).double()
    terms = one_active_terms(W, b, importance=torch.tensor([3.0, 5.0]).double())
    at_own_output = 1 / 3 * 1 / 64 + (2**3 - (-0.25) ** 3) / 9
    across = 3 * 4 / 3 + 5 * 1 / 6
    (benefit, interference) = double(5 * at_own_output / 2, across / 2)
    assert_close(terms.feature_benefit, benefit)
    assert_close(terms.interference, interference)


def test_samples_with_one_active_feature_have_the_loss(generator):
    W = torch.randn(3, 2, 5, generator=generator, dtype=torch.float64)
    b = 0.5 * torch.randn(3, 5, generator=generator, dtype=torch.float64)
    importance = torch.rand(5, generator=generator, dtype=torch.float64)
    active = torch.randint(5, (N_SAMPLES, 1), generator=generator)
    value = torch.rand(N_SAMPLES, 1, generator=generator, dtype=torch.float64)
    x = torch.zeros(N_SAMPLES, 5, dtype=torch.float64).scatter(1, active, value).expand(3, -1, -1)
    per_sample = (importance * (x - relu_output(x, W=W, b=b)) ** 2).sum(-1)
    tolerance = 5 * per_sample.std(-1) / math.sqrt(N_SAMPLES)
    loss = one_active_loss(W, b, importance=importance)
    assert ((per_sample.mean(-1) - loss).abs() < tolerance).all()


@given(seed=st.integers(0, 2**32 - 1))
def test_rotations_and_permutations_change_nothing(seed):
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(2, 5, generator=generator, dtype=torch.float64)
    b, importance = torch.rand(2, 5, generator=generator, dtype=torch.float64)
    b = b - 0.5
    loss = one_active_loss(W, b, importance=importance)
    rotation, _ = torch.linalg.qr(torch.randn(2, 2, generator=generator, dtype=torch.float64))
    assert_close(one_active_loss(rotation @ W, b, importance=importance), loss)
    order = torch.randperm(5, generator=generator)
    assert_close(one_active_loss(W[:, order], b[order], importance=importance[order]), loss)


def test_any_number_of_digons_loses_nothing():
    W = torch.block_diag(*3 * [torch.tensor([[1.0, -1.0]])])
    terms = one_active_terms(W, torch.zeros(6), importance=torch.ones(6))
    assert_close(terms.feature_benefit + terms.interference, torch.tensor(0.0))


def test_a_wrong_importance_is_named():
    with pytest.raises(ValueError, match="importance must be finite and at least 0; got -1"):
        one_active_loss(torch.zeros(1, 2), torch.zeros(2), importance=torch.tensor([1.0, -1.0]))
