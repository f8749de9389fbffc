"""Chapter 3: what a model does with each feature, and the best that a linear model can do."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

import functools
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  (torch's own convention)
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import (
    WrongValueError,
    contract,
    equals_reference,
    holds,
    keeps_arguments,
    keeps_device,
    uses_generator,
)
from autograder.compare import form_difference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import metrics, theory, training
from tms_lib.features import feature_moments, sample_features
from tms_lib.metrics import count_represented
from tms_lib.models import LinearModel, ReLUOutputModel, gram, linear_output, relu_output
from tms_lib.training import TrainConfig, best_of_seeds, expected_loss, train

# Feature norm and superposition ------------------------------------------------------------------


def _small_weights(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[3.0, 0.0, 1.0], [4.0, 2.0, 1.0]]))


def _random_weights(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(3, 2, 5))
    yield call(draw.normal(2, 4, 7) * draw.uniform(2, 1, 7, low=0.2, high=3.0))


def _one_instance(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 2, 4))
    yield call(draw.normal(3, 6))
    yield call(draw.normal(2, 1, 3))


def _row_norms(W: Tensor) -> Tensor:
    return (W**2).sum(-1).sqrt()


def _norm_squared(W: Tensor) -> Tensor:
    return (W**2).sum(-2)


def _norm_of_absolute_values(W: Tensor) -> Tensor:
    return W.abs().sum(-2)


def _norm_over_instances(W: Tensor) -> Tensor:
    return (W**2).sum(0).sqrt()


def _mean_instead_of_sum(W: Tensor) -> Tensor:
    return (W**2).mean(-2).sqrt()


def _one_norm_per_model(W: Tensor) -> Tensor:
    return (W**2).sum((-2, -1)).sqrt()


def _norm_as_root_of_the_diagonal(W: Tensor) -> Tensor:
    return torch.diagonal(W.transpose(-2, -1) @ W, dim1=-2, dim2=-1).sqrt()


def _small_superpositions(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[1.0, 2.0, -0.5]]))
    yield call(torch.tensor([[1.0, 0.0, 1.0], [0.0, 3.0, 1.0]]))


def _zero_column(draw: Draw) -> Iterator[Call]:
    W = draw.normal(2, 3, 5)
    W[0, :, 1] = 0.0
    yield call(W)


def _counts_itself(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    return (torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2).sum(-1)


def _normalises_both(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    cosine = torch.einsum("...hi,...hj->...ij", W_hat, W_hat)
    return (cosine**2).sum(-1) - (cosine.diagonal(dim1=-2, dim2=-1) ** 2)


def _normalises_neither(W: Tensor) -> Tensor:
    overlap = torch.einsum("...hi,...hj->...ij", W, W) ** 2
    return overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)


def _normalises_the_sender(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W, W_hat) ** 2
    return overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)


def _normalises_rows(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-1)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    return overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)


def _does_not_square(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W)
    return overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)


def _takes_absolute_values(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W).abs()
    return overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)


def _squares_the_sum(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W)
    return (overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)) ** 2


def _root_of_the_sum(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    return (overlap * not_self).sum(-1).sqrt()


def _subtracts_one(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    return (torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2).sum(-1) - 1


def _mean_over_the_others(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    return (overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)) / (W.shape[-1] - 1)


def _not_a_number_at_zero(W: Tensor) -> Tensor:
    W_hat = W / (W**2).sum(-2, keepdim=True).sqrt()
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    return (overlap * not_self).sum(-1)


def _one_number(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    return overlap.sum((-2, -1)) - overlap.diagonal(dim1=-2, dim2=-1).sum(-1)


def _superposition_with_loops(W: Tensor) -> Tensor:
    total = []
    n_features = W.shape[-1]
    for i in range(n_features):
        norm = (W[..., :, i] ** 2).sum(-1).sqrt()
        others = [j for j in range(n_features) if j != i]
        dots = (W[..., :, [i]] * W[..., :, others]).sum(-2)
        safe = torch.where(norm > 0, norm, torch.ones_like(norm))
        total.append((dots**2).sum(-1) / safe**2)
    return torch.stack(total, dim=-1)


# Counting and classifying ------------------------------------------------------------------------


def _small_counts(_draw: Draw) -> Iterator[Call]:
    # of nine columns five are longer than 0.5, and one of these has no such weight
    row = [0.6, 0.9, 0.45, 0.0, 0.6, 0.0, 0.3, 0.1, 0.2]
    yield call(torch.tensor([row, [0.8, 0.0, 0.45, -0.7, 0.6, 0.4, 0.3, 0.0, 0.1]]))


def _columns(draw: Draw, norms: Tensor, n_hidden: int) -> Tensor:
    """Weights with these norms, `*instances features`, in random directions."""
    directions = F.normalize(draw.normal(*norms.shape[:-1], n_hidden, norms.shape[-1]), dim=-2)
    return directions * norms.unsqueeze(-2)


def _random_counts(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(6, 2, 5))
    # norms whose squares lie on the other side of 0.5 in every instance, and long ones
    norms = draw.uniform(3, 7, low=0.52, high=0.68)
    norms[:, 0] = draw.uniform(3, low=0.1, high=0.4)
    norms[0, 1] = 0.2
    norms[2, 2] = 3.0
    yield call(_columns(draw, norms, 4))


def _other_threshold(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(5, 3, 8), threshold=1.5)


def _norm_at_the_threshold(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[[0.5, -2.0, 0.3, 0.2]]]))


def _counts_from_the_threshold(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    return ((W**2).sum(-2).sqrt() >= threshold).sum(-1)


def _counts_squared_norms(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    return ((W**2).sum(-2) > threshold).sum(-1)


def _counts_all_instances_together(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    return ((W**2).sum(-2).sqrt() > threshold).sum()


def _counts_dimensions(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    return ((W**2).sum(-1).sqrt() > threshold).sum(-1)


def _counts_weights(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    return (W.abs() > threshold).sum((-2, -1))


def _sums_norms(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    norms = (W**2).sum(-2).sqrt()
    return (norms * (norms > threshold)).sum(-1)


def _marks_instead_of_counting(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    return (W**2).sum(-2).sqrt() > threshold


def _forgets_the_threshold(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    return ((W**2).sum(-2).sqrt() > 0.5).sum(-1)


def _counts_the_ignored(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    return ((W**2).sum(-2).sqrt() <= threshold).sum(-1)


def _count_with_loops(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    total = torch.zeros(W.shape[:-2], dtype=torch.int64, device=W.device)
    for i in range(W.shape[-1]):
        length = torch.linalg.norm(W[..., i], dim=-1)
        total += length.gt(threshold).long()
    return total


def _small_kinds(_draw: Draw) -> Iterator[Call]:
    # one feature alone, an antipodal pair, a short one that leans on the pair, a short one alone
    first = [1.0, 0.0, 0.0, 0.0, 0.0]
    yield call(torch.tensor([first, [0.0, 1.0, -1.0, 0.3, 0.0], [0.0, 0.0, 0.0, 0.0, 0.2]]))


def _axis_weights(draw: Draw) -> Iterator[Call]:
    """All three kinds in several instances, with superposition far from its threshold."""
    for n_instances in (3, 2):
        W = torch.zeros(n_instances, 4, 6)
        W[:, 0, 0] = draw.uniform(n_instances, low=0.8, high=1.2)
        W[:, 1, 1] = draw.uniform(n_instances, low=0.8, high=1.2)
        W[:, 1, 2] = -draw.uniform(n_instances, low=0.8, high=1.2)
        W[:, 2, 3] = draw.uniform(n_instances, low=0.55, high=0.65)
        W[:, 3, 5] = draw.uniform(n_instances, low=0.05, high=0.4)
        W[0, 2, 4] = 1.0
        turn = torch.linalg.qr(draw.normal(n_instances, 4, 4)).Q
        yield call(turn @ W[:, :, torch.argsort(draw.uniform(6))])


def _one_model_of_kinds(draw: Draw) -> Iterator[Call]:
    W = torch.zeros(3, 5)
    W[0, 0], W[0, 3], W[1, 1], W[1, 2], W[2, 4] = 1.0, 0.1, 0.9, -1.1, 0.2
    yield call(W * draw.uniform(3, 1, low=0.95, high=1.05))
    yield call(W[None])


def _ignored_ones(_draw: Draw) -> Iterator[Call]:
    # a zero column; a short one all alone; a short one under a long one; a long one; a long pair
    W = torch.zeros(3, 6)
    W[0, 1], W[1, 2], W[1, 3], W[2, 4], W[2, 5] = 0.2, 0.3, 1.0, 1.0, 1.0
    yield call(W)


def _other_kind_thresholds(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(4, 2, 6), norm_threshold=0.8, superposition_threshold=4.0)


def _values_at_the_thresholds(_draw: Draw) -> Iterator[Call]:
    # the first two have norm 0.5 and superposition 0.25, exactly at the thresholds; the last
    # two are an antipodal pair
    W = torch.zeros(1, 5, 7)
    W[0, 0, 0], W[0, 0, 1], W[0, 1, 2] = 0.5, 1.0, 2.0
    W[0, 2, 3], W[0, 3, 4], W[0, 4, 5], W[0, 4, 6] = 0.3, 0.2, 1.0, -1.0
    yield call(W, norm_threshold=0.5, superposition_threshold=0.25)


def _judges_superposition_first(
    W: Tensor, *, norm_threshold: float = 0.5, superposition_threshold: float = 0.5
) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    shared = overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)
    alone = torch.where((W**2).sum(-2).sqrt() > norm_threshold, 1, 0)
    return torch.where(shared > superposition_threshold, 2, alone)


def _knows_no_ignored(
    W: Tensor, *, norm_threshold: float = 0.5, superposition_threshold: float = 0.5
) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    shared = overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)
    return torch.where(shared > superposition_threshold, 2, 1)


def _swaps_the_codes(
    W: Tensor, *, norm_threshold: float = 0.5, superposition_threshold: float = 0.5
) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    shared = (overlap * not_self).sum(-1)
    kind = torch.where(shared > superposition_threshold, 1, 2)
    return torch.where((W**2).sum(-2).sqrt() > norm_threshold, kind, 0)


def _squares_the_norm(
    W: Tensor, *, norm_threshold: float = 0.5, superposition_threshold: float = 0.5
) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    shared = (overlap * not_self).sum(-1)
    kind = torch.where(shared > superposition_threshold, 2, 1)
    return torch.where((W**2).sum(-2) > norm_threshold, kind, 0)


def _exchanges_the_thresholds(
    W: Tensor, *, norm_threshold: float = 0.5, superposition_threshold: float = 0.5
) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    shared = (overlap * not_self).sum(-1)
    kind = torch.where(shared > norm_threshold, 2, 1)
    return torch.where((W**2).sum(-2).sqrt() > superposition_threshold, kind, 0)


def _fixed_thresholds(
    W: Tensor, *, norm_threshold: float = 0.5, superposition_threshold: float = 0.5
) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    shared = (overlap * not_self).sum(-1)
    kind = torch.where(shared > 0.5, 2, 1)
    return torch.where((W**2).sum(-2).sqrt() > 0.5, kind, 0)


def _includes_the_thresholds(
    W: Tensor, *, norm_threshold: float = 0.5, superposition_threshold: float = 0.5
) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    shared = (overlap * not_self).sum(-1)
    kind = torch.where(shared >= superposition_threshold, 2, 1)
    return torch.where((W**2).sum(-2).sqrt() >= norm_threshold, kind, 0)


def _kinds_with_itself(
    W: Tensor, *, norm_threshold: float = 0.5, superposition_threshold: float = 0.5
) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    shared = (torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2).sum(-1)
    kind = torch.where(shared > superposition_threshold, 2, 1)
    return torch.where((W**2).sum(-2).sqrt() > norm_threshold, kind, 0)


def _counts_the_kinds(
    W: Tensor, *, norm_threshold: float = 0.5, superposition_threshold: float = 0.5
) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    shared = (overlap * not_self).sum(-1)
    kind = torch.where(shared > superposition_threshold, 2, 1)
    kind = torch.where((W**2).sum(-2).sqrt() > norm_threshold, kind, 0)
    return torch.stack([(kind == k).sum(-1) for k in range(3)], dim=-1)


def _kinds_with_masks(
    W: Tensor, *, norm_threshold: float = 0.5, superposition_threshold: float = 0.5
) -> Tensor:
    squared = (W**2).sum(-2)
    dots = W.mT @ W
    others = (dots**2).sum(-1) - squared**2
    shared = others / torch.where(squared > 0, squared, torch.ones_like(squared))
    kind = torch.ones(squared.shape, dtype=torch.long, device=W.device)
    kind[shared > superposition_threshold] = 2
    kind[squared.sqrt() <= norm_threshold] = 0
    return kind


# The best linear model ---------------------------------------------------------------------------


def _separate(draw: Draw, p: Tensor) -> Tensor:
    """Importances that make the costs I_i Var[x_i] clearly different, in a random order.

    The order is neither that of the importances nor that of the densities.
    """
    *instances, n = p.shape
    order = torch.argsort(draw.uniform(*instances, n), dim=-1)
    cost = (order + draw.uniform(*instances, n, low=0.8, high=1.2)) / n
    return cost / feature_moments(p).variance


def _small_linear(_draw: Draw) -> Iterator[Call]:
    # costs .0586, .0833, .0567, .1042, .0617: the most important, the first, and the one with
    # the largest second moment are all others than the one to keep
    yield call(
        torch.tensor([0.1, 1.0, 0.2, 0.5, 0.1]),
        importance=torch.tensor([1.9, 1.0, 1.0, 1.0, 2.0]),
        n_hidden=1,
    )
    # costs .0933, .0208, .0521
    yield call(torch.tensor([0.4, 0.5, 0.5]), importance=torch.tensor([1.0, 0.2, 0.5]), n_hidden=2)


def _one_density(draw: Draw) -> Iterator[Call]:
    p = draw.uniform(4, 1, low=0.05, high=1.0).expand(4, 7).clone()
    yield call(p, importance=_separate(draw, p), n_hidden=3)


def _every_density_its_own(draw: Draw) -> Iterator[Call]:
    for shape, n_hidden in (((4, 6), 2), ((2, 8), 5)):
        p = draw.uniform(*shape, low=0.05, high=1.0)
        yield call(p, importance=_separate(draw, p), n_hidden=n_hidden)


def _one_linear_instance(draw: Draw) -> Iterator[Call]:
    for shape in ((1, 7), (8,)):
        p = draw.uniform(*shape, low=0.05, high=1.0)
        yield call(p, importance=_separate(draw, p), n_hidden=3)


def _edges(draw: Draw) -> Iterator[Call]:
    # a feature that is never active costs nothing; without room to spare nothing is ignored
    p = torch.tensor([[0.0, 1.0, 0.4, 0.7]])
    cost = torch.tensor([[9.0, 3.0, 2.0, 1.0]]) + draw.uniform(1, 4, low=0.0, high=0.5)
    importance = cost / torch.where(p > 0, feature_moments(p).variance, torch.ones_like(p))
    yield call(p, importance=importance, n_hidden=2)
    yield call(p[:, 1:], importance=importance[:, 1:], n_hidden=3)


def _in_thirds(draw: Draw) -> Iterator[Call]:
    """In float64, with numbers that float32 does not have."""
    p = draw.uniform(3, 5, low=0.2, high=3.0).double() / 3
    yield call(p, importance=_separate(draw, p), n_hidden=2)


def _function(value: Any, _call: Call) -> Any:
    """What the model computes: it stays the same when W is rotated."""
    W, b = value
    return gram(W), b


def _first_features(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p = (feature_probability + 0 * importance).clone()
    W = torch.zeros(*p.shape[:-1], n_hidden, p.shape[-1], dtype=p.dtype, device=p.device)
    b = p / 2
    for k in range(n_hidden):
        W[..., k, k] = 1
        b[..., k] = 0
    return W, b


def _most_important(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p, weight = torch.broadcast_tensors(feature_probability, importance)
    W = F.one_hot(weight.topk(n_hidden, dim=-1).indices, p.shape[-1]).to(p.dtype)
    return W, p / 2 * (1 - W.sum(-2))


def _largest_variance(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    kept = (p / 3 - p**2 / 4).argsort(dim=-1, stable=True)[..., -n_hidden:]
    W = F.one_hot(kept, p.shape[-1]).to(p.dtype)
    return W, p / 2 * (1 - W.sum(-2))


def _second_moment(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p = feature_probability
    W = F.one_hot((importance * p / 3).topk(n_hidden, dim=-1).indices, p.shape[-1]).to(p.dtype)
    return W, p / 2 * (1 - W.sum(-2))


def _least_costly(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p = feature_probability
    cost = importance * (p / 3 - p**2 / 4)
    W = F.one_hot((-cost).topk(n_hidden, dim=-1).indices, p.shape[-1]).to(p.dtype)
    return W, p / 2 * (1 - W.sum(-2))


def _no_bias(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p = feature_probability
    cost = importance * (p / 3 - p**2 / 4)
    W = F.one_hot(cost.topk(n_hidden, dim=-1).indices, p.shape[-1]).to(p.dtype)
    return W, torch.zeros_like(cost)


def _bias_everywhere(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p = feature_probability
    cost = importance * (p / 3 - p**2 / 4)
    W = F.one_hot(cost.topk(n_hidden, dim=-1).indices, p.shape[-1]).to(p.dtype)
    return W, p / 2 + 0 * cost


def _bias_on_the_kept(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p = feature_probability
    cost = importance * (p / 3 - p**2 / 4)
    W = F.one_hot(cost.topk(n_hidden, dim=-1).indices, p.shape[-1]).to(p.dtype)
    return W, p / 2 * W.sum(-2)


def _mean_of_the_active(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p = feature_probability
    cost = importance * (p / 3 - p**2 / 4)
    W = F.one_hot(cost.topk(n_hidden, dim=-1).indices, p.shape[-1]).to(p.dtype)
    return W, 0.5 * (1 - W.sum(-2))


def _mean_of_the_squares(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p = feature_probability
    cost = importance * (p / 3 - p**2 / 4)
    W = F.one_hot(cost.topk(n_hidden, dim=-1).indices, p.shape[-1]).to(p.dtype)
    return W, p / 3 * (1 - W.sum(-2))


def _optimum_with_loops(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor]:
    p, weight = torch.broadcast_tensors(feature_probability, importance)
    W = torch.zeros(*p.shape[:-1], n_hidden, p.shape[-1], dtype=p.dtype, device=p.device)
    b = p / 2
    ranks = (weight * p * (4 - 3 * p)).argsort(-1)
    for k in range(n_hidden):
        feature = ranks[..., -1 - k].unsqueeze(-1)
        W[..., k, :].scatter_(-1, feature, 1.0)
        b = b.scatter(-1, feature, 0.0)
    square = torch.arange(n_hidden**2, dtype=W.dtype, device=W.device).view(n_hidden, n_hidden)
    turn = torch.linalg.qr(square**1.5 + 1).Q
    return turn @ W, b


def _sums_the_kept(feature_probability: Tensor, *, importance: Tensor, n_hidden: int) -> Tensor:
    p = feature_probability
    cost = importance * (p / 3 - p**2 / 4)
    return cost.topk(n_hidden, dim=-1).values.sum(-1)


def _sums_all(feature_probability: Tensor, *, importance: Tensor, n_hidden: int) -> Tensor:
    p = feature_probability
    return (importance * (p / 3 - p**2 / 4)).sum(-1)


def _does_not_sort(feature_probability: Tensor, *, importance: Tensor, n_hidden: int) -> Tensor:
    p = feature_probability
    return (importance * (p / 3 - p**2 / 4))[..., n_hidden:].sum(-1)


def _sorts_by_importance(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> Tensor:
    p, weight = torch.broadcast_tensors(feature_probability, importance)
    cost = weight * (p / 3 - p**2 / 4)
    ignored = weight.argsort(dim=-1, descending=True)[..., n_hidden:]
    return cost.gather(-1, ignored).sum(-1)


def _loss_without_bias(feature_probability: Tensor, *, importance: Tensor, n_hidden: int) -> Tensor:
    cost = importance * feature_probability / 3
    return cost.sort(dim=-1, descending=True).values[..., n_hidden:].sum(-1)


def _loss_without_importance(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> Tensor:
    p = feature_probability + 0 * importance
    cost = p / 3 - p**2 / 4
    return cost.sort(dim=-1, descending=True).values[..., n_hidden:].sum(-1)


def _variance_of_the_active(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> Tensor:
    cost = importance * feature_probability / 12
    return cost.sort(dim=-1, descending=True).values[..., n_hidden:].sum(-1)


def _mean_over_the_ignored(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> Tensor:
    p = feature_probability
    cost = importance * (p / 3 - p**2 / 4)
    return cost.sort(dim=-1, descending=True).values[..., n_hidden:].mean(-1)


def _divides_by_the_features(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> Tensor:
    p = feature_probability
    cost = importance * (p / 3 - p**2 / 4)
    return cost.sort(dim=-1, descending=True).values[..., n_hidden:].sum(-1) / cost.shape[-1]


def _optimal_loss_as_a_rest(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> Tensor:
    cost = importance * feature_probability * (4 - 3 * feature_probability) / 12
    n_ignored = cost.shape[-1] - n_hidden
    smallest = torch.topk(cost, n_ignored, dim=-1, largest=False).values
    return torch.einsum("...i->...", smallest)


# The experiment ----------------------------------------------------------------------------------

_STEPS, _BATCH, _TEST = 600, 64, 2**14
_OWN_TEST = 2**16  # samples of ours
_N_HIDDEN, _N_SEEDS = 3, 8


def _experiment(draw: Draw, *, relu: bool) -> Call:
    return call(
        torch.tensor([0.5, 0.04]),
        importance=0.6 ** torch.arange(5),
        n_hidden=_N_HIDDEN,
        n_seeds=_N_SEEDS,
        relu=relu,
        n_steps=_STEPS,
        batch_size=_BATCH,
        n_test=_TEST,
        generator=draw.generator(),
    )


def _linear_experiment(draw: Draw) -> Iterator[Call]:
    yield _experiment(draw, relu=False)


def _relu_experiment(draw: Draw) -> Iterator[Call]:
    yield _experiment(draw, relu=True)


def _short_experiments(draw: Draw) -> Iterator[Call]:
    for n_densities, n_seeds in ((2, 3), (1, 1)):
        yield call(
            draw.uniform(n_densities, low=0.3, high=0.9),
            importance=draw.uniform(5, low=0.5, high=1.0),
            n_hidden=2,
            n_seeds=n_seeds,
            relu=n_seeds > 1,
            n_steps=3,
            batch_size=16,
            n_test=32,
            generator=draw.generator(),
        )


def _form_problem(value: Any, call: Call) -> str | None:
    """What is wrong with the value's form, told by the names of the axes."""
    n_densities, n_features = len(call.args[0]), len(call.kwargs["importance"])
    groups = (n_densities, call.kwargs["n_seeds"])
    expected = (
        torch.zeros(*groups, call.kwargs["n_hidden"], n_features),
        torch.zeros(*groups, n_features),
        torch.zeros(*groups),
    )
    names = ("W: densities seeds hidden features", "b: densities seeds features")
    names = (*names, "losses: densities seeds")
    if not isinstance(value, tuple) or len(value) != 3:
        return form_difference(value, expected)
    found = map(lambda v, e, n: form_difference(v, e, axes=n), value, expected, names)
    return next((text for text in found if text), None)


def _only_form(value: Any, call: Call) -> str | None:
    if problem := _form_problem(value, call):
        return problem
    return None if all(part.isfinite().all() for part in value) else "Some values are not finite."


def _relu_problem(value: Any, call: Call) -> str | None:
    """As `_experiment_problem`; slips were looked for with linear models, and take seconds."""
    if problem := _experiment_problem(value, call):
        raise WrongValueError(problem)
    return None


def _experiment_problem(value: Any, call: Call) -> str | None:
    """What is wrong with trained models, in sentences that hold no number left to chance.

    A right answer fails if all 8 seeds of a density miss its limit. Of 1600 models at each
    density, the share that does was 0.09 and 0.08 for linear models, 0.10 and 0.01 for ReLU
    models; to the 8th power that is at most 2e-8. The best of 8 reached 1.00 and 1.00, and 0.99
    and 0.13 times the bound in 200 runs. The losses lay within 4.4 standard errors; 7 have a
    probability of 3e-12.
    """
    if _only_form(value, call):
        raise WrongValueError("Not tested: the shapes come first.")  # slips take seconds here
    W, b, losses = value
    p, importance = call.args[0], call.kwargs["importance"]
    mean, scatter = _measured(W, b, p, importance, relu=call.kwargs["relu"])
    best = mean.min(1).values
    optimum = theory.linear_optimal_loss(p[:, None], importance=importance, n_hidden=_N_HIDDEN)
    told = []
    if (W[:, 1:] == W[:, :1]).all():
        told.append("All seeds of a density have exactly the same W.")
    if (b == 0).all():
        told.append("All biases are still exactly 0, as at the start.")
    limits = torch.tensor([1.2, 0.5] if call.kwargs["relu"] else [1.2, 1.2])
    for density, too_high, limit in zip(p, best > limits * optimum, limits, strict=True):
        if too_high:
            told.append(
                f"At density {density:g} even the best seed's loss exceeds {limit:g} times the "
                "least loss of a linear model."
            )
    if told:
        equal = torch.ones_like(importance)
        as_equal, _ = _measured(W, b, p, equal, relu=call.kwargs["relu"])
        least = theory.linear_optimal_loss(p[:, None], importance=equal, n_hidden=_N_HIDDEN)
        if (as_equal.min(1).values < limits * least).all():
            told.append("If all features were equally important, these models would be good.")
    counts = count_represented(best_of_seeds(W, mean))
    if call.kwargs["relu"] and not told and (counts.diff() < 0).any():
        told.append("Sparser models represent fewer features.")
    # a loss of _TEST samples lies within 7 of its standard errors, one of a batch within 100
    z = (losses - mean) / (scatter * (1 / _TEST + 1 / _OWN_TEST) ** 0.5)
    if (z > 7).all():
        told.append("Every loss is larger than that of the W and b beside it.")
    elif (z < -7).all():
        told.append("Every loss is smaller than that of the W and b beside it.")
    elif z.abs().max() > 100:
        told.append("Some losses are not those of the W and b beside them.")
    elif z.abs().max() > 7:
        told.append("The losses are less precise than n_test fresh samples would make them.")
    return " ".join(told) or None


@functools.cache
def _own_samples(densities: tuple[float, ...], n_features: int) -> Tensor:
    p = torch.tensor(densities)[:, None].expand(-1, n_features)
    return sample_features(p, _OWN_TEST, generator=torch.Generator().manual_seed(1))


def _measured(
    W: Tensor, b: Tensor, p: Tensor, importance: Tensor, *, relu: bool
) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of one sample's loss, for each model on the same samples."""
    x = _own_samples(tuple(p.tolist()), len(importance))[:, None]
    output = relu_output if relu else linear_output
    per_sample = []
    for seed in range(W.shape[1]):
        x_hat = output(x[:, 0], W=W[:, seed], b=b[:, seed])
        per_sample.append((importance * (x[:, 0] - x_hat) ** 2).sum(-1))
    loss = torch.stack(per_sample, dim=1)
    return loss.mean(-1), loss.std(-1)


def _always_relu(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities.repeat_interleave(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    W, b = model.W.detach(), model.b.detach()
    groups = (len(densities), n_seeds)
    return W.unflatten(0, groups), b.unflatten(0, groups), losses.unflatten(0, groups)


def _seeds_apart(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities.repeat(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    W, b = model.W.detach(), model.b.detach()
    groups = (len(densities), n_seeds)
    return W.unflatten(0, groups), b.unflatten(0, groups), losses.unflatten(0, groups)


def _trains_on_sparsity(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = (1 - densities).repeat_interleave(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    W, b = model.W.detach(), model.b.detach()
    groups = (len(densities), n_seeds)
    return W.unflatten(0, groups), b.unflatten(0, groups), losses.unflatten(0, groups)


def _does_not_train(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities.repeat_interleave(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    W, b = model.W.detach(), model.b.detach()
    groups = (len(densities), n_seeds)
    return W.unflatten(0, groups), b.unflatten(0, groups), losses.unflatten(0, groups)


def _forgets_importance_in_training(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities.repeat_interleave(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=torch.ones_like(importance), generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    W, b = model.W.detach(), model.b.detach()
    groups = (len(densities), n_seeds)
    return W.unflatten(0, groups), b.unflatten(0, groups), losses.unflatten(0, groups)


def _loss_of_the_last_batch(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities.repeat_interleave(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    result = train(model, sample, importance=importance, generator=generator, config=config)
    losses = result.losses[-1]
    W, b = model.W.detach(), model.b.detach()
    groups = (len(densities), n_seeds)
    return W.unflatten(0, groups), b.unflatten(0, groups), losses.unflatten(0, groups)


def _measures_before_training(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities.repeat_interleave(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=importance, generator=generator, config=config)
    W, b = model.W.detach(), model.b.detach()
    groups = (len(densities), n_seeds)
    return W.unflatten(0, groups), b.unflatten(0, groups), losses.unflatten(0, groups)


def _copies_one_model(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    W, b = model.W.detach(), model.b.detach()
    return (
        torch.stack([W] * n_seeds, dim=1),
        torch.stack([b] * n_seeds, dim=1),
        torch.stack([losses] * n_seeds, dim=1),
    )


def _seeds_first(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities.repeat(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    W, b = model.W.detach(), model.b.detach()
    groups = (n_seeds, len(densities))
    return W.unflatten(0, groups), b.unflatten(0, groups), losses.unflatten(0, groups)


def _leaves_instances_in_a_row(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities.repeat_interleave(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    W, b = model.W.detach(), model.b.detach()
    return W, b, losses


def _keeps_only_the_best(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities.repeat_interleave(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    W, b = model.W.detach(), model.b.detach()
    best = losses.view(-1, n_seeds).argmin(1) + n_seeds * torch.arange(len(densities))
    return W[best], b[best], losses[best]


def _one_density_after_another(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    results = []
    for density in densities:
        p = density * torch.ones(n_seeds, len(importance))
        model = (ReLUOutputModel if relu else LinearModel)(
            n_instances=n_seeds,
            n_features=len(importance),
            n_hidden=n_hidden,
            generator=generator,
        )
        config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
        train(
            model,
            partial(sample_features, p),
            importance=importance,
            generator=generator,
            config=config,
        )
        x = sample_features(p, n_test, generator=generator)
        losses = (importance * (x - model(x)) ** 2).sum(-1).mean(-1)
        results.append((model.W.detach(), model.b.detach(), losses.detach()))
    W, b, losses = (torch.stack(parts) for parts in zip(*results, strict=True))
    return W, b, losses


EXERCISES = (
    Exercise(
        reference=metrics.feature_norm,
        points=1,
        minutes=5,
        difficulty=1,
        checks=(
            equals_reference("a small case that you can do by hand", _small_weights),
            equals_reference("random weights, several instances", _random_weights, weight=2),
            equals_reference("one instance, and no instance axis", _one_instance),
            *contract(_random_weights, gradients=["W"]),
        ),
        slips=(
            Slip(
                answer=_row_norms,
                says="You measured rows: how much goes into each hidden dimension. "
                "A feature is a column of W.",
            ),
            Slip(
                answer=_norm_squared,
                says="This is the squared norm. Take the root of the sum.",
            ),
            Slip(
                answer=_norm_of_absolute_values,
                says="You summed absolute values. The norm is the root of the sum of squares.",
            ),
            Slip(
                answer=_mean_instead_of_sum,
                says="You took the mean of the squares. The norm has their sum under the root.",
            ),
            Slip(
                answer=_norm_over_instances,
                says="You summed over the first axis, the instances. Sum over the hidden "
                "dimensions, the last axis but one.",
            ),
            Slip(
                answer=_one_norm_per_model,
                says="You summed over all weights of a model. There is one norm per feature.",
            ),
        ),
        also_right=_norm_as_root_of_the_diagonal,
    ),
    Exercise(
        reference=metrics.superposition,
        points=3,
        minutes=15,
        difficulty=2,
        checks=(
            equals_reference("small cases that you can do by hand", _small_superpositions),
            equals_reference("random weights, several instances", _random_weights, weight=2),
            equals_reference("one instance, and no instance axis", _one_instance),
            equals_reference("a zero column gets 0", _zero_column),
            *contract(_random_weights, gradients=["W"]),
        ),
        slips=(
            Slip(
                answer=_counts_itself,
                says="You counted j = i. The sum runs over the other features.",
            ),
            Slip(
                answer=_normalises_both,
                says="You normalised both vectors. Only W_i becomes a unit vector; how long "
                "the others are matters.",
            ),
            Slip(
                answer=_normalises_neither,
                says="You did not normalise W_i. The others are projected onto its direction, "
                "a vector of length 1.",
            ),
            Slip(
                answer=_normalises_the_sender,
                says="You normalised W_j, or summed over the other axis. Feature i receives: "
                "normalise W_i and sum over j.",
            ),
            Slip(
                answer=_normalises_rows,
                says="You normalised the rows of W. A feature's direction is a column.",
            ),
            Slip(
                answer=_does_not_square,
                says="You did not square the projections. Opposite signs would cancel.",
            ),
            Slip(
                answer=_takes_absolute_values,
                says="You summed absolute values. The formula sums squares.",
            ),
            Slip(
                answer=_squares_the_sum,
                says="You summed first and squared then. Square each projection, then sum.",
            ),
            Slip(
                answer=_root_of_the_sum,
                says="You took the root of the sum. Superposition is the sum of squares itself.",
            ),
            Slip(
                answer=_subtracts_one,
                says="You subtracted 1 for j = i. That term is the squared norm of W_i, which is 1 "
                "for unit columns only.",
            ),
            Slip(
                answer=_mean_over_the_others,
                says="You averaged over the other features. The formula sums.",
            ),
            Slip(
                answer=_one_number,
                says="You summed over i as well. There is one value per feature.",
            ),
            Slip(
                answer=_not_a_number_at_zero,
                says="You divided by a norm of 0. A zero column has no direction and gets 0.",
            ),
        ),
        also_right=_superposition_with_loops,
    ),
    Exercise(
        reference=metrics.count_represented,
        points=1,
        minutes=5,
        difficulty=1,
        checks=(
            equals_reference("a small case that you can do by hand", _small_counts),
            equals_reference("random weights, several instances", _random_counts, weight=2),
            equals_reference("one instance, and no instance axis", _one_instance),
            equals_reference("another threshold", _other_threshold),
            equals_reference("a norm at the threshold does not count", _norm_at_the_threshold),
            keeps_arguments(_random_counts),
            keeps_device(_random_counts),
        ),
        slips=(
            Slip(
                answer=_counts_from_the_threshold,
                says="You counted a norm that equals the threshold. It must exceed it.",
            ),
            Slip(
                answer=_counts_squared_norms,
                says="You compared squared norms with the threshold. Compare the norms.",
            ),
            Slip(
                answer=_counts_all_instances_together,
                says="You added the instances. Each model has a count of its own.",
            ),
            Slip(
                answer=_counts_dimensions,
                says="You counted rows of W, the hidden dimensions. Features are columns.",
            ),
            Slip(
                answer=_counts_weights,
                says="You counted single weights. Count columns by their norm.",
            ),
            Slip(
                answer=_sums_norms,
                says="You added the norms. Each represented feature counts 1.",
            ),
            Slip(
                answer=_marks_instead_of_counting,
                says="You said which features are represented. Add them up: True counts 1.",
            ),
            Slip(
                answer=_counts_the_ignored,
                says="You counted the features below the threshold: those are ignored.",
            ),
            Slip(
                answer=_forgets_the_threshold,
                says="You compared with 0.5 whatever the caller asks. Use the argument threshold.",
            ),
        ),
        also_right=_count_with_loops,
    ),
    Exercise(
        reference=metrics.classify_features,
        points=3,
        minutes=12,
        difficulty=2,
        checks=(
            equals_reference("a small case that you can do by hand", _small_kinds),
            equals_reference("all three kinds, several instances", _axis_weights, weight=2),
            equals_reference("one instance, and no instance axis", _one_model_of_kinds),
            equals_reference("short columns are ignored, shared or not", _ignored_ones),
            equals_reference("other thresholds", _other_kind_thresholds),
            equals_reference("values at the thresholds", _values_at_the_thresholds),
            keeps_arguments(_axis_weights),
            keeps_device(_axis_weights),
        ),
        slips=(
            Slip(
                answer=_judges_superposition_first,
                says="You judged superposition first. A short column is ignored, wherever it "
                "points.",
            ),
            Slip(
                answer=_knows_no_ignored,
                says="You never looked at the norm. A short column is ignored, even if nothing "
                "shares its direction.",
            ),
            Slip(
                answer=_swaps_the_codes,
                says="You swapped the codes: 1 is dedicated, 2 is superposed.",
            ),
            Slip(
                answer=_squares_the_norm,
                says="You compared the squared norm with norm_threshold. Compare the norm.",
            ),
            Slip(
                answer=_exchanges_the_thresholds,
                says="You exchanged the thresholds: norm_threshold is for the norm.",
            ),
            Slip(
                answer=_fixed_thresholds,
                says="You compared with 0.5 whatever the caller asks. Use both thresholds.",
            ),
            Slip(
                answer=_includes_the_thresholds,
                says="You used >= where > was needed. A value at its threshold does not exceed it.",
            ),
            Slip(
                answer=_kinds_with_itself,
                says="Your superposition counts j = i, so that no feature is dedicated.",
            ),
            Slip(
                answer=_counts_the_kinds,
                says="You counted the kinds. Give the kind of every feature.",
            ),
        ),
        also_right=_kinds_with_masks,
    ),
    Exercise(
        reference=theory.linear_optimum,
        points=3,
        minutes=15,
        difficulty=3,
        checks=(
            equals_reference("small cases by hand", _small_linear, measure=_function),
            equals_reference("one density for all", _one_density, measure=_function),
            equals_reference(
                "every feature its own density", _every_density_its_own, measure=_function, weight=2
            ),
            equals_reference(
                "one instance, and no instance axis", _one_linear_instance, measure=_function
            ),
            equals_reference(
                "p = 0, p = 1, and m = n where nothing is ignored", _edges, measure=_function
            ),
            *contract(_in_thirds, measure=_function),
        ),
        slips=(
            Slip(
                answer=_first_features,
                says="You kept the first m features. Keep those whose I_i Var[x_i] is largest; "
                "nothing says that they come first.",
            ),
            Slip(
                answer=_most_important,
                says="You kept the most important features. With densities of their own, "
                "features also differ in variance: compare I_i Var[x_i].",
            ),
            Slip(
                answer=_largest_variance,
                says="You kept the features that vary most, whatever their importance. "
                "Compare I_i Var[x_i].",
            ),
            Slip(
                answer=_second_moment,
                says="You compared I_i E[x_i^2]. An ignored feature is answered by its mean, so "
                "it costs its variance.",
            ),
            Slip(
                answer=_least_costly,
                says="You kept the features that cost least to ignore. Keep the costly ones.",
            ),
            Slip(
                answer=_no_bias,
                says="Your biases are 0. For an ignored feature the bias is the whole answer, "
                "and the best constant is its mean.",
            ),
            Slip(
                answer=_bias_everywhere,
                says="You gave the kept features a bias as well. They come back exactly, so any "
                "bias on them is an error.",
            ),
            Slip(
                answer=_bias_on_the_kept,
                says="You gave the bias to the kept features. It belongs to the ignored ones.",
            ),
            Slip(
                answer=_mean_of_the_active,
                says="Your bias is 1/2, the mean of an active feature. The mean counts the "
                "zeros too.",
            ),
            Slip(
                answer=_mean_of_the_squares,
                says="Your bias is the mean of x^2. It should be the mean of x.",
            ),
        ),
        also_right=_optimum_with_loops,
    ),
    Exercise(
        reference=theory.linear_optimal_loss,
        points=2,
        minutes=8,
        difficulty=2,
        checks=(
            equals_reference("small cases by hand", _small_linear),
            equals_reference("one density for all", _one_density),
            equals_reference("every feature its own density", _every_density_its_own, weight=2),
            equals_reference("one instance, and no instance axis", _one_linear_instance),
            equals_reference("p = 0, p = 1, and m = n where nothing is ignored", _edges),
            *contract(_in_thirds, gradients=["feature_probability", "importance"]),
        ),
        slips=(
            Slip(
                answer=_sums_the_kept,
                says="You summed over the kept features. They cost nothing; sum over the ignored.",
            ),
            Slip(
                answer=_sums_all,
                says="You summed over all features. The m kept ones cost nothing.",
            ),
            Slip(
                answer=_does_not_sort,
                says="You took the features from index m on. Sort first: the ignored ones have "
                "the smallest I_i Var[x_i], wherever they stand.",
            ),
            Slip(
                answer=_sorts_by_importance,
                says="You ignored the least important features. With densities of their own, "
                "sort by I_i Var[x_i].",
            ),
            Slip(
                answer=_loss_without_bias,
                says="You used E[x^2], the cost of answering 0. With the best bias, the mean, "
                "the variance remains.",
            ),
            Slip(
                answer=_variance_of_the_active,
                says="p / 12 takes an active feature's variance. x varies also because it is "
                "often 0: Var[x] = p/3 - p^2/4.",
            ),
            Slip(
                answer=_loss_without_importance,
                says="You left out the importance. Ignoring a feature costs I_i Var[x_i].",
            ),
            Slip(
                answer=_mean_over_the_ignored,
                says="You averaged over the ignored features. The loss is their sum.",
            ),
            Slip(
                answer=_divides_by_the_features,
                says="You divided by the number of features. Our loss is a sum over features.",
            ),
        ),
        also_right=_optimal_loss_as_a_rest,
    ),
    Exercise(
        reference=training.train_over_densities,
        points=4,
        minutes=20,
        difficulty=3,
        seconds=60,
        checks=(
            holds(
                "shapes, also with one density and one seed", _short_experiments, problem=_only_form
            ),
            holds(
                "linear models reach the best possible loss",
                _linear_experiment,
                problem=_experiment_problem,
                weight=2,
            ),
            holds(
                "ReLU models beat it where features are sparse",
                _relu_experiment,
                problem=_relu_problem,
                weight=2,
            ),
            uses_generator(_short_experiments),
        ),
        slips=(
            Slip(
                answer=_seeds_first,
                says="You put the seeds before the densities. The first axis is the densities.",
            ),
            Slip(
                answer=_leaves_instances_in_a_row,
                says="You left the models in one row. Split the instances into two axes, "
                "densities and seeds.",
            ),
            Slip(
                answer=_keeps_only_the_best,
                says="You kept only the best seed. Return all; the reader chooses.",
            ),
            Slip(
                answer=_always_relu,
                says="You trained ReLU models where relu = False asks for linear ones.",
            ),
            Slip(
                answer=_seeds_apart,
                says="The order of the instances and your reshape disagree, so models of "
                "different densities share a row. Repeat each density n_seeds times in a row: "
                "repeat_interleave, not repeat.",
            ),
            Slip(
                answer=_trains_on_sparsity,
                says="You sampled with probability 1 - p. The densities are what the sampler "
                "takes.",
            ),
            Slip(
                answer=_does_not_train,
                says="Your models are as they were initialised. Call train before you read W "
                "and b.",
            ),
            Slip(
                answer=_forgets_importance_in_training,
                says="You trained without the importances, so the models do not know which "
                "features to keep.",
            ),
            Slip(
                answer=_measures_before_training,
                says="You measured the losses before training.",
            ),
            Slip(
                answer=_loss_of_the_last_batch,
                says="You returned the loss of a training batch. It is too noisy to compare "
                "models; measure on n_test fresh samples.",
            ),
            Slip(
                answer=_copies_one_model,
                says="You trained one model per density and copied it. Each seed is a model of "
                "its own: train densities times seeds instances.",
            ),
        ),
        also_right=_one_density_after_another,
    ),
)
