"""The sparse features that the toy models see: their distribution, moments and samples.

Feature i is 0 with probability S_i, its sparsity, and uniform on (0, 1] otherwise; signed
features, on [-1, 1). The stored number is always the density p_i = 1 - S_i,
`feature_probability`. Data has the axes `*instances batch features`.

Source: Elhage et al. (2022), "Toy Models of Superposition", Demonstrating Superposition.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def density(sparsity: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """How often a feature is active: 1 - S.

    Raises:
        ValueError: If a sparsity lies outside [0, 1].

    >>> density(torch.tensor([0.0, 0.75]))
    tensor([1.0000, 0.2500])
    """
    check_probability(sparsity, name="sparsity", slip="0 is always active, 1 is never active.")
    return 1 - sparsity


def geometric_importance(base: float, n_features: int) -> Float[Tensor, " features"]:
    """Importances that fall geometrically: I_i = base^i, from I_0 = 1.

    Raises:
        ValueError: If `base` is not positive and finite, or `n_features` is below 1.

    >>> geometric_importance(0.5, 3)
    tensor([1.0000, 0.5000, 0.2500])
    """
    if not 0 < base < math.inf:
        raise ValueError(f"base must be positive and finite; got {base}.")
    check_positive(n_features=n_features)
    return base ** torch.arange(n_features)


def sample_features(
    feature_probability: Float[Tensor, "*instances features"],
    n_samples: int,
    *,
    generator: torch.Generator,
) -> Float[Tensor, "*instances batch features"]:
    """Independent draws: each entry is 0 with probability 1 - p, else uniform on (0, 1].

    One uniform number u on [0, 1) serves each entry. It decides presence, u < p; and given
    that, u / p is uniform on [0, 1) again, so the value is 1 - u / p. Present entries are
    never 0; p = 0 and p = 1 are exact.

    Args:
        feature_probability: Density p of each feature of each instance.
        n_samples: Batch size.
        generator: Source of randomness, on the device of `feature_probability`.

    Raises:
        ValueError: If a probability lies outside [0, 1], or `n_samples` is below 1.

    >>> p = torch.tensor([1.0, 0.0])
    >>> sample_features(p, 3, generator=torch.Generator().manual_seed(0)) > 0
    tensor([[ True, False],
            [ True, False],
            [ True, False]])
    """
    check_probability(feature_probability)
    check_positive(n_samples=n_samples)
    p = feature_probability.unsqueeze(-2)  # *instances 1 features
    *instances, n_features = feature_probability.shape
    u = torch.rand(
        (*instances, n_samples, n_features),
        generator=generator,
        device=p.device,
        dtype=torch.promote_types(p.dtype, torch.float32),  # half precision is too coarse for u < p
    )
    return torch.where(u < p, 1 - u / p, 0).to(p.dtype)


def sample_signed_features(
    feature_probability: Float[Tensor, "*instances features"],
    n_samples: int,
    *,
    generator: torch.Generator,
) -> Float[Tensor, "*instances batch features"]:
    """Independent draws: each entry is 0 with probability 1 - p, else uniform on [-1, 1).

    The inputs of the absolute-value model. As in `sample_features`, one uniform number u serves
    each entry: present if u < p, and then the value is 2 u / p - 1.

    Args:
        feature_probability: Density p of each feature of each instance.
        n_samples: Batch size.
        generator: Source of randomness, on the device of `feature_probability`.

    Raises:
        ValueError: If a probability lies outside [0, 1], or `n_samples` is below 1.

    >>> p = torch.tensor([1.0, 0.0])
    >>> sample_signed_features(p, 3, generator=torch.Generator().manual_seed(0)) != 0
    tensor([[ True, False],
            [ True, False],
            [ True, False]])
    """
    check_probability(feature_probability)
    check_positive(n_samples=n_samples)
    p = feature_probability.unsqueeze(-2)  # *instances 1 features
    *instances, n_features = feature_probability.shape
    u = torch.rand(
        (*instances, n_samples, n_features),
        generator=generator,
        device=p.device,
        dtype=torch.promote_types(p.dtype, torch.float32),  # half precision is too coarse for u < p
    )
    return torch.where(u < p, 2 * u / p - 1, 0).to(p.dtype)


class FeatureMoments(NamedTuple):
    """Mean, second moment and variance of features, each in the shape of the probabilities."""

    mean: Tensor
    second_moment: Tensor
    variance: Tensor


def feature_moments(feature_probability: Float[Tensor, "*shape"]) -> FeatureMoments:
    r"""Moments of a feature that is uniform on [0, 1] with probability p, else 0.

    $$E[x] = p/2, \quad E[x^2] = p/3, \quad \mathrm{Var}[x] = p/3 - p^2/4$$

    The variance rises with p up to p = 2/3, and falls from there to the uniform law's 1/12.

    Raises:
        ValueError: If a probability lies outside [0, 1].

    >>> feature_moments(torch.tensor(1.0)).mean
    tensor(0.5000)
    """
    check_probability(feature_probability)
    p = feature_probability
    return FeatureMoments(mean=p / 2, second_moment=p / 3, variance=p / 3 - p**2 / 4)


def active_count_probability(
    feature_probability: Float[Tensor, "*instances"], n_features: int
) -> Float[Tensor, "*instances {n_features}+1"]:
    r"""Probability that k of n features are active at once, for k = 0, ..., n.

    $$P(k) = \binom{n}{k} p^k (1 - p)^{n - k}$$

    All n features share the density p. The products are summed as float64 logarithms, so
    that n = 1000 neither overflows nor loses digits.

    Raises:
        ValueError: If a probability lies outside [0, 1], or `n_features` is below 1.

    >>> active_count_probability(torch.tensor(0.5), 2)
    tensor([0.2500, 0.5000, 0.2500])
    """
    check_probability(feature_probability)
    check_positive(n_features=n_features)
    p = feature_probability.double().unsqueeze(-1)  # *instances 1
    n = torch.tensor(n_features, dtype=p.dtype, device=p.device)
    k = torch.arange(n_features + 1, dtype=p.dtype, device=p.device)
    log_choose = torch.lgamma(n + 1) - torch.lgamma(k + 1) - torch.lgamma(n - k + 1)
    # xlogy and xlog1py take 0 log 0 as 0, which makes p = 0 and p = 1 exact
    log_probability = log_choose + torch.xlogy(k, p) + torch.special.xlog1py(n - k, -p)
    return log_probability.exp().to(feature_probability.dtype)


def cooccurrence(
    x: Float[Tensor, "*instances batch features"],
) -> Float[Tensor, "*instances features features"]:
    """Fraction of the samples in which features i and j are active (nonzero) together.

    The diagonal is the fraction in which i is active. Independent features have about
    p_i p_j off the diagonal; features that exclude each other have 0.

    >>> cooccurrence(torch.tensor([[0.5, 0.0], [0.1, 0.9]]))
    tensor([[1.0000, 0.5000],
            [0.5000, 0.5000]])
    """
    active = (x != 0).to(x.dtype)
    return active.mT @ active / x.shape[-2]


def check_probability(
    values: Float[Tensor, "*shape"],
    *,
    name: str = "feature_probability",
    slip: str = "It is the density 1 - S, not the sparsity S.",
) -> None:
    """Raise a ValueError that names the first value outside [0, 1], if there is one."""
    if being_captured(values):
        return
    wrong = ~((values >= 0) & (values <= 1))  # so that a NaN is wrong too
    if wrong.any():
        raise ValueError(f"{name} must lie in [0, 1]; got {first(values, where=wrong)}. ({slip})")


def check_positive(**sizes: int) -> None:
    """Raise a ValueError that names the first size below 1, if there is one."""
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1; got {size}.")


def being_captured(values: Tensor) -> bool:
    """Whether a CUDA graph of the work on `values` is being recorded.

    Nobody can look at values then; they were checked in the steps before.
    """
    return values.is_cuda and torch.cuda.is_current_stream_capturing()


def first(values: Float[Tensor, "*shape"], *, where: Bool[Tensor, "*shape"]) -> str:
    """The first value for which `where` holds, and its place: "1.2 at index [3, 0]"."""
    index = where.nonzero()[0].tolist()
    place = f" at index {index}" if index else ""
    return f"{values[tuple(index)].item():.6g}{place}"
