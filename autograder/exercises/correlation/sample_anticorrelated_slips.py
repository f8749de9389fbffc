"""Wrong answers to `sample_anticorrelated`, and the sentences that explain them."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

import torch
from torch import Tensor

import tms_lib
from autograder.exercise import Slip


def _second_if_not_the_first(
    probability: Tensor,
    n_samples: int,
    *,
    set_size: int,
    probability_of: str,
    generator: torch.Generator,
) -> Tensor:
    q = probability if probability_of == "feature" else probability / set_size
    q = q.unsqueeze(-2)
    *instances, n_sets = probability.shape
    shape = (*instances, n_samples, n_sets)
    members, free = [], torch.ones(shape, dtype=torch.bool)
    for _ in range(set_size):
        present = free & (torch.rand(shape, generator=generator) < q)
        free = free & ~present
        members.append(present * torch.rand(shape, generator=generator, dtype=q.dtype))
    return torch.stack(members, dim=-1).flatten(-2)


def _drops_what_coincides(
    probability: Tensor,
    n_samples: int,
    *,
    set_size: int,
    probability_of: str,
    generator: torch.Generator,
) -> Tensor:
    q = probability if probability_of == "feature" else probability / set_size
    q = q.repeat_interleave(set_size, dim=-1)
    x = tms_lib.sample_features(q, n_samples, generator=generator)
    sets = x.unflatten(-1, (-1, set_size))
    alone = (sets > 0).sum(-1, keepdim=True) <= 1
    return (sets * alone).flatten(-2)


def _keeps_the_largest_where_two_meet(
    probability: Tensor,
    n_samples: int,
    *,
    set_size: int,
    probability_of: str,
    generator: torch.Generator,
) -> Tensor:
    q = probability if probability_of == "feature" else probability / set_size
    q = q.repeat_interleave(set_size, dim=-1)
    x = tms_lib.sample_features(q, n_samples, generator=generator)
    sets = x.unflatten(-1, (-1, set_size))
    largest = sets == sets.amax(-1, keepdim=True)
    return (sets * largest).flatten(-2)


def _independent_features(
    probability: Tensor,
    n_samples: int,
    *,
    set_size: int,
    probability_of: str,
    generator: torch.Generator,
) -> Tensor:
    q = probability if probability_of == "feature" else probability / set_size
    q = q.repeat_interleave(set_size, dim=-1)
    return tms_lib.sample_features(q, n_samples, generator=generator)


def _always_of_the_set(
    probability: Tensor,
    n_samples: int,
    *,
    set_size: int,
    probability_of: str,
    generator: torch.Generator,
) -> Tensor:
    of_set = probability
    shape = (*of_set.shape[:-1], n_samples, of_set.shape[-1])
    present = torch.rand(shape, generator=generator) < of_set.unsqueeze(-2)
    value = torch.rand(shape, generator=generator, dtype=of_set.dtype)
    member = torch.randint(set_size, shape, generator=generator)
    is_member = member.unsqueeze(-1) == torch.arange(set_size)
    return (is_member * (present * value).unsqueeze(-1)).flatten(-2)


def _always_of_the_feature(
    probability: Tensor,
    n_samples: int,
    *,
    set_size: int,
    probability_of: str,
    generator: torch.Generator,
) -> Tensor:
    of_set = probability * set_size
    shape = (*of_set.shape[:-1], n_samples, of_set.shape[-1])
    present = torch.rand(shape, generator=generator) < of_set.unsqueeze(-2)
    value = torch.rand(shape, generator=generator, dtype=of_set.dtype)
    member = torch.randint(set_size, shape, generator=generator)
    is_member = member.unsqueeze(-1) == torch.arange(set_size)
    return (is_member * (present * value).unsqueeze(-1)).flatten(-2)


def _divides_instead(
    probability: Tensor,
    n_samples: int,
    *,
    set_size: int,
    probability_of: str,
    generator: torch.Generator,
) -> Tensor:
    of_set = probability if probability_of == "set" else probability / set_size
    shape = (*of_set.shape[:-1], n_samples, of_set.shape[-1])
    present = torch.rand(shape, generator=generator) < of_set.unsqueeze(-2)
    value = torch.rand(shape, generator=generator, dtype=of_set.dtype)
    member = torch.randint(set_size, shape, generator=generator)
    is_member = member.unsqueeze(-1) == torch.arange(set_size)
    return (is_member * (present * value).unsqueeze(-1)).flatten(-2)


def _always_one(
    probability: Tensor,
    n_samples: int,
    *,
    set_size: int,
    probability_of: str,
    generator: torch.Generator,
) -> Tensor:
    of_set = probability if probability_of == "set" else probability * set_size
    shape = (*of_set.shape[:-1], n_samples, of_set.shape[-1])
    value = torch.rand(shape, generator=generator, dtype=of_set.dtype)
    member = torch.randint(set_size, shape, generator=generator)
    is_member = member.unsqueeze(-1) == torch.arange(set_size)
    return (is_member * value.unsqueeze(-1)).flatten(-2)


def _first_member_only(
    probability: Tensor,
    n_samples: int,
    *,
    set_size: int,
    probability_of: str,
    generator: torch.Generator,
) -> Tensor:
    of_set = probability if probability_of == "set" else probability * set_size
    shape = (*of_set.shape[:-1], n_samples, of_set.shape[-1])
    present = torch.rand(shape, generator=generator) < of_set.unsqueeze(-2)
    value = torch.rand(shape, generator=generator, dtype=of_set.dtype)
    member = torch.zeros(shape, dtype=torch.int64)
    is_member = member.unsqueeze(-1) == torch.arange(set_size)
    return (is_member * (present * value).unsqueeze(-1)).flatten(-2)


def _two_members_only(
    probability: Tensor,
    n_samples: int,
    *,
    set_size: int,
    probability_of: str,
    generator: torch.Generator,
) -> Tensor:
    of_set = probability if probability_of == "set" else probability * set_size
    shape = (*of_set.shape[:-1], n_samples, of_set.shape[-1])
    present = torch.rand(shape, generator=generator) < of_set.unsqueeze(-2)
    value = torch.rand(shape, generator=generator, dtype=of_set.dtype)
    member = torch.randint(min(2, set_size), shape, generator=generator)
    is_member = member.unsqueeze(-1) == torch.arange(set_size)
    return (is_member * (present * value).unsqueeze(-1)).flatten(-2)


def _one_member_for_all_sets(
    probability: Tensor,
    n_samples: int,
    *,
    set_size: int,
    probability_of: str,
    generator: torch.Generator,
) -> Tensor:
    of_set = probability if probability_of == "set" else probability * set_size
    shape = (*of_set.shape[:-1], n_samples, of_set.shape[-1])
    present = torch.rand(shape, generator=generator) < of_set.unsqueeze(-2)
    value = torch.rand(shape, generator=generator, dtype=of_set.dtype)
    member = torch.randint(set_size, (*shape[:-1], 1), generator=generator).expand(shape)
    is_member = member.unsqueeze(-1) == torch.arange(set_size)
    return (is_member * (present * value).unsqueeze(-1)).flatten(-2)


def _members_far_apart(
    probability: Tensor,
    n_samples: int,
    *,
    set_size: int,
    probability_of: str,
    generator: torch.Generator,
) -> Tensor:
    of_set = probability if probability_of == "set" else probability * set_size
    shape = (*of_set.shape[:-1], n_samples, of_set.shape[-1])
    present = torch.rand(shape, generator=generator) < of_set.unsqueeze(-2)
    value = torch.rand(shape, generator=generator, dtype=of_set.dtype)
    member = torch.randint(set_size, shape, generator=generator)
    is_member = member.unsqueeze(-1) == torch.arange(set_size)
    x = is_member * (present * value).unsqueeze(-1)
    return x.mT.flatten(-2)


def _zero_or_one(
    probability: Tensor,
    n_samples: int,
    *,
    set_size: int,
    probability_of: str,
    generator: torch.Generator,
) -> Tensor:
    of_set = probability if probability_of == "set" else probability * set_size
    shape = (*of_set.shape[:-1], n_samples, of_set.shape[-1])
    present = torch.rand(shape, generator=generator) < of_set.unsqueeze(-2)
    member = torch.randint(set_size, shape, generator=generator)
    is_member = member.unsqueeze(-1) == torch.arange(set_size)
    return (is_member & present.unsqueeze(-1)).flatten(-2).to(of_set.dtype)


def _value_below_p(
    probability: Tensor,
    n_samples: int,
    *,
    set_size: int,
    probability_of: str,
    generator: torch.Generator,
) -> Tensor:
    of_set = probability if probability_of == "set" else probability * set_size
    shape = (*of_set.shape[:-1], n_samples, of_set.shape[-1])
    u = torch.rand(shape, generator=generator, dtype=of_set.dtype)
    value = torch.where(u < of_set.unsqueeze(-2), u, 0)
    member = torch.randint(set_size, shape, generator=generator)
    is_member = member.unsqueeze(-1) == torch.arange(set_size)
    return (is_member * value.unsqueeze(-1)).flatten(-2)


def _present_with_sparsity(
    probability: Tensor,
    n_samples: int,
    *,
    set_size: int,
    probability_of: str,
    generator: torch.Generator,
) -> Tensor:
    of_set = probability if probability_of == "set" else probability * set_size
    shape = (*of_set.shape[:-1], n_samples, of_set.shape[-1])
    present = torch.rand(shape, generator=generator) > of_set.unsqueeze(-2)
    value = torch.rand(shape, generator=generator, dtype=of_set.dtype)
    member = torch.randint(set_size, shape, generator=generator)
    is_member = member.unsqueeze(-1) == torch.arange(set_size)
    return (is_member * (present * value).unsqueeze(-1)).flatten(-2)


def _one_draw_for_all_instances(
    probability: Tensor,
    n_samples: int,
    *,
    set_size: int,
    probability_of: str,
    generator: torch.Generator,
) -> Tensor:
    of_set = probability if probability_of == "set" else probability * set_size
    shape = (n_samples, of_set.shape[-1])
    present = torch.rand(shape, generator=generator) < of_set.unsqueeze(-2)
    value = torch.rand(shape, generator=generator, dtype=of_set.dtype)
    member = torch.randint(set_size, shape, generator=generator)
    is_member = member.unsqueeze(-1) == torch.arange(set_size)
    return (is_member * (present * value).unsqueeze(-1)).flatten(-2)


SLIPS = (
    Slip(
        answer=_second_if_not_the_first,
        says="You gave each member its chance only if those before it are absent, so that "
        "the second is present with probability p (1 - p) and not p. All members must "
        "be equally frequent.",
    ),
    Slip(
        answer=_drops_what_coincides,
        says="You drew the features independently and removed the rows where two meet. What "
        "is left is too rare: each feature has p (1 - p)^(k - 1).",
    ),
    Slip(
        answer=_keeps_the_largest_where_two_meet,
        says="You drew the features independently and kept the largest where two meet. That "
        "makes features too rare, and their values too large.",
    ),
    Slip(
        answer=_independent_features,
        says="Your features are independent, so two of a set are sometimes present at once. "
        "That must never happen.",
    ),
    Slip(
        answer=_always_of_the_set,
        says='With "feature" you took p for the probability of the set. Each feature has p, so '
        "that the set has k p.",
    ),
    Slip(
        answer=_always_of_the_feature,
        says='With "set" you took p for the probability of each feature. The whole set has p, and '
        "each feature p / k.",
    ),
    Slip(
        answer=_divides_instead,
        says='With "feature" you divided p by k. The set is there whenever one of its k '
        "features is, and they never meet: multiply, k p.",
    ),
    Slip(
        answer=_always_one,
        says="One feature of each set is present in every row. First draw whether the set is"
        " present at all.",
    ),
    Slip(
        answer=_first_member_only,
        says="Only the first feature of each set is ever present. Choose a member at random.",
    ),
    Slip(
        answer=_two_members_only,
        says="You chose between two members whatever the size of the set. All k take their turns.",
    ),
    Slip(
        answer=_one_member_for_all_sets,
        says="One draw chooses the member in all sets. Each set needs a draw of its own.",
    ),
    Slip(
        answer=_members_far_apart,
        says="You put the members of a set far apart. A set's features are neighbours: keep "
        "the axis of the members behind that of the sets before you flatten.",
    ),
    Slip(
        answer=_zero_or_one,
        says="Your features are 0 or 1. A present feature has a value drawn from U[0, 1].",
    ),
    Slip(
        answer=_value_below_p,
        says="The number that decides presence serves as value too, so that values are too "
        "small. Draw values afresh.",
    ),
    Slip(
        answer=_present_with_sparsity,
        says="Your sets are present with one minus their probability. u < p makes a set present.",
    ),
    Slip(
        answer=_one_draw_for_all_instances,
        says="All instances share their random numbers. Draw instances x batch x sets of them.",
    ),
)
