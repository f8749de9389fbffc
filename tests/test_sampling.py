"""Tests of tms_lib.sampling."""

from functools import partial

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from tms_lib.features import sample_features, sample_signed_features
from tms_lib.sampling import FeatureSampler, weighted

N_SAMPLES = 40_000

UNEVEN = [[1.0, 0.5, 0.1, 0.0], [0.02, 0.7, 0.0, 0.3], [1e-3, 2e-3, 3e-4, 0.0]]


def weighted_mean(values: Tensor, weight: Tensor) -> Tensor:
    """Mean over the batch: `instances batch *rest` to `instances *rest`."""
    return torch.einsum("kb,kb...->k...", weight.to(values.dtype), values)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("kind", ["function", "all rows", "rows with an active feature"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])  # from two sources
def test_samplers_have_the_exact_moments_of_the_law(signed, kind, dtype, generator):
    # of x, x^2, presence, joint presence, and products: independent features multiply
    p = torch.tensor(UNEVEN, dtype=dtype)
    if kind == "function":
        sample = partial(sample_signed_features if signed else sample_features, p)
    else:
        sample = FeatureSampler(p, signed=signed, skips_empty=kind != "all rows")
    x, weight = weighted(sample(N_SAMPLES, generator=generator))
    assert x.shape == (3, N_SAMPLES, 4)
    assert_close(weight.sum(-1), torch.ones(3, dtype=dtype))
    x, weight, p = x.double(), weight.double(), p.double()
    mean = torch.zeros_like(p) if signed else p / 2

    def joint(one: Tensor) -> Tensor:
        return one.unsqueeze(-1) * one.unsqueeze(-2)

    active = (x != 0).double()
    off_diagonal = 1 - torch.eye(4, dtype=torch.float64)
    for values, expected, square in (  # and the mean of the squared values
        (x, mean, p / 3),
        (x**2, p / 3, p / 5),
        (active, p, p),
        (joint(active) * off_diagonal, joint(p) * off_diagonal, joint(p)),
        (joint(x) * off_diagonal, joint(mean) * off_diagonal, joint(p / 3)),
    ):
        # q^2 Var[f | active] / N <= q^2 E[f^2 | active] / N = q E[f^2] / N <= E[f^2] / N; one row
        # in N is spent on the empty one
        error = (square / (N_SAMPLES - 1)).sqrt()
        # fewer than about one expected event in a batch would not be nearly normal
        assert ((weighted_mean(values, weight) - expected).abs() <= 6 * error + 1e-5).all()


def test_weighted_rows_have_the_active_counts_of_plain_rows(generator):
    p = torch.tensor([[0.3, 0.05, 0.6], [0.01, 0.02, 0.005]])
    x, weight = FeatureSampler(p)(N_SAMPLES, generator=generator)
    k = torch.arange(4)
    counts = weighted_mean(((x > 0).sum(-1, keepdim=True) == k).float(), weight)
    plain = sample_features(p, 4 * N_SAMPLES, generator=generator)
    expected = ((plain > 0).sum(-1, keepdim=True) == k).float().mean(-2)
    error = (expected * (1 - expected) / N_SAMPLES).sqrt() + 1 / N_SAMPLES
    assert ((counts - expected).abs() < 5 * error).all()


@pytest.mark.parametrize("signed", [False, True])
def test_only_the_last_weighted_row_is_empty(signed, generator):
    p = torch.tensor([[1e-4, 2e-4, 0.0], [0.5, 0.1, 1.0]])
    x, weight = FeatureSampler(p, signed=signed)(1000, generator=generator)
    assert (x != 0).any(-1)[:, :-1].all()
    assert not x[:, -1].any()
    empty = torch.tensor([(1 - 1e-4) * (1 - 2e-4), 0.0])
    assert_close(weight[:, -1], empty)


def test_active_values_of_weighted_rows_are_uniform(generator):
    # whichever feature is active first; the Kolmogorov distance exceeds 2 / sqrt(N) once in 1,500
    x, _ = FeatureSampler(torch.full((5,), 0.1))(10_000, generator=generator)
    for feature in range(5):
        values = x[:, feature][x[:, feature] > 0].sort().values
        steps = (torch.arange(len(values)) + 0.5) / len(values)
        assert (values - steps).abs().max() < 2 / len(values) ** 0.5


def test_an_instance_that_is_never_active_has_the_empty_row_alone(generator):
    x, weight = FeatureSampler(torch.zeros(2, 3))(5, generator=generator)
    assert_close(weighted_mean(x, weight), torch.zeros(2, 3))
    assert_close(weight[:, -1], torch.ones(2))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("instances", [(), (1,), (2, 3)])
def test_weighted_rows_keep_instances_and_dtype(instances, dtype, generator):
    p = torch.full((*instances, 4), 0.5, dtype=dtype)
    x, weight = FeatureSampler(p)(7, generator=generator)
    assert x.shape == (*instances, 7, 4)
    assert weight.shape == (*instances, 7)
    assert x.dtype == weight.dtype == dtype


@pytest.mark.parametrize(("skips_empty", "least"), [(True, 2), (False, 1)])
def test_a_sampler_needs_a_row_to_draw(skips_empty, least, generator):
    sample = FeatureSampler(torch.ones(2), skips_empty=skips_empty)
    assert sample(least, generator=generator).x.shape == (least, 2)
    with pytest.raises(ValueError, match=f"n_samples must be at least {least}; got {least - 1}"):
        sample(least - 1, generator=generator)


def test_a_sampler_refuses_what_is_no_probability():
    with pytest.raises(ValueError, match="feature_probability must lie in"):
        FeatureSampler(torch.tensor([0.5, 1.5]))


def test_batches_of_a_sampler_do_not_share_memory(generator):
    sample = FeatureSampler(torch.full((2, 3), 0.5))
    first, _ = sample(50, generator=generator)
    before = first.clone()
    second, _ = sample(50, generator=generator)
    assert_close(first, before, rtol=0, atol=0)
    assert (first != second).any()
