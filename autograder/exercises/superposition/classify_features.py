"""The exercise `classify_features`: which features are ignored, dedicated or superposed."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import equals_reference, keeps_arguments, keeps_device
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import metrics


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
    yield call(W.flip(-1).expand(2, 3, 3, 5).clone())  # any number of instance axes


def _ignored_ones(_draw: Draw) -> Iterator[Call]:
    # a zero column; a short one all alone; a short one under a long one; a long one; a long pair;
    # a long one under three short ones, which are superposition enough together
    W = torch.zeros(4, 10)
    W[0, 1], W[1, 2], W[1, 3], W[2, 4], W[2, 5] = 0.2, 0.3, 1.0, 1.0, 1.0
    W[3, 6:] = torch.tensor([1.0, 0.45, 0.45, 0.45])
    yield call(W)


def _other_kind_thresholds(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(12, 2, 6), norm_threshold=0.8, superposition_threshold=4.0)


def _values_at_the_thresholds(_draw: Draw) -> Iterator[Call]:
    # the first has norm 0.5 and the second superposition 0.25, exactly at the thresholds; the
    # fourth is short and leans on the third; the last two are an antipodal pair
    W = torch.zeros(1, 5, 7)
    W[0, 0, 0], W[0, 0, 1], W[0, 1, 2] = 0.5, 1.0, 2.0
    W[0, 1, 3], W[0, 3, 4], W[0, 4, 5], W[0, 4, 6] = 0.3, 0.2, 1.0, -1.0
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


def _includes_the_norm_threshold(
    W: Tensor, *, norm_threshold: float = 0.5, superposition_threshold: float = 0.5
) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    shared = (overlap * not_self).sum(-1)
    kind = torch.where(shared > superposition_threshold, 2, 1)
    return torch.where((W**2).sum(-2).sqrt() >= norm_threshold, kind, 0)


def _includes_the_superposition_threshold(
    W: Tensor, *, norm_threshold: float = 0.5, superposition_threshold: float = 0.5
) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    shared = (overlap * not_self).sum(-1)
    kind = torch.where(shared >= superposition_threshold, 2, 1)
    return torch.where((W**2).sum(-2).sqrt() > norm_threshold, kind, 0)


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


EXERCISE = Exercise(
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
            says="You judged superposition first. A short column is ignored, wherever it points.",
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
            answer=_includes_the_norm_threshold,
            says="A norm that equals norm_threshold does not exceed it: the feature is ignored.",
        ),
        Slip(
            answer=_includes_the_superposition_threshold,
            says="A superposition that equals its threshold does not exceed it: the feature is "
            "dedicated.",
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
)
