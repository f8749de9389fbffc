"""The exercise `align_weights`: W turned to lie as near as possible to a target."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import geometry


def _by_hand(_draw: Draw) -> Iterator[Call]:
    # the target, turned by the rotation with cosine 3/5 and sine 4/5
    yield call(torch.tensor([[1.2, 0.8], [-1.6, 0.6]]), torch.tensor([[2.0, 0.0], [0.0, 1.0]]))


def _turn(draw: Draw, *shape: int) -> Tensor:
    """Rotations and reflections in random directions."""
    return torch.linalg.qr(draw.normal(*shape, shape[-1])).Q


def _turned_shapes(draw: Draw) -> Iterator[Call]:
    # the same shapes, turned and bent a little
    for n_instances, m, n in ((3, 2, 5), (2, 3, 6), (4, 4, 6)):
        target = draw.normal(n_instances, m, n)
        bent = target + 0.2 * draw.normal(n_instances, m, n)
        yield call(_turn(draw, n_instances, m) @ bent, target)


def _other_shapes(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(3, 2, 6), draw.normal(3, 2, 6))
    yield call(draw.normal(2, 3, 7), 3 * draw.normal(2, 3, 7) + 1)


def _one_model(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 2, 5), draw.normal(1, 2, 5))
    yield call(torch.tensor([[1.0, -2.0, 0.5]]), torch.tensor([[-1.0, 2.0, 0.0]]))
    yield call(draw.normal(3, 5), draw.normal(3, 5))
    yield call(draw.normal(2, 2, 3, 3), draw.normal(2, 2, 3, 3))  # as many rows as columns


def _one_target_for_all(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(4, 2, 5), draw.normal(2, 5))


def _mirror_images(draw: Draw) -> Iterator[Call]:
    # only a reflection brings them together
    target = draw.normal(2, 3, 6)
    yield call(target * torch.tensor([1.0, 1.0, -1.0]).unsqueeze(-1), target)


def _turned_the_wrong_way(W: Tensor, target: Tensor) -> Tensor:
    U, _, Vh = torch.linalg.svd(W @ target.mT)
    return U @ Vh @ W


def _third_factor_transposed(W: Tensor, target: Tensor) -> Tensor:
    U, _, Vh = torch.linalg.svd(target @ W.mT)
    return U @ Vh.mT @ W


def _rotations_only(W: Tensor, target: Tensor) -> Tensor:
    U, _, Vh = torch.linalg.svd(target @ W.mT)
    sign = torch.ones_like(U[..., 0])
    sign[..., -1] = torch.linalg.det(U @ Vh)
    return U * sign.unsqueeze(-2) @ Vh @ W


def _any_linear_map(W: Tensor, target: Tensor) -> Tensor:
    return target @ torch.linalg.pinv(W) @ W


def _product_as_a_rotation(W: Tensor, target: Tensor) -> Tensor:
    return target @ W.mT @ W


def _scaled_as_well(W: Tensor, target: Tensor) -> Tensor:
    U, S, Vh = torch.linalg.svd(target @ W.mT)
    scale = S.sum(-1) / (W**2).sum((-2, -1))
    return scale[..., None, None] * (U @ Vh @ W)


def _rotation_itself(W: Tensor, target: Tensor) -> Tensor:
    U, _, Vh = torch.linalg.svd(target @ W.mT)
    return U @ Vh


def _target_turned(W: Tensor, target: Tensor) -> Tensor:
    U, _, Vh = torch.linalg.svd(W @ target.mT)
    return U @ Vh @ target


def _unit_columns(W: Tensor, target: Tensor) -> Tensor:
    W = F.normalize(W, dim=-2)
    U, _, Vh = torch.linalg.svd(target @ W.mT)
    return U @ Vh @ W


def _centred_first(W: Tensor, target: Tensor) -> Tensor:
    W = W - W.mean(-1, keepdim=True)
    target = target - target.mean(-1, keepdim=True)
    U, _, Vh = torch.linalg.svd(target @ W.mT)
    return U @ Vh @ W


def _features_mixed(W: Tensor, target: Tensor) -> Tensor:
    U, _, Vh = torch.linalg.svd(W.mT @ target, full_matrices=False)
    return W @ (U @ Vh)


def _distance_left(W: Tensor, target: Tensor) -> Tensor:
    U, _, Vh = torch.linalg.svd(target @ W.mT)
    return (U @ Vh @ W - target).norm(dim=(-2, -1))


def _all_instances_alike(W: Tensor, target: Tensor) -> Tensor:
    product = (target @ W.mT).reshape(-1, W.shape[-2], W.shape[-2]).sum(0)
    U, _, Vh = torch.linalg.svd(product)
    return U @ Vh @ W


def _by_the_polar_decomposition(W: Tensor, target: Tensor) -> Tensor:
    # the orthogonal factor of M is M (M^T M)^(-1/2)
    M = target.double() @ W.double().mT
    values, vectors = torch.linalg.eigh(M.mT @ M)
    root = vectors * values.rsqrt().unsqueeze(-2) @ vectors.mT
    return (M @ root @ W.double()).to(W.dtype)


EXERCISE = Exercise(
    reference=geometry.align_weights,
    points=3,
    minutes=12,
    difficulty=3,
    checks=(
        equals_reference("a small case that you can do by hand", _by_hand),
        equals_reference("turned and bent shapes, several instances", _turned_shapes, weight=2),
        equals_reference("a target of another shape and size", _other_shapes),
        equals_reference("one instance, and no instance axis", _one_model),
        equals_reference("one target for all instances", _one_target_for_all),
        equals_reference("mirror images", _mirror_images),
        *contract(_turned_shapes),
    ),
    slips=(
        Slip(
            answer=_turned_the_wrong_way,
            says="You decomposed W T^T, so W is turned the wrong way. Decompose T W^T.",
        ),
        Slip(
            answer=_third_factor_transposed,
            says="You transposed the third factor. torch.linalg.svd returns V^T already.",
        ),
        Slip(
            answer=_rotations_only,
            says="You excluded reflections. They leave W^T W as it is too, so they are allowed.",
        ),
        Slip(
            answer=_any_linear_map,
            says="You used the best linear map of any kind, which may stretch. R must keep lengths "
            "and angles: R^T R = 1.",
        ),
        Slip(
            answer=_product_as_a_rotation,
            says="You multiplied by T W^T itself. Keep its rotation, U V^T, and leave out the "
            "singular values.",
        ),
        Slip(
            answer=_scaled_as_well,
            says="You scaled W as well. R keeps lengths.",
        ),
        Slip(
            answer=_rotation_itself,
            says="You returned R. Return R W.",
        ),
        Slip(
            answer=_target_turned,
            says="You turned the target towards W. Turn W towards the target.",
        ),
        Slip(
            answer=_unit_columns,
            says="You made the columns unit vectors first. They keep their lengths.",
        ),
        Slip(
            answer=_centred_first,
            says="You moved the columns to their mean. Directions of features start at the "
            "origin, so nothing is shifted.",
        ),
        Slip(
            answer=_features_mixed,
            says="You multiplied from the right, which mixes features. R turns the hidden "
            "dimensions: it stands on the left of W.",
        ),
        Slip(
            answer=_distance_left,
            says="You returned the distance that is left. Return the aligned weights.",
        ),
        Slip(
            answer=_all_instances_alike,
            says="You turned all instances in the same way. Each has a rotation of its own.",
        ),
    ),
    also_right=_by_the_polar_decomposition,
)
