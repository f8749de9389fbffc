"""The exercise `tegum_product`: two shapes, each in dimensions of its own."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import theory


def _small_products(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[1.0, -1.0]]), torch.tensor([[2.0, 3.0, -1.0]]))
    yield call(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[5.0, 6.0], [7.0, 8.0]]))


def _random_shapes(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(3, 2, 4), draw.normal(3, 2, 3))
    yield call(draw.normal(2, 1, 2), draw.normal(2, 3, 5))
    yield call(draw.normal(4, 3, 2), draw.normal(4, 2, 6))


def _one_pair_of_shapes(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 2, 4), draw.normal(1, 2, 3))
    yield call(draw.normal(2, 3), draw.normal(3, 2))
    yield call(draw.normal(2, 3, 1, 2), draw.normal(2, 3, 2, 3))  # any number of instance axes


def _one_feature_each(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 1), draw.normal(1, 1))
    yield call(draw.normal(2, 1, 1), draw.normal(2, 2, 4))


def _in_the_same_dimensions(first: Tensor, second: Tensor) -> Tensor:
    return torch.cat([first, second], dim=-1)


def _padded_into_the_same_dimensions(first: Tensor, second: Tensor) -> Tensor:
    first = F.pad(first, (0, 0, 0, second.shape[-2]))
    second = F.pad(second, (0, 0, 0, first.shape[-2] - second.shape[-2]))
    return torch.cat([first, second], dim=-1)


def _second_first(first: Tensor, second: Tensor) -> Tensor:
    below = F.pad(second, (0, 0, 0, first.shape[-2]))
    above = F.pad(first, (0, 0, second.shape[-2], 0))
    return torch.cat([below, above], dim=-1)


def _second_on_top(first: Tensor, second: Tensor) -> Tensor:
    above = F.pad(first, (0, 0, second.shape[-2], 0))
    below = F.pad(second, (0, 0, 0, first.shape[-2]))
    return torch.cat([above, below], dim=-1)


def _every_corner_with_every_corner(first: Tensor, second: Tensor) -> Tensor:
    k1, k2 = first.shape[-1], second.shape[-1]
    return torch.cat([first.repeat_interleave(k2, -1), torch.cat([second] * k1, -1)], dim=-2)


def _kronecker_product(first: Tensor, second: Tensor) -> Tensor:
    product = torch.einsum("...hi,...kj->...hkij", first, second)
    return product.flatten(-4, -3).flatten(-2, -1)


def _unit_corners(first: Tensor, second: Tensor) -> Tensor:
    below = F.pad(F.normalize(first, dim=-2), (0, 0, 0, second.shape[-2]))
    above = F.pad(F.normalize(second, dim=-2), (0, 0, first.shape[-2], 0))
    return torch.cat([below, above], dim=-1)


def _ones_instead_of_zeros(first: Tensor, second: Tensor) -> Tensor:
    below = F.pad(first, (0, 0, 0, second.shape[-2]), value=1.0)
    above = F.pad(second, (0, 0, first.shape[-2], 0), value=1.0)
    return torch.cat([below, above], dim=-1)


def _instances_side_by_side(first: Tensor, second: Tensor) -> Tensor:
    return torch.block_diag(
        *first.reshape(-1, *first.shape[-2:]), *second.reshape(-1, *second.shape[-2:])
    )


def _features_in_rows(first: Tensor, second: Tensor) -> Tensor:
    below = F.pad(first, (0, 0, 0, second.shape[-2]))
    above = F.pad(second, (0, 0, first.shape[-2], 0))
    return torch.cat([below, above], dim=-1).transpose(-2, -1)


def _product_by_filling_in(first: Tensor, second: Tensor) -> Tensor:
    (m1, k1), (m2, k2) = first.shape[-2:], second.shape[-2:]
    W = first.new_zeros(*first.shape[:-2], m1 + m2, k1 + k2)
    W[..., :m1, :k1] = first
    W[..., m1:, k1:] = second
    return W


EXERCISE = Exercise(
    reference=theory.tegum_product,
    points=2,
    minutes=10,
    difficulty=2,
    checks=(
        equals_reference("small shapes that you can do by hand", _small_products),
        equals_reference("shapes of any size, several instances", _random_shapes, weight=2),
        equals_reference("one instance, and no instance axis", _one_pair_of_shapes),
        equals_reference("a feature alone is a shape too", _one_feature_each),
        *contract(_random_shapes, gradients=["first", "second"]),
    ),
    slips=(
        Slip(
            answer=_in_the_same_dimensions,
            says="You put both shapes into the same dimensions, where they interfere. The second "
            "one needs rows of its own, below the first.",
        ),
        Slip(
            answer=_padded_into_the_same_dimensions,
            says="You added rows, but both shapes use the first ones. Put the zeros above the "
            "second shape.",
        ),
        Slip(
            answer=_second_first,
            says="You put the second shape first, in rows and columns. The order is first, second.",
        ),
        Slip(
            answer=_second_on_top,
            says="You gave the first rows to the second shape. The first shape has the first rows "
            "and the first columns.",
        ),
        Slip(
            answer=_every_corner_with_every_corner,
            says="You combined every corner of one shape with every corner of the other, which "
            "makes a prism. In a tegum product each corner stays alone, with zeros in the other's "
            "dimensions.",
        ),
        Slip(
            answer=_kronecker_product,
            says="You multiplied the two matrices entry by entry, as torch.kron does. Nothing is "
            "multiplied here: the blocks stand on a diagonal.",
        ),
        Slip(
            answer=_unit_corners,
            says="You normalised the corners. They keep their lengths.",
        ),
        Slip(
            answer=_ones_instead_of_zeros,
            says="You filled the rest with ones. In the other's dimensions a corner is 0.",
        ),
        Slip(
            answer=_instances_side_by_side,
            says="You joined all instances in one large matrix. Each instance has a product of its "
            "own. (torch.block_diag knows no instances.)",
        ),
        Slip(
            answer=_features_in_rows,
            says="Your corners are rows. They are columns, as features are in W.",
        ),
    ),
    also_right=_product_by_filling_in,
)
