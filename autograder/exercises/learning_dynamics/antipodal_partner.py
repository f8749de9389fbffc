"""The exercise `antipodal_partner`: which feature points the other way."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import equals_reference, keeps_arguments, keeps_device
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import geometry


def _by_hand(_draw: Draw) -> Iterator[Call]:
    # 0 and 2 are opposite; 3 is near 0, and 1 has nobody
    yield call(torch.tensor([[1.0, 0.0, -2.0, 1.0], [0.0, 4.0, 0.1, -0.3]]))


def _clear_of(threshold: float, draw: Draw, *shape: int) -> Tensor:
    """Random weights of which no cosine is so near to -threshold that rounding decides.

    Lengths differ, so that products and cosines disagree.
    """
    length = draw.uniform(*shape[:-2], 1, shape[-1], low=0.2, high=2.0)
    while True:
        W_hat = F.normalize(draw.normal(*shape), dim=-2)
        lowest = (W_hat.mT @ W_hat).sort(-1).values
        close = (lowest[..., 0] + threshold).abs() < 1e-3
        ties = (lowest[..., 1] - lowest[..., 0]) < 1e-3
        if not (close | ties).any():
            return length * W_hat


def _random_features(draw: Draw) -> Iterator[Call]:
    yield call(_clear_of(0.9, draw, 3, 2, 7))
    yield call(_clear_of(0.9, draw, 4, 2, 6))


def _one_model(draw: Draw) -> Iterator[Call]:
    yield call(_clear_of(0.9, draw, 1, 2, 7))
    yield call(_clear_of(0.9, draw, 2, 8))
    yield call(_clear_of(0.9, draw, 2, 3, 3, 3))  # as many rows as columns


def _other_thresholds(draw: Draw) -> Iterator[Call]:
    yield call(_clear_of(0.5, draw, 3, 3, 6), threshold=0.5)
    yield call(_clear_of(0.99, draw, 3, 2, 6), threshold=0.99)


def _short_columns(draw: Draw) -> Iterator[Call]:
    yield call(1e-6 * _clear_of(0.9, draw, 2, 2, 7))


def _octahedra(draw: Draw) -> Iterator[Call]:
    # of different sizes and in different orders, and two columns of zeros
    directions = torch.cat([torch.eye(3), -torch.eye(3), torch.zeros(3, 2)], dim=-1)
    for _ in range(2):
        order = torch.argsort(draw.uniform(8))
        turn = torch.linalg.qr(draw.normal(3, 3)).Q
        yield call(turn @ directions[:, order] * draw.uniform(8, low=0.05, high=3.0))
    yield call(torch.zeros(2, 1, 1))


def _most_negative_product(W: Tensor, *, threshold: float = 0.9) -> Tensor:
    lowest, partner = (W.mT @ W).min(-1)
    return torch.where(lowest < -threshold, partner, -1)


def _half_normalised(W: Tensor, *, threshold: float = 0.9) -> Tensor:
    lowest, partner = (F.normalize(W, dim=-2).mT @ W).min(-1)
    return torch.where(lowest < -threshold, partner, -1)


def _same_direction(W: Tensor, *, threshold: float = 0.9) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    itself = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device)
    highest, partner = (W_hat.mT @ W_hat - 3 * itself).max(-1)
    return torch.where(highest > threshold, partner, -1)


def _either_direction(W: Tensor, *, threshold: float = 0.9) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    itself = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device)
    highest, partner = ((W_hat.mT @ W_hat).abs() - 3 * itself).max(-1)
    return torch.where(highest > threshold, partner, -1)


def _always_somebody(W: Tensor, *, threshold: float = 0.9) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    return (W_hat.mT @ W_hat).argmin(-1)


def _itself_if_nobody(W: Tensor, *, threshold: float = 0.9) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    lowest, partner = (W_hat.mT @ W_hat).min(-1)
    itself = torch.arange(W.shape[-1], device=W.device)
    return torch.where(lowest < -threshold, partner, itself)


def _zero_if_nobody(W: Tensor, *, threshold: float = 0.9) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    lowest, partner = (W_hat.mT @ W_hat).min(-1)
    return torch.where(lowest < -threshold, partner, 0)


def _first_beyond_the_threshold(W: Tensor, *, threshold: float = 0.9) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    beyond = W_hat.mT @ W_hat < -threshold
    return torch.where(beyond.any(-1), beyond.int().argmax(-1), -1)


def _mutual_partners_only(W: Tensor, *, threshold: float = 0.9) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    lowest, partner = (W_hat.mT @ W_hat).min(-1)
    itself = torch.arange(W.shape[-1], device=W.device)
    mutual = partner.gather(-1, partner) == itself
    return torch.where((lowest < -threshold) & mutual, partner, -1)


def _cosine_itself(W: Tensor, *, threshold: float = 0.9) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    return (W_hat.mT @ W_hat).amin(-1)


def _has_a_partner(W: Tensor, *, threshold: float = 0.9) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    return (W_hat.mT @ W_hat).amin(-1) < -threshold


def _ignores_the_threshold_given(W: Tensor, *, threshold: float = 0.9) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    lowest, partner = (W_hat.mT @ W_hat).min(-1)
    return torch.where(lowest < -0.9, partner, -1)


def _rows_of_weights(W: Tensor, *, threshold: float = 0.9) -> Tensor:
    W_hat = F.normalize(W, dim=-1)
    lowest, partner = (W_hat @ W_hat.mT).min(-1)
    return torch.where(lowest < -threshold, partner, -1)


def _feature_after_feature(W: Tensor, *, threshold: float = 0.9) -> Tensor:
    length = W.square().sum(-2).sqrt()
    partners = []
    for i in range(W.shape[-1]):
        product = (W[..., i : i + 1] * W).sum(-2)
        size = length[..., i : i + 1] * length
        cosine = product / torch.where(size > 0, size, 1)
        lowest = cosine.argsort(-1)[..., 0]
        opposite = cosine.amin(-1) < -threshold
        partners.append(lowest * opposite - (~opposite).long())
    return torch.stack(partners, dim=-1)


EXERCISE = Exercise(
    reference=geometry.antipodal_partner,
    points=2,
    minutes=10,
    difficulty=2,
    checks=(
        equals_reference("four features, by hand", _by_hand),
        equals_reference("random weights, several instances", _random_features, weight=2),
        equals_reference("one instance, and no instance axis", _one_model),
        equals_reference("another threshold", _other_thresholds),
        equals_reference("short columns, as early in training", _short_columns),
        equals_reference("octahedra, and columns of zeros", _octahedra),
        keeps_arguments(_random_features),
        keeps_device(_random_features),
    ),
    slips=(
        Slip(
            answer=_most_negative_product,
            says="You compared products of the columns, which depend on their lengths. Divide by "
            "both: a cosine asks for the direction only.",
        ),
        Slip(
            answer=_half_normalised,
            says="You made one of the two columns a unit vector. A cosine needs both.",
        ),
        Slip(
            answer=_same_direction,
            says="You looked for the largest cosine, a feature that points the same way. The "
            "partner points the other way.",
        ),
        Slip(
            answer=_either_direction,
            says="You took the absolute value, so that a feature of the same direction counts. The "
            "partner's cosine is negative.",
        ),
        Slip(
            answer=_always_somebody,
            says="You named a partner for every feature. Only one with a cosine below "
            "-threshold counts; else the result is -1.",
        ),
        Slip(
            answer=_itself_if_nobody,
            says="You named the feature itself where it has no partner. There the result is -1.",
        ),
        Slip(
            answer=_zero_if_nobody,
            says="You wrote 0 where there is no partner. But 0 is a feature: write -1.",
        ),
        Slip(
            answer=_first_beyond_the_threshold,
            says="You took the first feature beyond the threshold. If there are several, take the "
            "one with the lowest cosine.",
        ),
        Slip(
            answer=_mutual_partners_only,
            says="You named only partners that name each other. A feature's partner may be nearer "
            "to the opposite of another one; it counts all the same.",
        ),
        Slip(
            answer=_cosine_itself,
            says="You returned the lowest cosine. Return the index of the feature that has it.",
        ),
        Slip(
            answer=_has_a_partner,
            says="You returned whether there is a partner. Return its index, or -1.",
        ),
        Slip(
            answer=_ignores_the_threshold_given,
            says="You compared with 0.9 whatever the caller asks. Use the argument threshold.",
        ),
        Slip(
            answer=_rows_of_weights,
            says="You compared rows of W, the hidden dimensions. Features are columns.",
        ),
    ),
    also_right=_feature_after_feature,
)
