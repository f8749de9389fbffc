"""Wrong answers to `sample_signed_features`, and the sentences that explain them."""

import torch
from torch import Tensor

from autograder.exercise import Slip


def _never_negative(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) < p
    return torch.rand(shape, generator=generator, dtype=p.dtype) * active


def _shifts_the_zeros(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) < p
    return 2 * torch.rand(shape, generator=generator, dtype=p.dtype) * active - 1


def _only_signs(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) < p
    return (torch.rand(shape, generator=generator, dtype=p.dtype) - 0.5).sign() * active


def _half_as_wide(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) < p
    return (torch.rand(shape, generator=generator, dtype=p.dtype) - 0.5) * active


def _normal_values(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) < p
    return torch.randn(shape, generator=generator, dtype=p.dtype) * active


def _same_draw_twice(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    u = torch.rand(*instances, n_samples, n_features, generator=generator, dtype=p.dtype)
    return torch.where(u < p, 2 * u - 1, 0)


def _same_signed_draw_twice(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    v = 2 * torch.rand(*instances, n_samples, n_features, generator=generator, dtype=p.dtype) - 1
    return torch.where(v.abs() < p, v, 0)


def _active_with_sparsity(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) > p
    return (2 * torch.rand(shape, generator=generator, dtype=p.dtype) - 1) * active


def _probability_for_each_side(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    values = torch.rand(2, *shape, generator=generator, dtype=p.dtype)
    positive, negative = values * (torch.rand(2, *shape, generator=generator) < p)
    return positive - negative


def _sign_may_be_zero(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) < p
    sign = torch.randint(-1, 2, shape, generator=generator)
    return torch.rand(shape, generator=generator, dtype=p.dtype) * active * sign


def _one_mask_for_all_features(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    active = torch.rand(*instances, n_samples, 1, generator=generator) < p
    shape = (*instances, n_samples, n_features)
    return (2 * torch.rand(shape, generator=generator, dtype=p.dtype) - 1) * active


def _one_sign_for_all_features(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    size = torch.rand(shape, generator=generator, dtype=p.dtype)
    active = torch.rand(shape, generator=generator) < p
    sign = (torch.rand(*instances, n_samples, 1, generator=generator, dtype=p.dtype) - 0.5).sign()
    return size * active * sign


def _one_size_for_all_features(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    size = torch.rand(*instances, n_samples, 1, generator=generator, dtype=p.dtype)
    active = torch.rand(shape, generator=generator) < p
    return size * active * (torch.rand(shape, generator=generator, dtype=p.dtype) - 0.5).sign()


def _one_sign_for_the_batch(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    size = torch.rand(shape, generator=generator, dtype=p.dtype)
    active = torch.rand(shape, generator=generator) < p
    sign = torch.rand(*instances, 1, n_features, generator=generator, dtype=p.dtype) - 0.5
    return size * active * sign.sign()


def _first_density_for_all_instances(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) < p[0]
    return (2 * torch.rand(shape, generator=generator, dtype=p.dtype) - 1) * active


def _multiplies_zero_by_infinity(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    u = torch.rand(*instances, n_samples, n_features, generator=generator, dtype=p.dtype)
    return (u < p) * (2 * u / p - 1)


SLIPS = (
    Slip(
        answer=_never_negative,
        says="Your values are never negative. Here they are uniform on [-1, 1].",
    ),
    Slip(
        answer=_shifts_the_zeros,
        says="Your inactive features are -1: you subtracted 1 after the mask. An inactive feature "
        "is exactly 0, so make the value first and mask it last.",
    ),
    Slip(
        answer=_only_signs,
        says="Your active features are 1 or -1. They need a size as well, uniform on [0, 1].",
    ),
    Slip(
        answer=_half_as_wide,
        says="Your values run from -1/2 to 1/2. torch.rand is 1 wide, and [-1, 1] is 2 wide.",
    ),
    Slip(
        answer=_normal_values,
        says="Your active values are normal. They must be uniform on [-1, 1]: torch.rand, "
        "stretched, and not torch.randn.",
    ),
    Slip(
        answer=_same_draw_twice,
        says="Your active values run from -1 to 2p - 1. One random number serves as mask and as "
        "value: given u < p it is uniform on [0, p] only.",
    ),
    Slip(
        answer=_same_signed_draw_twice,
        says="Your active values run from -p to p. One random number serves as mask and as value: "
        "draw the value afresh, or divide it by p.",
    ),
    Slip(
        answer=_active_with_sparsity,
        says="Your features are active with probability 1 - p. feature_probability is the "
        "density, so u < p makes a feature active.",
    ),
    Slip(
        answer=_probability_for_each_side,
        says="You drew the positive and the negative side apart, each with probability p. A "
        "feature is active with probability p, both sides together.",
    ),
    Slip(
        answer=_sign_may_be_zero,
        says="Your random sign is 0 in a third of the cases, which switches active features off. "
        "It must be 1 or -1.",
    ),
    Slip(
        answer=_one_mask_for_all_features,
        says="All features of a sample share one draw for the mask, so they are active "
        "together. Each needs a draw of its own.",
    ),
    Slip(
        answer=_one_sign_for_all_features,
        says="All features of a sample have the same sign. Each needs a sign of its own.",
    ),
    Slip(
        answer=_one_size_for_all_features,
        says="All active features of a sample have the same size. Each needs a draw of its own.",
    ),
    Slip(
        answer=_one_sign_for_the_batch,
        says="A feature keeps its sign over the whole batch. The sign needs a draw for each row.",
    ),
    Slip(
        answer=_first_density_for_all_instances,
        says="You used the first instance's densities for every instance. "
        "p broadcasts against the batch as p.unsqueeze(-2).",
    ),
    Slip(
        answer=_multiplies_zero_by_infinity,
        says="Where p = 0 you divided by 0, and 0 times infinity is NaN. "
        "Choose with torch.where instead of multiplying by the mask.",
    ),
)
