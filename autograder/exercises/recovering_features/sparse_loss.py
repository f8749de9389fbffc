"""The exercise `sparse_loss`: reconstruction error, and a price for every latent."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference, passes_gradients
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.recovering_features._shared import latents_like
from tms_lib import autoencoder


def _by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(
        torch.tensor([[[1.0, 2.0], [0.0, 0.0]]]),
        torch.tensor([[[0.5, 2.0], [0.0, 3.0]]]),
        latents=torch.tensor([[[1.0, 2.0, 0.0], [0.0, 0.0, 0.5]]]),
        l1=0.1,
    )


def _random_inputs(draw: Draw) -> Iterator[Call]:
    for n, batch, hidden, latents in ((4, 4, 3, 5), (2, 6, 4, 4)):
        yield call(
            draw.normal(n, batch, hidden),
            draw.normal(n, batch, hidden),
            latents=latents_like(draw, n, batch, latents),
            l1=0.05 * draw.integer(3, 30),
        )


def _lone_inputs(draw: Draw) -> Iterator[Call]:
    for instances in ((1,), (), (2, 3)):
        yield call(
            draw.normal(*instances, 6, 3),
            draw.normal(*instances, 6, 3),
            latents=latents_like(draw, *instances, 6, 5),
            l1=0.3,
        )


def _edges(draw: Draw) -> Iterator[Call]:
    h, h_hat = draw.normal(2, 5, 3), draw.normal(2, 5, 3)
    latents = latents_like(draw, 2, 5, 4)
    yield call(h, h_hat, latents=latents, l1=0.0)
    yield call(h, h, latents=latents, l1=0.7)
    yield call(h, h_hat, latents=torch.zeros(2, 5, 4), l1=0.7)


def _all_active(draw: Draw) -> Iterator[Call]:
    """Without zeros, where the gradient of an absolute value is another than that of the value."""
    yield call(
        draw.normal(3, 4, 3),
        draw.normal(3, 4, 3),
        latents=draw.uniform(3, 4, 5, low=0.1, high=2.0),
        l1=0.6,
    )


def _mean_over_dimensions(h: Tensor, h_hat: Tensor, *, latents: Tensor, l1: float) -> Tensor:
    return ((h - h_hat) ** 2).mean(-1) + l1 * latents.sum(-1)


def _mean_over_latents(h: Tensor, h_hat: Tensor, *, latents: Tensor, l1: float) -> Tensor:
    return ((h - h_hat) ** 2).sum(-1) + l1 * latents.mean(-1)


def _both_means(h: Tensor, h_hat: Tensor, *, latents: Tensor, l1: float) -> Tensor:
    return ((h - h_hat) ** 2).mean(-1) + l1 * latents.mean(-1)


def _squared_latents(h: Tensor, h_hat: Tensor, *, latents: Tensor, l1: float) -> Tensor:
    return ((h - h_hat) ** 2).sum(-1) + l1 * (latents**2).sum(-1)


def _counts_latents(h: Tensor, h_hat: Tensor, *, latents: Tensor, l1: float) -> Tensor:
    return ((h - h_hat) ** 2).sum(-1) + l1 * (latents > 0).sum(-1)


def _free_latents(h: Tensor, h_hat: Tensor, *, latents: Tensor, l1: float) -> Tensor:
    return ((h - h_hat) ** 2).sum(-1)


def _price_of_one(h: Tensor, h_hat: Tensor, *, latents: Tensor, l1: float) -> Tensor:
    return ((h - h_hat) ** 2).sum(-1) + latents.sum(-1)


def _rewards_latents(h: Tensor, h_hat: Tensor, *, latents: Tensor, l1: float) -> Tensor:
    return ((h - h_hat) ** 2).sum(-1) - l1 * latents.sum(-1)


def _distance(h: Tensor, h_hat: Tensor, *, latents: Tensor, l1: float) -> Tensor:
    return ((h - h_hat) ** 2).sum(-1).sqrt() + l1 * latents.sum(-1)


def _averaged_over_the_batch(h: Tensor, h_hat: Tensor, *, latents: Tensor, l1: float) -> Tensor:
    return (((h - h_hat) ** 2).sum(-1) + l1 * latents.sum(-1)).mean(-1)


def _with_norms(h: Tensor, h_hat: Tensor, *, latents: Tensor, l1: float) -> Tensor:
    difference = h_hat - h
    error = torch.einsum("...h,...h->...", difference, difference)
    return error + torch.linalg.vector_norm(l1 * latents, ord=1, dim=-1)


EXERCISE = Exercise(
    reference=autoencoder.sparse_loss,
    points=2,
    minutes=6,
    difficulty=1,
    checks=(
        equals_reference("two inputs, by hand", _by_hand),
        equals_reference("random inputs, several instances and prices", _random_inputs, weight=2),
        equals_reference("one instance keeps its axis, and none needs one", _lone_inputs),
        equals_reference("a price of 0, a perfect reconstruction, and no latent active", _edges),
        *contract(_random_inputs),
        passes_gradients(_all_active, "h_hat", "latents"),
    ),
    slips=(
        Slip(
            answer=_mean_over_dimensions,
            says="You averaged the squared error over the hidden dimensions. It is their sum, "
            "or the price weighs more in a larger model.",
        ),
        Slip(
            answer=_mean_over_latents,
            says="You averaged the latents. Their sum is what counts: more latents on one input "
            "cost more.",
        ),
        Slip(
            answer=_both_means,
            says="You averaged, over dimensions and over latents. Both are sums.",
        ),
        Slip(
            answer=_squared_latents,
            says="You squared the latents. Squares spread a value over many small latents; the "
            "plain sum does not care, and that leaves room for few.",
        ),
        Slip(
            answer=_counts_latents,
            says="You counted the active latents. The count has no gradient; the sum of their "
            "values has.",
        ),
        Slip(
            answer=_free_latents,
            says="You left out the price of the latents.",
        ),
        Slip(
            answer=_price_of_one,
            says="You left out lambda. The sum of the latents is multiplied by l1.",
        ),
        Slip(
            answer=_rewards_latents,
            says="You subtracted the price, which rewards large latents. Add it.",
        ),
        Slip(
            answer=_distance,
            says="You took the root of the squared error. The loss has the square itself.",
        ),
        Slip(
            answer=_averaged_over_the_batch,
            says="You averaged over the batch. Return the loss of each input; the training "
            "averages.",
        ),
    ),
    also_right=_with_norms,
)
