"""The exercise `dimensionality`: the part of a dimension that each feature has to itself."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.superposition._shared import one_instance, random_weights
from tms_lib import metrics


def _small_dimensionalities(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[1.0, 2.0, -0.5]]))
    yield call(torch.tensor([[1.0, 0.0, 1.0], [0.0, 3.0, 1.0]]))


def _columns_of_zeros(draw: Draw) -> Iterator[Call]:
    W = draw.normal(3, 3, 5)
    W[0, :, 1] = 0.0
    W[2] = 0.0
    yield call(W)


def _scaled_weights(draw: Draw) -> Iterator[Call]:
    W = draw.normal(2, 3, 6)
    yield call(1e-3 * W)
    yield call(1e-6 * W)  # no constant is small beside the squares of these
    yield call(1e3 * W)


def _leaves_itself_out(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    others = (overlap * not_self).sum(-1)
    return (W**2).sum(-2) / torch.where(others > 0, others, 1.0)


def _norm_above(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    projections = (torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2).sum(-1)
    return (W**2).sum(-2).sqrt() / torch.where(projections > 0, projections, 1.0)


def _unit_vectors_below(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    projections = (torch.einsum("...hi,...hj->...ij", W_hat, W_hat) ** 2).sum(-1)
    return (W**2).sum(-2) / torch.where(projections > 0, projections, 1.0)


def _no_unit_vector_below(W: Tensor) -> Tensor:
    projections = (torch.einsum("...hi,...hj->...ij", W, W) ** 2).sum(-1)
    return (W**2).sum(-2) / torch.where(projections > 0, projections, 1.0)


def _projects_onto_the_others(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    projections = (torch.einsum("...hi,...hj->...ij", W, W_hat) ** 2).sum(-1)
    return (W**2).sum(-2) / torch.where(projections > 0, projections, 1.0)


def _projections_not_squared(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    projections = torch.einsum("...hi,...hj->...ij", W_hat, W).sum(-1)
    return (W**2).sum(-2) / torch.where(projections != 0, projections, 1.0)


def _sum_squared(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    projections = torch.einsum("...hi,...hj->...ij", W_hat, W).sum(-1) ** 2
    return (W**2).sum(-2) / torch.where(projections > 0, projections, 1.0)


def _absolute_projections(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    projections = torch.einsum("...hi,...hj->...ij", W_hat, W).abs().sum(-1)
    return (W**2).sum(-2) / torch.where(projections > 0, projections, 1.0)


def _adds_one_for_itself(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    return (W**2).sum(-2) / (1 + (overlap * not_self).sum(-1))


def _upside_down(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    projections = (torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2).sum(-1)
    squared = (W**2).sum(-2)
    return projections / torch.where(squared > 0, squared, 1.0)


def _unit_rows(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-1)
    projections = (torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2).sum(-1)
    return (W**2).sum(-2) / torch.where(projections > 0, projections, 1.0)


def _no_number_at_zero(W: Tensor) -> Tensor:
    squared = (W**2).sum(-2)
    overlap = torch.einsum("...hi,...hj->...ij", W, W) ** 2
    return squared**2 / overlap.sum(-1)


def _epsilon_below(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    projections = (torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2).sum(-1)
    return (W**2).sum(-2) / (projections + 1e-6)


def _sum_of_the_features(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    projections = (torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2).sum(-1)
    return ((W**2).sum(-2) / torch.where(projections > 0, projections, 1.0)).sum(-1)


def _one_number_per_model(W: Tensor) -> Tensor:
    return W.shape[-2] / (W**2).sum((-2, -1))


def _dimensionality_from_the_frame(W: Tensor) -> Tensor:
    S = torch.einsum("...af,...bf->...ab", W, W)
    squared = torch.einsum("...af,...af->...f", W, W)
    spread = torch.einsum("...af,...ab,...bf->...f", W, S, W)
    return (squared / spread.where(spread != 0, 1)) * squared


EXERCISE = Exercise(
    reference=metrics.dimensionality,
    points=3,
    minutes=15,
    difficulty=2,
    checks=(
        equals_reference("small cases that you can do by hand", _small_dimensionalities),
        equals_reference("random weights, several instances", random_weights, weight=2),
        equals_reference("one instance, and no instance axis", one_instance),
        equals_reference("columns of zeros get 0", _columns_of_zeros),
        equals_reference("scaling all of W changes nothing", _scaled_weights),
        *contract(random_weights, gradients=["W"]),
    ),
    slips=(
        Slip(
            answer=_leaves_itself_out,
            says="You left out j = i below. Here the sum has all features: without its own term "
            "a feature that is alone would be divided by 0.",
        ),
        Slip(
            answer=_norm_above,
            says="You put the norm above the line. It is the squared norm.",
        ),
        Slip(
            answer=_unit_vectors_below,
            says="You normalised both vectors below. Only W_i becomes a unit vector; the others "
            "keep their lengths.",
        ),
        Slip(
            answer=_no_unit_vector_below,
            says="You did not normalise W_i below, or put 1 above the line, which comes to the "
            "same. The squared norm stands above, and the projections are onto a unit vector.",
        ),
        Slip(
            answer=_projects_onto_the_others,
            says="You normalised W_j, or summed over the other axis. All features are projected "
            "onto the direction of feature i: normalise W_i and sum over j.",
        ),
        Slip(
            answer=_projections_not_squared,
            says="You did not square the projections. Opposite signs would cancel.",
        ),
        Slip(
            answer=_sum_squared,
            says="You summed first and squared then. Square each projection, then sum.",
        ),
        Slip(
            answer=_absolute_projections,
            says="You summed absolute values of the projections. The formula sums their squares.",
        ),
        Slip(
            answer=_adds_one_for_itself,
            says="You took 1 as the term j = i below. A feature projects onto its own direction "
            "with its full length, so the term is its squared norm.",
        ),
        Slip(
            answer=_upside_down,
            says="Your fraction is upside down. The squared norm of W_i stands above the line.",
        ),
        Slip(
            answer=_unit_rows,
            says="You normalised the rows of W. A feature's direction is a column.",
        ),
        Slip(
            answer=_no_number_at_zero,
            says="You divided 0 by 0. A zero column has no direction and gets 0.",
        ),
        Slip(
            answer=_epsilon_below,
            says="You added a small number below the line. It avoids 0 / 0, but in a model with "
            "small weights it is not small: scaling all of W must change nothing.",
        ),
        Slip(
            answer=_sum_of_the_features,
            says="You added the dimensionalities. There is one value per feature.",
        ),
        Slip(
            answer=_one_number_per_model,
            says="This is m over the squared Frobenius norm, one number per model. Dimensionality "
            "has one value per feature.",
        ),
    ),
    also_right=_dimensionality_from_the_frame,
)
