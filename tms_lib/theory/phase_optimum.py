"""The phase diagram without simplifications: optimal weights and biases, and their phase.

Two features in one dimension, as in phase_change.py, whose candidates are the starts of the
optimisation.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Float64, Int
from torch import Tensor

from tms_lib.metrics import check_finite
from tms_lib.theory.phase_change import Phase, check_grid, check_two_or_three
from tms_lib.theory.relu_loss import two_feature_loss


def classify_solution(
    W: Float[Tensor, "*instances hidden features"],
) -> Int[Tensor, "*instances"]:
    """The `Phase` that weights are closest to, for two features or three.

    With one dimension too few there is one direction of x that W does not see, W v = 0. The
    candidates differ in it: v is the extra feature if that is ignored, and the sum of both
    features of an antipodal pair. The closest is the one with the largest |cosine|, so that W,
    -W and rotations of W are the same solution.

    Raises:
        ValueError: If `W` is not finite, or not 1 x 2 or 2 x 3.

    >>> classify_solution(torch.tensor([[[1.0, 0.1]], [[-0.1, 0.9]], [[-0.8, 1.1]]]))
    tensor([0, 1, 2])
    """
    check_finite(W)
    _check_one_too_many(W)
    if W.shape[-1] == 2:
        directions = [[0, 1], [1, 0], [1, 1]]
        phases = [Phase.IGNORED, Phase.DEDICATED, Phase.SUPERPOSED]
    else:  # without the extra feature the two others are equal: either is ignored, or its partner
        directions = [[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 0]]
        phases = [Phase.IGNORED, *2 * [Phase.DEDICATED], *2 * [Phase.SUPERPOSED]]
        phases.append(Phase.OTHERS_SUPERPOSED)
    v = torch.linalg.svd(W, full_matrices=True).Vh[..., -1, :]
    candidates = F.normalize(torch.tensor(directions, dtype=W.dtype, device=W.device), dim=-1)
    closest = (v @ candidates.mT).abs().argmax(-1)
    return torch.tensor(phases, device=W.device)[closest]


class PhaseOptimum(NamedTuple):
    """The best model of two features in one dimension, for each point of a grid.

    Attributes:
        W: Weights, `*grid 1 2`; the extra feature is the second.
        b: Biases, `*grid 2`.
        loss: Expected loss, `*grid`.
    """

    W: Tensor
    b: Tensor
    loss: Tensor


def phase_optimum(
    feature_probability: Float[Tensor, "*#grid"], relative_importance: Float[Tensor, "*#grid"]
) -> PhaseOptimum:
    """W and b of least expected loss for two features in one dimension.

    The candidates without their simplifications: from each of them, 400 steps of Adam on
    `two_feature_loss`, and the best of the three is kept. On a grid of 25 x 25 points, r from
    0.1 to 10 and p from 0.01 to 1, 16 other starts found no loss lower by more than 0.1 %.
    `classify_solution` of its W is the phase diagram without simplifications. No randomness.

    Raises:
        ValueError: As `ignored_loss`.

    >>> optimum = phase_optimum(torch.tensor(0.5), torch.tensor(1.0))
    >>> optimum.loss < 0.5**2 / 3, optimum.b > 0  # better than the pair W = [1, -1] without bias
    (tensor(True), tensor([True, True]))
    """
    check_grid(feature_probability, relative_importance)
    p, r = torch.broadcast_tensors(feature_probability.double(), relative_importance.double())
    W, b = _candidates(p)
    W.requires_grad_()
    b.requires_grad_()
    importance = torch.stack([torch.ones_like(r), r], dim=-1)
    optimiser = torch.optim.Adam([W, b], lr=0.01, eps=1e-12)  # gradients shrink with p
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=400)
    for _ in range(400):
        optimiser.zero_grad()
        loss = two_feature_loss(W, b, feature_probability=p.unsqueeze(-1), importance=importance)
        loss.sum().backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        loss = two_feature_loss(W, b, feature_probability=p.unsqueeze(-1), importance=importance)
    best = loss.argmin(0, keepdim=True)
    dtype = torch.promote_types(feature_probability.dtype, relative_importance.dtype)
    return PhaseOptimum(
        *(
            values.detach().take_along_dim(best.reshape(best.shape + missing), 0)[0].to(dtype)
            for values, missing in ((W, (1, 1)), (b, (1,)), (loss, ()))
        )
    )


def _candidates(
    p: Float64[Tensor, "*grid"],
) -> tuple[Float64[Tensor, "3 *grid 1 2"], Float64[Tensor, "3 *grid 2"]]:
    """Weights and biases of the three candidates for two features, in the order of `Phase`."""
    W = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]], dtype=p.dtype, device=p.device)
    is_ignored = (W == 0).to(p.dtype)
    shape = (3, *p.dim() * [1], 2)
    b = is_ignored.reshape(shape) * p.unsqueeze(-1) / 2
    return W.reshape(shape).expand_as(b).unsqueeze(-2).clone(), b


def _check_one_too_many(W: Float[Tensor, "*instances hidden features"]) -> None:
    check_two_or_three(W.shape[-1])
    if W.shape[-2] != W.shape[-1] - 1:
        raise ValueError(
            f"W must have one dimension less than its {W.shape[-1]} features; got {W.shape[-2]}."
        )
