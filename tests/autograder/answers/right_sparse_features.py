"""Unusual right answers to the exercises of chapter 1."""

import functools
import math

import einops
import numpy as np
import torch

import tms_lib
from answers.filing import right


def logged(function):
    """What a student's decorator may be."""

    @functools.wraps(function)
    def inner(*args, **kwargs):
        print("called", function.__name__)
        return function(*args, **kwargs)

    return inner


# ---------------------------------------------------------------------------------------- density


@right("density")
def adds_one_to_the_negative(sparsity, *, total=1):
    return sparsity.neg().add(total)


@right("density")
@logged
def decorated(sparsity):
    return torch.sub(1, sparsity)


class Density:
    """An object that can be called."""

    def __call__(self, sparsity):
        return torch.ones_like(sparsity) - sparsity


right("density")(Density())


# ------------------------------------------------------------------------------------------ embed


@right("embed")
def with_einsum(x, W):
    return torch.einsum("...bf,...hf->...bh", x, W)


@right("embed")
def with_einops(x, W):
    return einops.einsum(x, W, "... b f, ... h f -> ... b h")


@right("embed")
def hidden_first_then_transposed(x, W):
    return (W @ x.transpose(-1, -2)).transpose(-1, -2)


@right("embed")
def product_and_sum(x, W):
    return (x.unsqueeze(-2) * W.unsqueeze(-3)).sum(dim=-1)


# ------------------------------------------------------------------------------------------- gram


@right("gram")
def gram_with_einsum(W):
    return torch.einsum("...hi,...hj->...ij", W, W)


@right("gram")
def gram_with_swapaxes(W):
    return torch.matmul(W.swapaxes(-2, -1), W)


@right("gram")
def sum_of_outer_products(W):
    return sum(row.unsqueeze(-1) * row.unsqueeze(-2) for row in W.unbind(-2))


# ----------------------------------------------------------------------------------- init_weights


@right("init_weights")
def normal_in_place(*, n_instances, n_hidden, n_features, generator):
    W = torch.empty(n_instances, n_hidden, n_features)
    return W.normal_(0, (2 / (n_hidden + n_features)) ** 0.5, generator=generator)


@right("init_weights")
def box_muller(*, n_instances, n_hidden, n_features, generator):
    u, v = torch.rand(2, n_instances, n_hidden, n_features, generator=generator)
    normal = (-2 * (1 - u).log()).sqrt() * (2 * math.pi * v).cos()
    return normal * math.sqrt(2 / (n_hidden + n_features))


@right("init_weights")
def features_drawn_first(*, generator, n_features, n_hidden, n_instances):
    W = torch.randn(n_features, n_hidden, n_instances, generator=generator).permute(2, 1, 0)
    return torch.nn.Parameter(W / math.sqrt((n_hidden + n_features) / 2))


@right("init_weights")
def numpy_seeded_from_the_generator(*, n_instances, n_hidden, n_features, generator):
    seed = int(torch.randint(2**62, (), generator=generator))
    W = np.random.default_rng(seed).standard_normal((n_instances, n_hidden, n_features))
    return torch.from_numpy(W).float() * math.sqrt(2 / (n_hidden + n_features))


# -------------------------------------------------------------------------------- sample_features


@right("sample_features")
def values_before_presence(feature_probability, n_samples, *, generator):
    p = feature_probability.unsqueeze(-2).repeat_interleave(n_samples, dim=-2)
    value = torch.rand(p.shape, generator=generator, dtype=p.dtype)
    value[torch.rand(p.shape, generator=generator) >= p] = 0
    return value


@right("sample_features")
def row_by_row(feature_probability, n_samples, *, generator):
    p, rows = feature_probability, []
    for _ in range(n_samples):
        active = torch.rand(p.shape, generator=generator) < p
        rows.append(active * torch.rand(p.shape, generator=generator, dtype=p.dtype))
    return torch.stack(rows, dim=-2)


@right("sample_features")
def values_never_zero(feature_probability, n_samples, *, generator):
    p = einops.repeat(feature_probability, "... f -> ... b f", b=n_samples)
    active = torch.empty_like(p).bernoulli_(p, generator=generator)
    return active * (1 - torch.rand(p.shape, generator=generator, dtype=p.dtype))


# -------------------------------------------------------------------------------- feature_moments


@right("feature_moments")
def list_of_three(feature_probability):
    p = feature_probability
    mean = 0.5 * p
    return [mean, p / 3, p / 3 - mean.square()]


@right("feature_moments")
def named_tuple(feature_probability):
    p = feature_probability
    return tms_lib.FeatureMoments(variance=p * (4 - 3 * p) / 12, mean=p / 2, second_moment=p / 3)


@right("feature_moments")
def integrals_over_a_grid(feature_probability):
    p = feature_probability.double()
    x = (torch.arange(40_000, dtype=torch.float64) + 0.5) / 40_000
    mean, second = p * x.mean(), p * (x**2).mean() + p / (12 * 40_000**2)
    return tuple(m.to(feature_probability.dtype) for m in (mean, second, second - mean**2))


# ----------------------------------------------------------------------- active_count_probability


@right("active_count_probability")
def product_in_double_precision(feature_probability, n_features):
    p = feature_probability.double()[..., None]
    k = torch.arange(n_features + 1)
    choose = torch.tensor([float(math.comb(n_features, j)) for j in k.tolist()], dtype=p.dtype)
    return (choose * p**k * (1 - p) ** (n_features - k)).to(feature_probability.dtype)


@right("active_count_probability")
def torch_distribution(feature_probability, n_features):
    p = feature_probability.double()[..., None]
    law = torch.distributions.Binomial(n_features, p)
    return law.log_prob(torch.arange(n_features + 1.0, dtype=p.dtype)).exp().to(
        feature_probability.dtype
    )  # fmt: skip


@right("active_count_probability")
def polynomial_by_convolution(feature_probability, n_features):
    def one(p):
        counts = np.ones(1)
        for _ in range(n_features):
            counts = np.convolve(counts, [1 - p, p])
        return counts

    flat = [one(p) for p in feature_probability.double().flatten().tolist()]
    counts = torch.from_numpy(np.stack(flat)).to(feature_probability.dtype)
    return counts.reshape(*feature_probability.shape, n_features + 1)


# ----------------------------------------------------------------------------------- cooccurrence


@right("cooccurrence")
def as_booleans(x):
    active = x.bool()
    return (active.unsqueeze(-1) & active.unsqueeze(-2)).to(x.dtype).mean(dim=-3)


@right("cooccurrence")
def average_of_outer_products(x):
    active = torch.where(x == 0, torch.zeros_like(x), torch.ones_like(x))
    total = sum(a.unsqueeze(-1) * a.unsqueeze(-2) for a in active.unbind(-2))
    return total / x.size(-2)


@right("cooccurrence")
def einsum_of_signs(x):
    active = x.sign().abs()
    return torch.einsum("...bi,...bj->...ij", active, active).div(x.shape[-2])
