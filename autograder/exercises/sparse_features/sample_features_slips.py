"""Wrong answers to `sample_features`, and the sentences that explain them."""

import torch
from torch import Tensor

from autograder.exercise import Slip


def _same_draw_twice(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    u = torch.rand(*instances, n_samples, n_features, generator=generator, dtype=p.dtype)
    return torch.where(u < p, u, 0)


def _same_draw_at_the_top(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    u = torch.rand(*instances, n_samples, n_features, generator=generator, dtype=p.dtype)
    return torch.where(u >= 1 - p, u, 0)


def _never_zero(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    return torch.rand(shape, generator=generator, dtype=feature_probability.dtype)


def _zero_or_one(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    u = torch.rand(*instances, n_samples, n_features, generator=generator)
    return (u < p).to(p.dtype)


def _active_with_sparsity(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) > p
    return torch.rand(shape, generator=generator, dtype=p.dtype) * active


def _one_mask_for_all_features(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    active = torch.rand(*instances, n_samples, 1, generator=generator) < p
    values = torch.rand(*instances, n_samples, n_features, generator=generator, dtype=p.dtype)
    return values * active


def _one_value_for_all_features(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    active = torch.rand(*instances, n_samples, n_features, generator=generator) < p
    values = torch.rand(*instances, n_samples, 1, generator=generator, dtype=p.dtype)
    return values * active


def _one_table_of_values_for_all_instances(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    active = torch.rand(*instances, n_samples, n_features, generator=generator) < p
    return torch.rand(n_samples, n_features, generator=generator, dtype=p.dtype) * active


def _one_batch_for_all_instances(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    shape = (n_samples, feature_probability.shape[-1])
    active = torch.rand(shape, generator=generator) < p
    return torch.rand(shape, generator=generator, dtype=p.dtype) * active


def _one_mask_for_the_batch(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    active = torch.rand(*instances, 1, n_features, generator=generator) < p
    values = torch.rand(*instances, n_samples, n_features, generator=generator, dtype=p.dtype)
    return values * active


def _exactly_p_of_the_rows(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    rank = torch.rand(shape, generator=generator).argsort(-2).argsort(-2)
    active = rank < (n_samples * p).round()
    return torch.rand(shape, generator=generator, dtype=p.dtype) * active


def _first_feature_for_all(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) < p[..., :1]
    return torch.rand(shape, generator=generator, dtype=p.dtype) * active


def _first_density_for_all_instances(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) < p[0]
    return torch.rand(shape, generator=generator, dtype=p.dtype) * active


def _divides_by_the_sum(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) < p
    return torch.rand(shape, generator=generator, dtype=p.dtype) * active / p.sum(-1, keepdim=True)


def _values_of_both_signs(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) < p
    return (2 * torch.rand(shape, generator=generator, dtype=p.dtype) - 1) * active


def _normal_values(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) < p
    return torch.randn(shape, generator=generator, dtype=p.dtype) * active


def _clipped_normal_values(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) < p
    values = torch.randn(shape, generator=generator, dtype=p.dtype).abs().clamp(max=1)
    return values * active


def _multiplies_zero_by_infinity(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    u = torch.rand(*instances, n_samples, n_features, generator=generator, dtype=p.dtype)
    return (u < p) * (1 - u / p)


SLIPS = (
    Slip(
        answer=_same_draw_twice,
        says="Your active values run from 0 to p instead of 1. Either one random number "
        "serves as mask and value, or you scaled the value by p.",
    ),
    Slip(
        answer=_same_draw_at_the_top,
        says="Your active values run from 1 - p to 1. The number that decides presence is "
        "not uniform on [0, 1] any more: draw the value afresh, or rescale it.",
    ),
    Slip(
        answer=_zero_or_one,
        says="Your features are 0 or 1. An active feature has a value drawn from U[0, 1].",
    ),
    Slip(
        answer=_active_with_sparsity,
        says="Your features are active with probability 1 - p. feature_probability is the "
        "density, so u < p makes a feature active.",
    ),
    Slip(
        answer=_exactly_p_of_the_rows,
        says="In every batch exactly a fraction p of the rows is active. Rows must be "
        "independent, so that this number varies by chance.",
    ),
    Slip(
        answer=_one_mask_for_all_features,
        says="All features of a sample share one draw for the mask, so they are active "
        "together. Each needs a draw of its own.",
    ),
    Slip(
        answer=_one_value_for_all_features,
        says="All active features of a sample have the same value. Each needs a draw of its own.",
    ),
    Slip(
        answer=_one_table_of_values_for_all_instances,
        says="All instances share their values. Draw instances x batch x features of them, "
        "as for the mask.",
    ),
    Slip(
        answer=_one_batch_for_all_instances,
        says="All instances share their random numbers. Draw instances x batch x features of them.",
    ),
    Slip(
        answer=_one_mask_for_the_batch,
        says="A feature is active in all rows of the batch or in none. "
        "The mask needs a draw for each row.",
    ),
    Slip(
        answer=_never_zero,
        says="Your features are active in every row, whatever p is. "
        "An entry must be exactly 0 with probability 1 - p.",
    ),
    Slip(
        answer=_first_feature_for_all,
        says="You used the first feature's density for every feature.",
    ),
    Slip(
        answer=_first_density_for_all_instances,
        says="You used the first instance's densities for every instance. "
        "p broadcasts against the batch as p.unsqueeze(-2).",
    ),
    Slip(
        answer=_divides_by_the_sum,
        says="You divided the values by the sum of the probabilities. p decides only "
        "how often a feature is active, not how large it is.",
    ),
    Slip(
        answer=_values_of_both_signs,
        says="Your active values run from -1 to 1. They must be uniform on [0, 1].",
    ),
    Slip(
        answer=_normal_values,
        says="Your active values are normal. They must be uniform on [0, 1]: "
        "torch.rand, without an n at the end.",
    ),
    Slip(
        answer=_clipped_normal_values,
        says="Your active values are normal ones folded and clipped into [0, 1]; "
        "a third of them is exactly 1. They must be uniform.",
    ),
    Slip(
        answer=_multiplies_zero_by_infinity,
        says="Where p = 0 you divided by 0, and 0 times infinity is NaN. "
        "Choose with torch.where instead of multiplying by the mask.",
    ),
)
