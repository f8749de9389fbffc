"""Wrong answers to `sample_correlated`, and the sentences that explain them."""

import torch
from torch import Tensor

import tms_lib
from autograder.exercise import Slip


def _one_value_for_a_set(
    probability: Tensor, n_samples: int, *, set_size: int, generator: torch.Generator
) -> Tensor:
    x = tms_lib.sample_features(probability, n_samples, generator=generator)
    return x.repeat_interleave(set_size, dim=-1)


def _independent_features(
    probability: Tensor, n_samples: int, *, set_size: int, generator: torch.Generator
) -> Tensor:
    p = probability.repeat_interleave(set_size, dim=-1)
    return tms_lib.sample_features(p, n_samples, generator=generator)


def _members_far_apart(
    probability: Tensor, n_samples: int, *, set_size: int, generator: torch.Generator
) -> Tensor:
    *instances, n_sets = probability.shape
    u = torch.rand(*instances, n_samples, n_sets, generator=generator)
    present = u < probability.unsqueeze(-2)
    shape = (*instances, n_samples, set_size * n_sets)
    value = torch.rand(shape, generator=generator, dtype=probability.dtype)
    return torch.cat(set_size * [present], dim=-1) * value


def _all_sets_together(
    probability: Tensor, n_samples: int, *, set_size: int, generator: torch.Generator
) -> Tensor:
    *instances, n_sets = probability.shape
    u = torch.rand(*instances, n_samples, 1, generator=generator)
    present = u < probability.unsqueeze(-2)
    shape = (*instances, n_samples, set_size * n_sets)
    value = torch.rand(shape, generator=generator, dtype=probability.dtype)
    return present.repeat_interleave(set_size, dim=-1) * value


def _values_shared_by_sets(
    probability: Tensor, n_samples: int, *, set_size: int, generator: torch.Generator
) -> Tensor:
    *instances, n_sets = probability.shape
    u = torch.rand(*instances, n_samples, n_sets, generator=generator)
    present = u < probability.unsqueeze(-2)
    shape = (*instances, n_samples, 1, set_size)
    value = torch.rand(shape, generator=generator, dtype=probability.dtype)
    return (present.unsqueeze(-1) * value).flatten(-2)


def _present_with_sparsity(
    probability: Tensor, n_samples: int, *, set_size: int, generator: torch.Generator
) -> Tensor:
    *instances, n_sets = probability.shape
    u = torch.rand(*instances, n_samples, n_sets, generator=generator)
    present = u > probability.unsqueeze(-2)
    shape = (*instances, n_samples, set_size * n_sets)
    value = torch.rand(shape, generator=generator, dtype=probability.dtype)
    return present.repeat_interleave(set_size, dim=-1) * value


def _divided_among_members(
    probability: Tensor, n_samples: int, *, set_size: int, generator: torch.Generator
) -> Tensor:
    *instances, n_sets = probability.shape
    u = torch.rand(*instances, n_samples, n_sets, generator=generator)
    present = u < probability.unsqueeze(-2) / set_size
    shape = (*instances, n_samples, set_size * n_sets)
    value = torch.rand(shape, generator=generator, dtype=probability.dtype)
    return present.repeat_interleave(set_size, dim=-1) * value


def _zero_or_one(
    probability: Tensor, n_samples: int, *, set_size: int, generator: torch.Generator
) -> Tensor:
    *instances, n_sets = probability.shape
    u = torch.rand(*instances, n_samples, n_sets, generator=generator)
    present = u < probability.unsqueeze(-2)
    return present.repeat_interleave(set_size, dim=-1).to(probability.dtype)


def _one_draw_for_the_batch(
    probability: Tensor, n_samples: int, *, set_size: int, generator: torch.Generator
) -> Tensor:
    *instances, n_sets = probability.shape
    u = torch.rand(*instances, 1, n_sets, generator=generator)
    present = u < probability.unsqueeze(-2)
    shape = (*instances, n_samples, set_size * n_sets)
    value = torch.rand(shape, generator=generator, dtype=probability.dtype)
    return present.repeat_interleave(set_size, dim=-1) * value


def _one_draw_for_all_instances(
    probability: Tensor, n_samples: int, *, set_size: int, generator: torch.Generator
) -> Tensor:
    n_sets = probability.shape[-1]
    u = torch.rand(n_samples, n_sets, generator=generator)
    present = u < probability.unsqueeze(-2)
    value = torch.rand(n_samples, set_size * n_sets, generator=generator, dtype=probability.dtype)
    return present.repeat_interleave(set_size, dim=-1) * value


def _first_set_for_all(
    probability: Tensor, n_samples: int, *, set_size: int, generator: torch.Generator
) -> Tensor:
    *instances, n_sets = probability.shape
    u = torch.rand(*instances, n_samples, n_sets, generator=generator)
    present = u < probability[..., None, :1]
    shape = (*instances, n_samples, set_size * n_sets)
    value = torch.rand(shape, generator=generator, dtype=probability.dtype)
    return present.repeat_interleave(set_size, dim=-1) * value


SLIPS = (
    Slip(
        answer=_one_value_for_a_set,
        says="All features of a set have the same value. They share presence only: draw a value "
        "for each feature.",
    ),
    Slip(
        answer=_independent_features,
        says="Each feature has a presence of its own, so a set is often there in part. Draw "
        "presence once per set, and repeat it for the members.",
    ),
    Slip(
        answer=_members_far_apart,
        says="You repeated the sets as a whole, so that neighbours belong to different sets. A "
        "set's features are neighbours: repeat_interleave, not repeat or cat.",
    ),
    Slip(
        answer=_all_sets_together,
        says="One draw decides on all sets. Sets are independent: draw one for each.",
    ),
    Slip(
        answer=_values_shared_by_sets,
        says="The first feature of every set has the same value, and so on. Draw a value for "
        "each feature of each set.",
    ),
    Slip(
        answer=_present_with_sparsity,
        says="Your sets are present with probability 1 - p. p is the density, so u < p makes a "
        "set present.",
    ),
    Slip(
        answer=_divided_among_members,
        says="You divided p by the set's size. The set is present with probability p, and its "
        "features with it.",
    ),
    Slip(
        answer=_zero_or_one,
        says="Your features are 0 or 1. A present feature has a value drawn from U[0, 1].",
    ),
    Slip(
        answer=_one_draw_for_the_batch,
        says="A set is present in all rows of the batch or in none. Presence needs a draw for "
        "each row.",
    ),
    Slip(
        answer=_one_draw_for_all_instances,
        says="All instances share their random numbers. Draw instances x batch x sets of them for "
        "presence, and instances x batch x features for values.",
    ),
    Slip(
        answer=_first_set_for_all,
        says="You used the first set's probability for every set.",
    ),
)
