"""The exercise `cosines_within_sets`: the angles between the features of a set."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip


def _by_hand(_draw: Draw) -> Iterator[Call]:
    # at right angles and of different lengths; then opposite
    yield call(torch.tensor([[1.0, 0.0, 1.0, -2.0], [0.0, 3.0, 1.0, -2.0]]), set_size=2)


def _random_sets(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(4, 2, 6), set_size=2)
    yield call(draw.normal(3, 5, 9), set_size=3)


def _large_sets(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(2, 3, 8), set_size=4)
    yield call(draw.normal(2, 4, 5), set_size=5)


def _lone_sets(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 2, 4), set_size=2)
    yield call(draw.normal(3, 6), set_size=3)
    yield call(draw.normal(1, 4), set_size=2)
    yield call(draw.normal(2, 3, 2, 6), set_size=3)


def _columns_of_zeros(draw: Draw) -> Iterator[Call]:
    W = draw.normal(2, 3, 6)
    W[0, :, 1] = 0.0
    W[1, :, 3:] = 0.0
    yield call(W, set_size=3)
    yield call(torch.zeros(2, 4), set_size=2)


def _scaled(draw: Draw) -> Iterator[Call]:
    yield call(1e-6 * draw.normal(3, 2, 6), set_size=2)
    yield call(1e3 * draw.normal(2, 3, 6), set_size=3)


def _sets_of_one(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(2, 3, 4), set_size=1)


def _dot_products(W: Tensor, *, set_size: int) -> Tensor:
    sets = W.unflatten(-1, (-1, set_size))
    i, j = torch.triu_indices(set_size, set_size, offset=1)
    return (sets[..., i] * sets[..., j]).sum(-3)


def _one_unit_vector(W: Tensor, *, set_size: int) -> Tensor:
    sets, units = (v.unflatten(-1, (-1, set_size)) for v in (W, F.normalize(W, dim=-2)))
    i, j = torch.triu_indices(set_size, set_size, offset=1)
    return (units[..., i] * sets[..., j]).sum(-3)


def _unit_rows(W: Tensor, *, set_size: int) -> Tensor:
    sets = F.normalize(W, dim=-1).unflatten(-1, (-1, set_size))
    i, j = torch.triu_indices(set_size, set_size, offset=1)
    return (sets[..., i] * sets[..., j]).sum(-3)


def _members_far_apart(W: Tensor, *, set_size: int) -> Tensor:
    sets = F.normalize(W, dim=-2).unflatten(-1, (set_size, -1)).mT
    i, j = torch.triu_indices(set_size, set_size, offset=1)
    return (sets[..., i] * sets[..., j]).sum(-3)


def _with_itself(W: Tensor, *, set_size: int) -> Tensor:
    sets = F.normalize(W, dim=-2).unflatten(-1, (-1, set_size))
    i, j = torch.triu_indices(set_size, set_size)
    return (sets[..., i] * sets[..., j]).sum(-3)


def _each_pair_twice(W: Tensor, *, set_size: int) -> Tensor:
    sets = F.normalize(W, dim=-2).unflatten(-1, (-1, set_size))
    pairs = [(i, j) for i in range(set_size) for j in range(set_size) if i != j]
    return torch.stack([(sets[..., i] * sets[..., j]).sum(-2) for i, j in pairs], dim=-1)


def _neighbours_only(W: Tensor, *, set_size: int) -> Tensor:
    sets = F.normalize(W, dim=-2).unflatten(-1, (-1, set_size))
    return (sets[..., 1:] * sets[..., :-1]).sum(-3)


def _other_order_of_pairs(W: Tensor, *, set_size: int) -> Tensor:
    sets = F.normalize(W, dim=-2).unflatten(-1, (-1, set_size))
    i, j = torch.tril_indices(set_size, set_size, offset=-1)
    return (sets[..., i] * sets[..., j]).sum(-3)


def _sizes_only(W: Tensor, *, set_size: int) -> Tensor:
    sets = F.normalize(W, dim=-2).unflatten(-1, (-1, set_size))
    i, j = torch.triu_indices(set_size, set_size, offset=1)
    return (sets[..., i] * sets[..., j]).sum(-3).abs()


def _mean_of_the_pairs(W: Tensor, *, set_size: int) -> Tensor:
    sets = F.normalize(W, dim=-2).unflatten(-1, (-1, set_size))
    i, j = torch.triu_indices(set_size, set_size, offset=1)
    return (sets[..., i] * sets[..., j]).sum(-3).mean(-1)


def _degrees(W: Tensor, *, set_size: int) -> Tensor:
    sets = F.normalize(W, dim=-2).unflatten(-1, (-1, set_size))
    i, j = torch.triu_indices(set_size, set_size, offset=1)
    return torch.rad2deg((sets[..., i] * sets[..., j]).sum(-3).clamp(-1, 1).acos())


def _all_pairs(W: Tensor, *, set_size: int) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    return W_hat.mT @ W_hat


def _not_a_number(W: Tensor, *, set_size: int) -> Tensor:
    sets = (W / W.norm(dim=-2, keepdim=True)).unflatten(-1, (-1, set_size))
    i, j = torch.triu_indices(set_size, set_size, offset=1)
    return (sets[..., i] * sets[..., j]).sum(-3)


def _epsilon_below(W: Tensor, *, set_size: int) -> Tensor:
    sets = (W / (W.norm(dim=-2, keepdim=True) + 1e-5)).unflatten(-1, (-1, set_size))
    i, j = torch.triu_indices(set_size, set_size, offset=1)
    return (sets[..., i] * sets[..., j]).sum(-3)


def _blocks_of_the_gram_matrix(W: Tensor, *, set_size: int) -> Tensor:
    norm = (W**2).sum(-2).sqrt()
    product = torch.einsum("...hi,...hj->...ij", W, W)
    scale = norm.unsqueeze(-1) * norm.unsqueeze(-2)
    cosine = torch.where(scale > 0, product / torch.where(scale > 0, scale, 1), 0)
    above = torch.ones(set_size, set_size, dtype=torch.bool, device=W.device).triu(1)
    ends = range(set_size, W.shape[-1] + 1, set_size)
    blocks = [cosine[..., end - set_size : end, end - set_size : end] for end in ends]
    return torch.stack([block[..., above] for block in blocks], dim=-2)


EXERCISE = Exercise(
    reference=tms_lib.cosines_within_sets,
    points=3,
    minutes=12,
    difficulty=3,
    checks=(
        equals_reference("two pairs by hand", _by_hand),
        equals_reference("random weights, several instances", _random_sets, weight=2),
        equals_reference("sets of four and five: all pairs, in order", _large_sets, weight=2),
        equals_reference("one instance, and no instance axis", _lone_sets),
        equals_reference("a column of zeros has the cosine 0 in all its pairs", _columns_of_zeros),
        equals_reference("scaling all of W changes nothing", _scaled),
        equals_reference("sets of one feature have no pairs", _sets_of_one),
        *contract(_random_sets, gradients=["W"]),
    ),
    slips=(
        Slip(
            answer=_dot_products,
            says="You did not normalise. A cosine is the dot product of two unit vectors.",
        ),
        Slip(
            answer=_one_unit_vector,
            says="You normalised one vector of each pair. A cosine has two unit vectors.",
        ),
        Slip(
            answer=_unit_rows,
            says="You normalised the rows of W. A feature's direction is a column.",
        ),
        Slip(
            answer=_members_far_apart,
            says="You took features for a set that are not neighbours. Set 0 has the features 0 to "
            "k - 1: unflatten the last axis into (sets, k), not (k, sets).",
        ),
        Slip(
            answer=_with_itself,
            says="You included each feature's cosine with itself. Take i < j only.",
        ),
        Slip(
            answer=_each_pair_twice,
            says="You have every pair twice, as ij and as ji. Take i < j only.",
        ),
        Slip(
            answer=_neighbours_only,
            says="You compared each feature with the next one only. A set of k features has "
            "k (k - 1) / 2 pairs.",
        ),
        Slip(
            answer=_other_order_of_pairs,
            says="Your pairs come in another order. It is 01, 02, ..., 12, 13, ...: the lower "
            "index moves last.",
        ),
        Slip(
            answer=_sizes_only,
            says="You dropped the signs. They tell opposite features from those side by side.",
        ),
        Slip(
            answer=_mean_of_the_pairs,
            says="You took the mean of a set's pairs. Return one value per pair.",
        ),
        Slip(
            answer=_degrees,
            says="You returned angles in degrees. Return the cosines.",
        ),
        Slip(
            answer=_all_pairs,
            says="You returned all pairs of features. Only those within a set are asked for, as "
            "(sets, pairs).",
        ),
        Slip(
            answer=_not_a_number,
            says="You divided 0 by 0. A zero column has no direction; its cosines are 0.",
        ),
        Slip(
            answer=_epsilon_below,
            says="You added a small number to the norms. In a model with small weights it is not "
            "small: scaling all of W must change nothing.",
        ),
    ),
    also_right=_blocks_of_the_gram_matrix,
)
