"""The exercise `feature_graph`: which pairs of features share a dimension."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import equals_reference, keeps_arguments, keeps_device
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import geometry
from tms_lib.models import gram


def _small_graphs(_draw: Draw) -> Iterator[Call]:
    # an antipodal pair, a long feature and one that leans on it, and a very short one
    yield call(torch.tensor([[1.0, -0.7, 0.0, 0.4, 0.15], [0.0, 0.0, 1.5, 0.6, 0.0]]))


def _clear_of(threshold: float, draw: Draw, *shape: int) -> Tensor:
    """Random weights of which no pair is so near to the threshold that rounding decides."""
    scale = draw.uniform(*shape[:-2], 1, shape[-1], low=0.3, high=1.5)
    while True:
        W = draw.normal(*shape) * scale
        overlap = gram(W).abs() / gram(W).amax((-2, -1), keepdim=True)
        if not ((overlap - threshold).abs() < 1e-3).any():
            return W


def _random_graphs(draw: Draw) -> Iterator[Call]:
    yield call(_clear_of(0.2, draw, 3, 2, 5))
    yield call(_clear_of(0.2, draw, 2, 4, 9))
    yield call(10 * _clear_of(0.2, draw, 4, 3, 6))


def _one_graph(draw: Draw) -> Iterator[Call]:
    yield call(_clear_of(0.2, draw, 1, 2, 4))
    yield call(_clear_of(0.2, draw, 3, 6))
    yield call(_clear_of(0.2, draw, 2, 2, 3, 3))  # as many rows as columns


def _other_graph_thresholds(draw: Draw) -> Iterator[Call]:
    yield call(_clear_of(0.4, draw, 3, 3, 6), threshold=0.4)
    yield call(_clear_of(0.05, draw, 3, 3, 6), threshold=0.05)


def _different_sizes(draw: Draw) -> Iterator[Call]:
    # the same solution in three sizes: its graph is the same three times
    W = _clear_of(0.2, draw, 3, 6)
    yield call(torch.stack([0.05 * W, W, 20 * W]))


def _overlap_at_the_threshold(_draw: Draw) -> Iterator[Call]:
    # 1/2 and 1/4 of the largest squared norm, exactly; nothing at all has no edges
    W = torch.tensor([[2.0, 1.0, -0.5, 0.4375], [0.0, 0.0, 0.0, 0.0]])
    yield call(W, threshold=0.25)
    yield call(torch.zeros(2, 3, 4))


def _signed_products(W: Tensor, *, threshold: float = 0.2) -> Tensor:
    overlap = W.mT @ W
    return overlap > threshold * overlap.amax((-2, -1), keepdim=True)


def _cosines(W: Tensor, *, threshold: float = 0.2) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    return (W_hat.mT @ W_hat).abs() > threshold


def _own_norms_only(W: Tensor, *, threshold: float = 0.2) -> Tensor:
    return (W.mT @ W).abs() > threshold * (W**2).sum(-2).unsqueeze(-1)


def _absolute_threshold(W: Tensor, *, threshold: float = 0.2) -> Tensor:
    return (W.mT @ W).abs() > threshold


def _norm_not_squared(W: Tensor, *, threshold: float = 0.2) -> Tensor:
    longest = (W**2).sum(-2).sqrt().amax(-1)
    return (W.mT @ W).abs() > threshold * longest[..., None, None]


def _largest_of_all_models(W: Tensor, *, threshold: float = 0.2) -> Tensor:
    overlap = (W.mT @ W).abs()
    return overlap > threshold * overlap.max()


def _without_the_diagonal(W: Tensor, *, threshold: float = 0.2) -> Tensor:
    overlap = (W.mT @ W).abs()
    near = overlap > threshold * overlap.amax((-2, -1), keepdim=True)
    return near & ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)


def _whole_diagonal(W: Tensor, *, threshold: float = 0.2) -> Tensor:
    overlap = (W.mT @ W).abs()
    near = overlap > threshold * overlap.amax((-2, -1), keepdim=True)
    return near | torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)


def _from_the_threshold_on(W: Tensor, *, threshold: float = 0.2) -> Tensor:
    overlap = (W.mT @ W).abs()
    return overlap >= threshold * overlap.amax((-2, -1), keepdim=True)


def _one_threshold_for_all(W: Tensor, *, threshold: float = 0.2) -> Tensor:
    overlap = (W.mT @ W).abs()
    return overlap > 0.2 * overlap.amax((-2, -1), keepdim=True)


def _squared_products(W: Tensor, *, threshold: float = 0.2) -> Tensor:
    overlap = (W.mT @ W) ** 2
    return overlap > threshold * overlap.amax((-2, -1), keepdim=True)


def _weights_instead_of_a_graph(W: Tensor, *, threshold: float = 0.2) -> Tensor:
    overlap = (W.mT @ W).abs()
    return overlap * (overlap > threshold * overlap.amax((-2, -1), keepdim=True))


def _dimensions_that_share(W: Tensor, *, threshold: float = 0.2) -> Tensor:
    overlap = (W @ W.mT).abs()
    return overlap > threshold * overlap.amax((-2, -1), keepdim=True)


def _orthogonal_pairs(W: Tensor, *, threshold: float = 0.2) -> Tensor:
    overlap = (W.mT @ W).abs()
    return overlap <= threshold * overlap.amax((-2, -1), keepdim=True)


def _graph_pair_by_pair(W: Tensor, *, threshold: float = 0.2) -> Tensor:
    rows = []
    limit = threshold * W.square().sum(-2).max(-1).values
    for i in range(W.shape[-1]):
        product = torch.einsum("...h,...hj->...j", W[..., i], W)
        rows.append((product > limit[..., None]) | (product < -limit[..., None]))
    return torch.stack(rows, dim=-1)


EXERCISE = Exercise(
    reference=geometry.feature_graph,
    points=2,
    minutes=8,
    difficulty=2,
    checks=(
        equals_reference("a small case that you can do by hand", _small_graphs),
        equals_reference("random weights, several instances", _random_graphs, weight=2),
        equals_reference("one instance, and no instance axis", _one_graph),
        equals_reference("each instance's threshold follows its size", _different_sizes),
        equals_reference("another threshold", _other_graph_thresholds),
        equals_reference("an overlap at the threshold, and W = 0", _overlap_at_the_threshold),
        keeps_arguments(_random_graphs),
        keeps_device(_random_graphs),
    ),
    slips=(
        Slip(
            answer=_signed_products,
            says="You compared the products with their sign, so antipodal features are not "
            "connected. Take the absolute value: they share their dimension more than any others.",
        ),
        Slip(
            answer=_cosines,
            says="You compared cosines. A feature that is nearly absent has a direction too, and "
            "would connect; compare the products of the columns themselves.",
        ),
        Slip(
            answer=_own_norms_only,
            says="You compared with each feature's own squared norm, so that i could be connected "
            "to j and j not to i. Compare with the largest squared norm of the model.",
        ),
        Slip(
            answer=_absolute_threshold,
            says="You compared with the threshold itself. It is a fraction of the model's largest "
            "squared norm.",
        ),
        Slip(
            answer=_norm_not_squared,
            says="You compared with the largest norm. Products of two columns compare with its "
            "square.",
        ),
        Slip(
            answer=_largest_of_all_models,
            says="You took the largest squared norm of all instances. Each model is compared with "
            "its own.",
        ),
        Slip(
            answer=_without_the_diagonal,
            says="You removed the diagonal. It stays: it says which features are represented.",
        ),
        Slip(
            answer=_whole_diagonal,
            says="You filled the diagonal. A feature is connected to itself only if its squared "
            "norm exceeds the threshold.",
        ),
        Slip(
            answer=_from_the_threshold_on,
            says="You connected pairs that equal the threshold. They must exceed it.",
        ),
        Slip(
            answer=_one_threshold_for_all,
            says="You compared with 0.2 whatever the caller asks. Use the argument threshold.",
        ),
        Slip(
            answer=_squared_products,
            says="You squared the products. Compare their absolute values.",
        ),
        Slip(
            answer=_weights_instead_of_a_graph,
            says="You returned the overlaps. Return which ones exceed the threshold, as bool.",
        ),
        Slip(
            answer=_dimensions_that_share,
            says="You compared rows of W, the hidden dimensions. Features are columns.",
        ),
        Slip(
            answer=_orthogonal_pairs,
            says="You marked the pairs that do not share a dimension. Mark those that do.",
        ),
    ),
    also_right=_graph_pair_by_pair,
)
