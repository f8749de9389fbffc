"""The exercise `matched_cosine_similarity`: for each feature, a latent of its own."""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.recovering_features._shared import long_and_short
from tms_lib import recovery
from tms_lib.recovery import cosine_similarity


def _at_angles(*degrees: float) -> Tensor:
    angle = torch.tensor([math.radians(degree) for degree in degrees])
    return torch.stack([angle.cos(), angle.sin()])


def _by_hand(_draw: Draw) -> Iterator[Call]:
    # latent 0 is the nearest of both features; the second one has to take latent 1
    yield call(_at_angles(0, 30), 2 * _at_angles(10, 100))
    # feature 0 is nearest to latent 1, which goes to feature 1, the nearer one; none is left
    yield call(3 * _at_angles(40, 0, 90), _at_angles(85, 10))


def _random_directions(draw: Draw) -> Iterator[Call]:
    yield call(long_and_short(draw, 4, 2, 4), long_and_short(draw, 4, 2, 6))
    yield call(long_and_short(draw, 3, 3, 5), long_and_short(draw, 3, 3, 5))


def _fewer_latents(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(3, 3, 6), draw.normal(3, 3, 2))
    yield call(draw.normal(2, 2, 4), draw.normal(2, 2, 1))


def _opposite_directions(draw: Draw) -> Iterator[Call]:
    """Latents that are worse than right angles: the left-over features get negative cosines."""
    away = draw.normal(2, 3, 1)
    yield call(away + 0.3 * draw.normal(2, 3, 3), -away + 0.3 * draw.normal(2, 3, 4))
    yield call(torch.tensor([[1.0, -1.0], [0.0, 0.0]]), torch.tensor([[2.0], [0.1]]))
    # what is left is exactly opposite: as small as a cosine can be, and yet not crossed out
    left = torch.tensor([[-1.0], [0.0]])
    yield call(torch.cat([_at_angles(5), left], dim=1), torch.cat([-left, _at_angles(6)], dim=1))


def _lone_models(draw: Draw) -> Iterator[Call]:
    for instances in ((1,), (), (2, 3)):
        yield call(draw.normal(*instances, 3, 5), draw.normal(*instances, 3, 7))


def _one_latent_for_several(W: Tensor, W_dec: Tensor) -> Tensor:
    return (F.normalize(W, dim=-2).mT @ F.normalize(W_dec, dim=-2)).amax(-1)


def _in_the_features_order(W: Tensor, W_dec: Tensor) -> Tensor:
    similarity = F.normalize(W, dim=-2).mT @ F.normalize(W_dec, dim=-2)
    matched = torch.zeros_like(similarity[..., 0])
    for i in range(min(similarity.shape[-2:])):
        best, latent = similarity[..., i, :].max(-1)
        matched[..., i] = best
        taken = F.one_hot(latent, similarity.shape[-1]).bool()
        similarity = similarity.masked_fill(taken.unsqueeze(-2), -torch.inf)
    return matched


def _crosses_out_with_zeros(W: Tensor, W_dec: Tensor) -> Tensor:
    similarity = F.normalize(W, dim=-2).mT @ F.normalize(W_dec, dim=-2)
    n_features, n_latents = similarity.shape[-2:]
    matched = torch.zeros_like(similarity[..., 0])
    for _ in range(min(n_features, n_latents)):
        best, place = similarity.flatten(-2).max(-1)
        feature = F.one_hot(place // n_latents, n_features).bool()
        latent = F.one_hot(place % n_latents, n_latents).bool()
        matched = torch.where(feature & (best != 0).unsqueeze(-1), best.unsqueeze(-1), matched)
        taken = feature.unsqueeze(-1) | latent.unsqueeze(-2)
        similarity = similarity.masked_fill(taken, 0.0)
    return matched


def _without_signs(W: Tensor, W_dec: Tensor) -> Tensor:
    similarity = (F.normalize(W, dim=-2).mT @ F.normalize(W_dec, dim=-2)).abs()
    n_features, n_latents = similarity.shape[-2:]
    matched = torch.zeros_like(similarity[..., 0])
    for _ in range(min(n_features, n_latents)):
        best, place = similarity.flatten(-2).max(-1)
        feature = F.one_hot(place // n_latents, n_features).bool()
        latent = F.one_hot(place % n_latents, n_latents).bool()
        matched = torch.where(feature, best.unsqueeze(-1), matched)
        taken = feature.unsqueeze(-1) | latent.unsqueeze(-2)
        similarity = similarity.masked_fill(taken, -torch.inf)
    return matched


def _keeps_the_feature(W: Tensor, W_dec: Tensor) -> Tensor:
    similarity = F.normalize(W, dim=-2).mT @ F.normalize(W_dec, dim=-2)
    n_features, n_latents = similarity.shape[-2:]
    matched = torch.zeros_like(similarity[..., 0])
    for _ in range(min(n_features, n_latents)):
        best, place = similarity.flatten(-2).max(-1)
        feature = F.one_hot(place // n_latents, n_features).bool()
        latent = F.one_hot(place % n_latents, n_latents).bool()
        matched = torch.where(feature, best.unsqueeze(-1), matched)
        similarity = similarity.masked_fill(latent.unsqueeze(-2), -torch.inf)
    return matched


def _nearest_of_each_latent(W: Tensor, W_dec: Tensor) -> Tensor:
    return (F.normalize(W, dim=-2).mT @ F.normalize(W_dec, dim=-2)).amax(-2)


def _only_mutual_ones(W: Tensor, W_dec: Tensor) -> Tensor:
    similarity = F.normalize(W, dim=-2).mT @ F.normalize(W_dec, dim=-2)
    best = similarity.amax(-1)
    mutual = (similarity == best.unsqueeze(-1)) & (similarity == similarity.amax(-2, keepdim=True))
    return best * mutual.any(-1)


def _infinite_without_a_latent(W: Tensor, W_dec: Tensor) -> Tensor:
    similarity = F.normalize(W, dim=-2).mT @ F.normalize(W_dec, dim=-2)
    n_features, n_latents = similarity.shape[-2:]
    matched = torch.full_like(similarity[..., 0], -torch.inf)
    for _ in range(min(n_features, n_latents)):
        best, place = similarity.flatten(-2).max(-1)
        feature = F.one_hot(place // n_latents, n_features).bool()
        latent = F.one_hot(place % n_latents, n_latents).bool()
        matched = torch.where(feature, best.unsqueeze(-1), matched)
        taken = feature.unsqueeze(-1) | latent.unsqueeze(-2)
        similarity = similarity.masked_fill(taken, -torch.inf)
    return matched


def _pairs_in_falling_order(W: Tensor, W_dec: Tensor) -> Tensor:
    n_features, n_latents = W.shape[-1], W_dec.shape[-1]
    similarity = cosine_similarity(W, W_dec).reshape(-1, n_features, n_latents)
    result = torch.zeros_like(similarity[..., 0])
    for one, matched in zip(similarity, result, strict=True):
        free_features, free_latents = set(range(n_features)), set(range(n_latents))
        for place in one.flatten().argsort(descending=True).tolist():
            i, k = divmod(place, n_latents)
            if i in free_features and k in free_latents:
                matched[i] = one[i, k]
                free_features.remove(i)
                free_latents.remove(k)
    return result.reshape(*W.shape[:-2], n_features)


EXERCISE = Exercise(
    reference=recovery.matched_cosine_similarity,
    points=4,
    minutes=15,
    difficulty=3,
    checks=(
        equals_reference("directions in a plane, by hand", _by_hand),
        equals_reference("random directions, several instances", _random_directions, weight=3),
        equals_reference("a feature that is left without a latent gets 0", _fewer_latents),
        equals_reference("opposite directions are matched last", _opposite_directions),
        equals_reference("one instance keeps its axis, and none needs one", _lone_models),
        *contract(_random_directions),
    ),
    slips=(
        Slip(
            answer=_one_latent_for_several,
            says="You gave each feature its nearest latent, whoever else has it. A latent serves "
            "one feature.",
        ),
        Slip(
            answer=_in_the_features_order,
            says="You let the features choose in the order of their numbers. The largest cosine "
            "of all chooses first.",
        ),
        Slip(
            answer=_crosses_out_with_zeros,
            says="You crossed out taken pairs with 0, which beats every negative cosine that is "
            "left. Use -torch.inf.",
        ),
        Slip(
            answer=_without_signs,
            says="You matched absolute cosines. A latent opposite to a feature is no match for it.",
        ),
        Slip(
            answer=_keeps_the_feature,
            says="You crossed out the latent but not the feature, so that a feature is matched "
            "again with a worse one.",
        ),
        Slip(
            answer=_nearest_of_each_latent,
            says="You looked for each latent's nearest feature. Return one cosine per feature.",
        ),
        Slip(
            answer=_only_mutual_ones,
            says="You kept only pairs that are each other's nearest. The features that are left "
            "choose among the latents that are left.",
        ),
        Slip(
            answer=_infinite_without_a_latent,
            says="A feature that is left without a latent gets 0, so that a mean over the "
            "features stays a number.",
        ),
    ),
    also_right=_pairs_in_falling_order,
)
