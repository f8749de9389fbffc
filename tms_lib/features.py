"""The sparse features that the toy models see: their distribution, moments and samples.

Feature i is 0 with probability S_i, its sparsity, and uniform on (0, 1] otherwise; signed
features, on [-1, 1). The stored number is always the density p_i = 1 - S_i,
`feature_probability`. Data has the axes `*instances batch features`.

Source: Elhage et al. (2022), "Toy Models of Superposition", Demonstrating Superposition.
"""

import math
from typing import NamedTuple, Protocol, runtime_checkable

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


class WeightedRows(NamedTuple):
    """Samples x, and how much each counts in a mean: the weights of an instance add up to 1."""

    x: Tensor  # instances batch features
    weight: Tensor  # instances batch


@runtime_checkable
class Sampler(Protocol):
    """Draws a batch for every instance, such as `functools.partial(sample_features, p)`."""

    def __call__(
        self, n_samples: int, /, *, generator: torch.Generator
    ) -> Float[Tensor, "instances batch features"] | WeightedRows: ...


def weighted(batch: Float[Tensor, "*instances batch features"] | WeightedRows) -> WeightedRows:
    """What a sampler gave, with weights: those of a plain batch are all equal.

    >>> weighted(torch.zeros(1, 4, 2)).weight
    tensor([[0.2500, 0.2500, 0.2500, 0.2500]])
    """
    if isinstance(batch, WeightedRows):
        return batch
    return WeightedRows(x=batch, weight=torch.full_like(batch[..., 0], 1 / batch.shape[-2]))


def sample_weighted_rows(
    feature_probability: Float[Tensor, "*instances features"],
    n_samples: int,
    *,
    signed: bool = False,
    generator: torch.Generator,
) -> WeightedRows:
    r"""Draws from the law of `sample_features` without spending samples on empty rows.

    Of sparse features, almost every row is all zero: 98 % of them at p = 0.001 and n = 20. Here
    the last row alone is, and it has their whole weight, 1 - q with
    $q = 1 - \prod_i (1 - p_i)$. The others are drawn given that a feature is active, and share
    the weight q. So weighted means have the expectations of plain means over all rows, with
    less noise.

    Given that a feature is active, the first active one is f with probability
    $p_f \prod_{j<f} (1 - p_j) / q$. Those before it are 0, those after it are independent.

    Args:
        feature_probability: Density p of each feature of each instance.
        n_samples: Rows, the empty one included; at least 2.
        signed: Values uniform on [-1, 1) instead of (0, 1].
        generator: Source of randomness, on the device of `feature_probability`.

    Raises:
        ValueError: If a probability lies outside [0, 1], or `n_samples` is below 2.

    >>> p = torch.tensor([0.5, 0.5])
    >>> x, weight = sample_weighted_rows(p, 4, generator=torch.Generator().manual_seed(0))
    >>> (x > 0).any(-1), weight
    (tensor([ True,  True,  True, False]), tensor([0.2500, 0.2500, 0.2500, 0.2500]))
    """
    check_probability(feature_probability)
    if n_samples < 2:
        raise ValueError(f"n_samples must be at least 2, as one row is empty; got {n_samples}.")
    p = feature_probability.unsqueeze(-1)  # *instances features 1
    *instances, n_features = feature_probability.shape
    n_active = n_samples - 1

    log_none_active = torch.log1p(-feature_probability).cumsum(-1)  # among the first features
    q = -torch.expm1(log_none_active[..., -1:])  # *instances 1
    # P(first active <= f); an instance without any active feature has weight 0, so any f will do
    law = (torch.expm1(log_none_active) / -q).nan_to_num(1.0)
    u = _uniform((*instances, n_active), like=p, generator=generator)
    first_active = torch.searchsorted(law, u, right=True).unsqueeze(-2)  # *instances 1 batch

    # Batch last, as matrix products with few features are quickest on long rows of memory. The
    # empty row is one more column, written over below.
    u = _uniform((*instances, n_features, n_samples), like=p, generator=generator)
    if signed:
        x = torch.where(u < p, 2 * u / p - 1, 0)
    else:  # relu(1 - u / p), and relu(0 - u) for p = 0
        x = torch.addcmul((p > 0).to(u.dtype), u, -1 / p.where(p > 0, 1)).relu_()
    u_first = u[..., :n_active].gather(-2, first_active)
    first = 2 * u_first - 1 if signed else 1 - u_first
    feature = torch.arange(n_features, device=p.device).unsqueeze(-1)
    x[..., :n_active].masked_fill_(feature < first_active, 0).scatter_(-2, first_active, first)
    x[..., n_active] = 0
    weight = torch.cat([(q / n_active).expand(*instances, n_active), 1 - q], dim=-1)
    return WeightedRows(x=x.mT.to(p.dtype), weight=weight)


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


def _uniform(shape: tuple[int, ...], *, like: Tensor, generator: torch.Generator) -> Tensor:
    """Uniform numbers on [0, 1), in float32 at least."""
    dtype = torch.promote_types(like.dtype, torch.float32)
    return torch.rand(shape, generator=generator, device=like.device, dtype=dtype)


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
