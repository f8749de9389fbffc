"""Fast samplers for training: batches of rows that may have different weights.

`sample_features` and `sample_signed_features` say what is drawn; here the same law is drawn in a
third of the time, without spending samples on empty rows. Data has the axes
`*instances batch features`.
"""

import math
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tms_lib.features import check_probability

_STEEP = 2.0**30  # lifts the least difference of two uniform numbers above 1


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


class FeatureSampler:
    r"""Draws from the law of `sample_features`, fast and without wasting samples on empty rows.

    Of sparse features, almost every row is all zero: 98 % of them at p = 0.001 and n = 20. Here
    the last row alone is, and it has their whole weight, 1 - q with
    $q = 1 - \prod_i (1 - p_i)$. The others are drawn given that a feature is active, and share
    the weight q. So weighted means have the expectations of plain means over all rows, with
    less noise.

    Given that a feature is active, the first active one is f with probability
    $p_f \prod_{j<f} (1 - p_j) / q$. Those before it are 0, those after it are independent.

    Args:
        feature_probability: Density p of each feature of each instance.
        signed: Values uniform on (-1, 1] instead of (0, 1].
        skips_empty: As above; otherwise all rows are drawn alike and have the same weight.

    Raises:
        ValueError: If a probability lies outside [0, 1].

    >>> sample = FeatureSampler(torch.tensor([0.5, 0.5]))
    >>> x, weight = sample(4, generator=torch.Generator().manual_seed(0))
    >>> (x > 0).any(-1), weight
    (tensor([ True,  True,  True, False]), tensor([0.2500, 0.2500, 0.2500, 0.2500]))
    """

    def __init__(
        self,
        feature_probability: Float[Tensor, "*instances features"],
        *,
        signed: bool = False,
        skips_empty: bool = True,
    ) -> None:
        check_probability(feature_probability)
        self._dtype = feature_probability.dtype
        p = feature_probability.to(torch.promote_types(self._dtype, torch.float32))
        none_active = torch.log1p(-p).cumsum(-1)  # among the features so far; its logarithm
        self._q = -torch.expm1(none_active[..., -1:])  # *instances 1
        p = p.unsqueeze(-1)  # *instances features 1
        self._p = p
        self._signed = signed
        self._skips_empty = skips_empty
        # relu(1 - u / p) is a feature; relu(0 - u), for p = 0, is 0
        self._offset, self._scale = (p > 0).to(p.dtype), -1 / p.where(p > 0, 1)
        # P(first active <= f); instances without any active feature have q = 0 and a NaN
        law = (-torch.expm1(none_active) / self._q).nan_to_num(0.0).unsqueeze(-1)
        self._law_before = torch.cat([torch.zeros_like(law[..., :1, :]), law[..., :-1, :]], dim=-2)
        share = law - self._law_before
        self._slope = torch.where(share > 0, 1 / share, 0)
        self._intercept = law * self._slope
        self._scratch = p.new_empty(0)

    def __call__(self, n_samples: int, /, *, generator: torch.Generator) -> WeightedRows:
        """Draws `n_samples` rows; if empty ones are skipped, at least 2.

        Raises:
            ValueError: If that is too few.
        """
        least = 2 if self._skips_empty else 1
        if n_samples < least:
            raise ValueError(f"n_samples must be at least {least}; got {n_samples}.")
        *instances, n_features, _ = self._p.shape
        # batch last: products with small matrices are quickest on long rows of memory
        shape = (*instances, n_features + self._skips_empty, n_samples)
        u = _uniform(shape, like=self._p, generator=generator)
        # Each line below is one quick pass over memory; comparisons and `where` take several.
        x = u[..., :n_features, :].mul_(self._scale).add_(self._offset)
        if self._skips_empty:
            v = u[..., n_features:, :]
            if self._scratch.shape[1:] != x.shape:  # fresh memory takes longer than the arithmetic
                self._scratch = x.new_empty(2, *x.shape)
            # 1 if a feature before this one is active: as v < law_before
            follows = torch.sub(self._law_before, v, out=self._scratch[0]).mul_(_STEEP).clamp_(0, 1)
            # 1 minus v's place in f's share of the law: uniform if f is the first, negative before
            first = torch.mul(self._slope, -v, out=self._scratch[1]).add_(self._intercept)
            x = torch.lerp(first, x, follows, out=x)
            x[..., -1] = 0
            share = (self._q / (n_samples - 1)).expand(*instances, n_samples - 1)
            weight = torch.cat([share, 1 - self._q], dim=-1)
        else:
            weight = x.new_full((*instances, n_samples), 1 / n_samples)
        x.relu_()
        if self._signed:
            is_active = x.mul(_STEEP).clamp_(max=1)
            x.mul_(2).sub_(1).mul_(is_active)
        return WeightedRows(x=x.mT.to(self._dtype), weight=weight.to(self._dtype))


def _uniform(shape: tuple[int, ...], *, like: Tensor, generator: torch.Generator) -> Tensor:
    """Uniform numbers on [0, 1], in steps of 2^-24 or finer.

    On a CPU torch's generator is what training spends most time on. There it only seeds NumPy's
    SFC64, whose raw bits become numbers three times quicker.
    """
    if like.device.type != "cpu" or like.dtype != torch.float32:
        return torch.rand(shape, generator=generator, device=like.device, dtype=like.dtype)
    seed = torch.empty((), dtype=torch.int64).random_(generator=generator).item()
    n = math.prod(shape)
    bits = np.random.SFC64(int(seed)).random_raw((n + 1) // 2).view(np.int32)[:n]
    return torch.add(torch.tensor(0.5), torch.from_numpy(bits), alpha=2**-32).view(shape)
