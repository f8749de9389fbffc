"""Tests of tms_lib.models."""

import inspect
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from tms_lib.models import (
    LinearModel,
    ReLUOutputModel,
    embed,
    gram,
    init_weights,
    linear_output,
    relu_output,
)

DTYPES = [torch.float32, torch.float64]


def random_case(
    *instances: int, generator: torch.Generator, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs, weights and biases of unlike sizes: batch 7, hidden 2, features 5."""
    x = torch.rand(*instances, 7, 5, generator=generator, dtype=dtype)
    W = torch.randn(*instances, 2, 5, generator=generator, dtype=dtype)
    b = torch.randn(*instances, 5, generator=generator, dtype=dtype)
    return x, W, b


def looped_linear_output(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """One instance's W^T W x + b, written with loops over indices."""
    hidden, features = W.shape
    out = torch.zeros_like(x)
    for sample in range(len(x)):
        h = [sum(W[k, i] * x[sample, i] for i in range(features)) for k in range(hidden)]
        for i in range(features):
            out[sample, i] = sum(W[k, i] * h[k] for k in range(hidden)) + b[i]
    return out


def test_embed_sums_feature_directions(generator):
    x, W, _ = random_case(3, generator=generator)
    expected = (x.unsqueeze(-2) * W.unsqueeze(-3)).sum(-1)
    assert_close(embed(x, W), expected)


def test_gram_has_the_dot_products_of_columns(generator):
    _, W, _ = random_case(2, 3, generator=generator)
    expected = torch.stack(
        [torch.stack([(W[..., i] * W[..., j]).sum(-1) for j in range(5)], -1) for i in range(5)], -2
    )
    assert_close(gram(W), expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_outputs_agree_with_loops(dtype, generator):
    x, W, b = random_case(3, generator=generator, dtype=dtype)
    linear = torch.stack([looped_linear_output(*case) for case in zip(x, W, b, strict=True)])
    assert_close(linear_output(x, W=W, b=b), linear)
    assert_close(relu_output(x, W=W, b=b), linear.clamp(min=0))


@pytest.mark.parametrize("output", [linear_output, relu_output])
def test_instances_do_not_see_each_other(output, generator):
    x, W, b = random_case(2, 3, generator=generator)
    alone = output(x[1, 2], W=W[1, 2], b=b[1, 2])
    assert_close(output(x, W=W, b=b)[1, 2], alone)


@given(seed=st.integers(0, 2**32 - 1), angle=st.floats(0, 2 * math.pi))
def test_output_is_unchanged_by_a_rotation_of_the_hidden_space(seed, angle):
    x, W, b = random_case(3, generator=torch.Generator().manual_seed(seed))
    cos, sin = math.cos(angle), math.sin(angle)
    rotation = torch.tensor([[cos, -sin], [sin, cos]], dtype=W.dtype)
    assert_close(relu_output(x, W=rotation @ W, b=b), relu_output(x, W=W, b=b))


def test_output_has_gradients_for_weights_and_biases(generator):
    x, W, b = random_case(2, generator=generator)
    W, b = W.requires_grad_(), b.requires_grad_()
    assert torch.autograd.gradcheck(lambda W, b: linear_output(x, W=W, b=b), (W, b))


# Unchecked annotations (a user without beartype) must not turn a wrong bias into an answer.
@pytest.mark.parametrize("shape", [(5,), (3, 1), (3, 1, 5), (1, 5)])
def test_a_bias_that_would_broadcast_is_refused(shape, generator):
    x, W, _ = random_case(3, generator=generator)
    unchecked = inspect.unwrap(linear_output)
    with pytest.raises(ValueError, match=r"b must hold one bias per feature, shape \(3, 5\)"):
        unchecked(x, W=W, b=torch.zeros(shape, dtype=W.dtype))


@pytest.mark.parametrize("n_instances", [1, 10, 1000])
def test_initial_scale_does_not_depend_on_the_number_of_instances(n_instances, generator):
    W = init_weights(n_instances=n_instances, n_hidden=40, n_features=100, generator=generator)
    std = math.sqrt(2 / 140)
    # the relative standard error of a normal sample's standard deviation is 1 / sqrt(2 N)
    assert abs(W.std().item() / std - 1) < 5 / math.sqrt(2 * W.numel())
    assert abs(W.mean().item()) < 5 * std / math.sqrt(W.numel())


def test_instances_start_apart(generator):
    W = init_weights(n_instances=2, n_hidden=3, n_features=4, generator=generator)
    assert (W[0] != W[1]).all()


@pytest.mark.parametrize("size", ["n_instances", "n_hidden", "n_features"])
@pytest.mark.parametrize("maker", [init_weights, LinearModel, ReLUOutputModel])
def test_sizes_below_one_are_named(maker, size, generator):
    sizes = {"n_instances": 2, "n_hidden": 3, "n_features": 4, size: 0}
    with pytest.raises(ValueError, match=f"{size} must be at least 1; got 0"):
        maker(**sizes, generator=generator)


@pytest.mark.parametrize(
    ("maker", "output"), [(LinearModel, linear_output), (ReLUOutputModel, relu_output)]
)
def test_modules_apply_their_function_to_their_parameters(maker, output, generator):
    model = maker(n_instances=3, n_features=5, n_hidden=2, generator=generator)
    assert {name: tuple(p.shape) for name, p in model.named_parameters()} == {
        "W": (3, 2, 5),
        "b": (3, 5),
    }
    assert_close(model.b.detach(), torch.zeros(3, 5))
    x, _, b = random_case(3, generator=generator, dtype=torch.float32)
    model.b.data = b
    assert_close(model(x), output(x, W=model.W, b=b))
