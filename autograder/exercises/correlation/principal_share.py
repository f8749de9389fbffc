"""The exercise `principal_share`: how much of a set lies along its principal component."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip


def _by_hand(_draw: Draw) -> Iterator[Call]:
    # side by side, at right angles, opposite, and two that are none of these
    W = torch.tensor([[1.0, 1.0, 2.0, 0.0, 1.0, -1.0, 1.0, 2.0], [1, 1, 0, 2, 0, 0, 0, 0]])
    yield call(W, set_size=2)


def _random_sets(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(4, 2, 6), set_size=2)
    yield call(draw.normal(3, 5, 9), set_size=3)
    yield call(draw.normal(2, 3, 8), set_size=4)


def _lone_sets(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 2, 4), set_size=2)
    yield call(draw.normal(3, 6), set_size=3)
    yield call(draw.normal(1, 4), set_size=2)
    yield call(draw.normal(2, 3, 2, 6), set_size=3)


def _absent_sets(draw: Draw) -> Iterator[Call]:
    W = draw.normal(2, 3, 6)
    W[0, :, 1] = 0.0
    W[1, :, 3:] = 0.0
    yield call(W, set_size=3)
    yield call(torch.zeros(2, 4), set_size=2)


def _scaled(draw: Draw) -> Iterator[Call]:
    yield call(1e-6 * draw.normal(3, 2, 6), set_size=2)
    yield call(1e3 * draw.normal(2, 3, 6), set_size=3)


def _not_divided_by_k(W: Tensor, *, set_size: int) -> Tensor:
    sets = W.unflatten(-1, (-1, set_size))
    total = (sets**2).sum((-3, -1))
    return (sets.sum(-1) ** 2).sum(-2) / torch.where(total > 0, total, 1.0)


def _divided_by_k_twice(W: Tensor, *, set_size: int) -> Tensor:
    sets = W.unflatten(-1, (-1, set_size))
    total = (sets**2).sum((-3, -1))
    return (sets.mean(-1) ** 2).sum(-2) / torch.where(total > 0, total, 1.0)


def _lengths_not_squared(W: Tensor, *, set_size: int) -> Tensor:
    sets = W.unflatten(-1, (-1, set_size))
    total = sets.norm(dim=-3).sum(-1)
    return sets.sum(-1).norm(dim=-2) / torch.where(total > 0, total, 1.0)


def _root_of_the_share(W: Tensor, *, set_size: int) -> Tensor:
    sets = W.unflatten(-1, (-1, set_size))
    along = (sets.sum(-1) ** 2).sum(-2) / set_size
    total = (sets**2).sum((-3, -1))
    return (along / torch.where(total > 0, total, 1.0)).sqrt()


def _unit_columns_first(W: Tensor, *, set_size: int) -> Tensor:
    sets = F.normalize(W, dim=-2).unflatten(-1, (-1, set_size))
    along = (sets.sum(-1) ** 2).sum(-2) / set_size
    total = (sets**2).sum((-3, -1))
    return along / torch.where(total > 0, total, 1.0)


def _sums_the_squares(W: Tensor, *, set_size: int) -> Tensor:
    sets = W.unflatten(-1, (-1, set_size))
    along = (sets**2).sum((-3, -1)) / set_size
    total = (sets**2).sum((-3, -1))
    return along / torch.where(total > 0, total, 1.0)


def _squares_the_whole_sum(W: Tensor, *, set_size: int) -> Tensor:
    sets = W.unflatten(-1, (-1, set_size))
    along = sets.sum((-3, -1)) ** 2 / set_size
    total = (sets**2).sum((-3, -1))
    return along / torch.where(total > 0, total, 1.0)


def _longest_direction(W: Tensor, *, set_size: int) -> Tensor:
    sets = W.unflatten(-1, (-1, set_size)).transpose(-3, -2)
    squared = torch.linalg.svdvals(sets) ** 2
    total = squared.sum(-1)
    return squared[..., 0] / torch.where(total > 0, total, 1.0)


def _share_of_the_model(W: Tensor, *, set_size: int) -> Tensor:
    sets = W.unflatten(-1, (-1, set_size))
    along = (sets.sum(-1) ** 2).sum(-2) / set_size
    total = (W**2).sum((-2, -1)).unsqueeze(-1)
    return along / torch.where(total > 0, total, 1.0)


def _members_far_apart(W: Tensor, *, set_size: int) -> Tensor:
    sets = W.unflatten(-1, (set_size, -1)).mT
    along = (sets.sum(-1) ** 2).sum(-2) / set_size
    total = (sets**2).sum((-3, -1))
    return along / torch.where(total > 0, total, 1.0)


def _mean_of_the_sets(W: Tensor, *, set_size: int) -> Tensor:
    sets = W.unflatten(-1, (-1, set_size))
    along = (sets.sum(-1) ** 2).sum(-2) / set_size
    total = (sets**2).sum((-3, -1))
    return (along / torch.where(total > 0, total, 1.0)).mean(-1)


def _not_a_number(W: Tensor, *, set_size: int) -> Tensor:
    sets = W.unflatten(-1, (-1, set_size))
    return (sets.sum(-1) ** 2).sum(-2) / (set_size * (sets**2).sum((-3, -1)))


def _epsilon_below(W: Tensor, *, set_size: int) -> Tensor:
    sets = W.unflatten(-1, (-1, set_size))
    return (sets.sum(-1) ** 2).sum(-2) / (set_size * (sets**2).sum((-3, -1)) + 1e-8)


def _what_the_sum_sends(W: Tensor, *, set_size: int) -> Tensor:
    # the model's answer to the unit vector along the sum of each set
    n_features = W.shape[-1]
    set_of = torch.arange(n_features, device=W.device) // set_size
    own = (set_of.unsqueeze(-1) == set_of.unique()).to(W)  # features sets
    hidden = W @ (own / set_size**0.5)  # *instances hidden sets
    kept = torch.einsum("...hf,fs->...s", W**2, own)
    along = torch.einsum("...hs,...hs->...s", hidden, hidden)
    return torch.where(kept > 0, along / torch.where(kept > 0, kept, 1), 0)


EXERCISE = Exercise(
    reference=tms_lib.principal_share,
    points=2,
    minutes=10,
    difficulty=2,
    checks=(
        equals_reference("four pairs by hand", _by_hand),
        equals_reference("random weights, sets of two, three and four", _random_sets, weight=3),
        equals_reference("one instance, and no instance axis", _lone_sets),
        equals_reference("a feature or a whole set of zeros", _absent_sets),
        equals_reference("scaling all of W changes nothing", _scaled),
        *contract(_random_sets, gradients=["W"]),
    ),
    slips=(
        Slip(
            answer=_not_divided_by_k,
            says="You did not divide by k. A collapsed set must get 1.",
        ),
        Slip(
            answer=_divided_by_k_twice,
            says="You squared the mean of the columns, which divides by k twice. Square the sum, "
            "and divide by k once.",
        ),
        Slip(
            answer=_lengths_not_squared,
            says="You compared lengths. The formula has squared lengths above and below, and k.",
        ),
        Slip(
            answer=_root_of_the_share,
            says="You took the root. The share is the fraction of squared lengths itself.",
        ),
        Slip(
            answer=_unit_columns_first,
            says="You made unit columns first. The columns keep their lengths: a feature that is "
            "hardly represented counts little.",
        ),
        Slip(
            answer=_sums_the_squares,
            says="Above the line you squared first and summed then. Add the columns of the set as "
            "vectors, then take the squared length of their sum.",
        ),
        Slip(
            answer=_squares_the_whole_sum,
            says="Above the line you added the hidden dimensions up before you squared. The sum of "
            "the columns is a vector: square its entries, then add them.",
        ),
        Slip(
            answer=_longest_direction,
            says="You took the direction in which W stretches the set most. Here the direction is "
            "given: the sum of the set's features.",
        ),
        Slip(
            answer=_share_of_the_model,
            says="You divided by the squared lengths of all features. Each set is compared with "
            "its own.",
        ),
        Slip(
            answer=_members_far_apart,
            says="You took features for a set that are not neighbours. Set 0 has the features 0 to "
            "k - 1: unflatten the last axis into (sets, k), not (k, sets).",
        ),
        Slip(
            answer=_mean_of_the_sets,
            says="You took the mean over the sets. Return one value per set.",
        ),
        Slip(
            answer=_not_a_number,
            says="You divided 0 by 0. A set that is not represented at all gets 0.",
        ),
        Slip(
            answer=_epsilon_below,
            says="You added a small number below the line. In a model with small weights it is not "
            "small: scaling all of W must change nothing.",
        ),
    ),
    also_right=_what_the_sum_sends,
)
