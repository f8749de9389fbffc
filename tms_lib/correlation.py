"""Features that come in sets: always together, or never two at once.

Features are grouped into sets of `set_size` neighbours: 0 ... k - 1, then k ... 2k - 1, and so on.
Different sets are independent. Active values are independent and uniform on (0, 1], even within
a set. A probability holds for a whole set, so that it has the axes `*instances sets`. Data has the
axes `*instances batch features`.

Source: Elhage et al. (2022), "Toy Models of Superposition", The Geometry of Superposition,
on correlated and anticorrelated features.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from tms_lib.features import being_captured, check_positive, check_probability, first


def sample_correlated(
    probability: Float[Tensor, "*instances sets"],
    n_samples: int,
    *,
    set_size: int,
    generator: torch.Generator,
) -> Float[Tensor, "*instances batch {set_size}*sets"]:
    r"""Sets whose features are present together or not at all.

    A set is present with probability p, and so is each of its features. Only the presence is
    shared: the values of two features that are present together are independent. For i != j in
    one set,

    $$E[x_i x_j] = p / 4, \quad \mathrm{Cov}[x_i, x_j] = p (1 - p) / 4,$$

    which is 0 for p = 1. The correlation is 3 (1 - p) / (4 - 3 p), below 3/4 for any p > 0.

    Args:
        probability: Density p of each set of each instance.
        n_samples: Batch size.
        set_size: Features of each set.
        generator: Source of randomness, on the device of `probability`.

    Raises:
        ValueError: If a probability lies outside [0, 1], or a size is below 1.

    >>> p = torch.tensor([1.0, 0.0])  # two sets
    >>> x = sample_correlated(p, 2, set_size=2, generator=torch.Generator().manual_seed(0))
    >>> x > 0
    tensor([[ True,  True, False, False],
            [ True,  True, False, False]])
    """
    check_probability(probability, slip=_SLIP)
    check_positive(n_samples=n_samples, set_size=set_size)
    *instances, n_sets = probability.shape
    # half precision is too coarse to be compared with a small probability
    exact = torch.promote_types(probability.dtype, torch.float32)
    how = {"generator": generator, "device": probability.device, "dtype": exact}
    u = torch.rand((*instances, n_samples, n_sets), **how)
    present = u < probability.unsqueeze(-2)  # *instances batch sets
    value = 1 - torch.rand((*instances, n_samples, set_size * n_sets), **how)  # never 0
    x = present.repeat_interleave(set_size, dim=-1) * value
    return x.to(probability.dtype)


def sample_anticorrelated(
    probability: Float[Tensor, "*instances sets"],
    n_samples: int,
    *,
    set_size: int,
    probability_of: Literal["feature", "set"],
    generator: torch.Generator,
) -> Float[Tensor, "*instances batch {set_size}*sets"]:
    r"""Sets of which at most one feature is present at a time.

    First the set is present or not; if it is, one of its k features is chosen, each as often as
    the others. Two conventions are in use for the number p that is given, and they differ by
    the factor k, so that the caller names one:

    - `probability_of="feature"`: each *feature* is present with probability p, as often as an
      independent one. The set is present with probability k p, which must not exceed 1.
    - `probability_of="set"`: the *set* is present with probability p, as in the paper. Each
      feature is present with probability p / k.

    With q the probability of a feature, for i != j in one set,

    $$E[x_i x_j] = 0, \quad \mathrm{Cov}[x_i, x_j] = -q^2 / 4.$$

    Args:
        probability: The number p of each set of each instance.
        n_samples: Batch size.
        set_size: Features k of each set.
        probability_of: What p is the probability of.
        generator: Source of randomness, on the device of `probability`.

    Raises:
        ValueError: If a probability lies outside [0, 1], or k p > 1 where p is that of a
            feature, or a size is below 1, or `probability_of` is another word.

    >>> p = torch.tensor([1.0, 0.0])  # two sets
    >>> x = sample_anticorrelated(
    ...     p, 4, set_size=2, probability_of="set", generator=torch.Generator().manual_seed(0)
    ... )
    >>> (x > 0).int()
    tensor([[0, 1, 0, 0],
            [0, 1, 0, 0],
            [1, 0, 0, 0],
            [1, 0, 0, 0]], dtype=torch.int32)
    """
    check_probability(probability, slip=_SLIP)
    check_positive(n_samples=n_samples, set_size=set_size)
    _check_set_probability(probability, set_size, probability_of)
    of_set = probability if probability_of == "set" else probability * set_size
    shape = (*of_set.shape[:-1], n_samples, of_set.shape[-1])  # *instances batch sets
    # half precision is too coarse to be compared with a small probability
    exact = torch.promote_types(of_set.dtype, torch.float32)
    how = {"generator": generator, "device": of_set.device, "dtype": exact}
    present = torch.rand(shape, **how) < of_set.unsqueeze(-2)
    member = torch.randint(set_size, shape, generator=generator, device=of_set.device)
    value = 1 - torch.rand(shape, **how)  # never 0
    is_member = member.unsqueeze(-1) == torch.arange(set_size, device=of_set.device)
    x = is_member * (present * value).unsqueeze(-1)  # *instances batch sets k
    return x.flatten(-2).to(of_set.dtype)


_SLIP = "It is the density 1 - S, not the sparsity S."


def _check_set_probability(
    probability: Float[Tensor, "*instances sets"], set_size: int, probability_of: str
) -> None:
    if probability_of not in ("feature", "set"):
        raise ValueError(f'probability_of must be "feature" or "set"; got {probability_of!r}.')
    too_often = probability * set_size > 1
    if probability_of == "feature" and not being_captured(probability) and bool(too_often.any()):
        raise ValueError(
            f"probability of a feature must be at most 1 / set_size = {1 / set_size:.6g}, since "
            f"no two of a set are present together; got {first(probability, where=too_often)}. "
            f'(Is it the probability of the set? Then say probability_of="set".)'
        )
