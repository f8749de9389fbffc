"""Wrong answers to `two_feature_loss`, and the sentences that explain them."""

import torch
from torch import Tensor

import tms_lib
from autograder.exercise import Slip


def _patterns_exchanged(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    q = p.flip(-1)
    gain = W.mT @ W
    own, other = gain.diagonal(dim1=-2, dim2=-1), gain[..., [0, 1], [1, 0]]
    error = (
        p * q * tms_lib.both_active_error(own, other, bias=b)
        + (1 - p) * q * tms_lib.own_error(own, b)
        + p * (1 - q) * tms_lib.interference_error(other, b)
        + (1 - p) * (1 - q) * b.clamp(min=0) ** 2
    )
    return (importance * error).sum(-1)


def _forgets_none_active(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    q = p.flip(-1)
    gain = W.mT @ W
    own, other = gain.diagonal(dim1=-2, dim2=-1), gain[..., [0, 1], [1, 0]]
    error = (
        p * q * tms_lib.both_active_error(own, other, bias=b)
        + p * (1 - q) * tms_lib.own_error(own, b)
        + (1 - p) * q * tms_lib.interference_error(other, b)
    )
    return (importance * error).sum(-1)


def _forgets_both_active(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    q = p.flip(-1)
    gain = W.mT @ W
    own, other = gain.diagonal(dim1=-2, dim2=-1), gain[..., [0, 1], [1, 0]]
    error = (
        p * (1 - q) * tms_lib.own_error(own, b)
        + (1 - p) * q * tms_lib.interference_error(other, b)
        + (1 - p) * (1 - q) * b.clamp(min=0) ** 2
    )
    return (importance * error).sum(-1)


def _forgets_interference(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    q = p.flip(-1)
    gain = W.mT @ W
    own, other = gain.diagonal(dim1=-2, dim2=-1), gain[..., [0, 1], [1, 0]]
    error = (
        p * q * tms_lib.both_active_error(own, other, bias=b)
        + p * (1 - q) * tms_lib.own_error(own, b)
        + (1 - p) * (1 - q) * b.clamp(min=0) ** 2
    )
    return (importance * error).sum(-1)


def _both_is_a_sum(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    q = p.flip(-1)
    gain = W.mT @ W
    own, other = gain.diagonal(dim1=-2, dim2=-1), gain[..., [0, 1], [1, 0]]
    alone, disturbed = tms_lib.own_error(own, b), tms_lib.interference_error(other, b)
    error = p * alone + q * disturbed + (1 - p) * (1 - q) * b.clamp(min=0) ** 2
    return (importance * error).sum(-1)


def _absence_not_counted(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    q = p.flip(-1)
    gain = W.mT @ W
    own, other = gain.diagonal(dim1=-2, dim2=-1), gain[..., [0, 1], [1, 0]]
    error = (
        p * q * tms_lib.both_active_error(own, other, bias=b)
        + p * tms_lib.own_error(own, b)
        + q * tms_lib.interference_error(other, b)
        + (1 - p) * (1 - q) * b.clamp(min=0) ** 2
    )
    return (importance * error).sum(-1)


def _none_without_relu(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    q = p.flip(-1)
    gain = W.mT @ W
    own, other = gain.diagonal(dim1=-2, dim2=-1), gain[..., [0, 1], [1, 0]]
    error = (
        p * q * tms_lib.both_active_error(own, other, bias=b)
        + p * (1 - q) * tms_lib.own_error(own, b)
        + (1 - p) * q * tms_lib.interference_error(other, b)
        + (1 - p) * (1 - q) * b**2
    )
    return (importance * error).sum(-1)


def _same_density(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    gain = W.mT @ W
    own, other = gain.diagonal(dim1=-2, dim2=-1), gain[..., [0, 1], [1, 0]]
    error = (
        p**2 * tms_lib.both_active_error(own, other, bias=b)
        + p * (1 - p) * tms_lib.own_error(own, b)
        + (1 - p) * p * tms_lib.interference_error(other, b)
        + (1 - p) ** 2 * b.clamp(min=0) ** 2
    )
    return (importance * error).sum(-1)


def _importance_of_the_active(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    q = p.flip(-1)
    gain = W.mT @ W
    own, other = gain.diagonal(dim1=-2, dim2=-1), gain[..., [0, 1], [1, 0]]
    error = (
        p * q * tms_lib.both_active_error(own, other, bias=b)
        + p * (1 - q) * tms_lib.own_error(own, b)
        + (1 - p) * (1 - q) * b.clamp(min=0) ** 2
    )
    caused = (1 - p) * q * tms_lib.interference_error(other, b)
    return (importance * error + importance.flip(-1) * caused).sum(-1)


def _bias_of_the_other(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    q = p.flip(-1)
    gain = W.mT @ W
    own, other = gain.diagonal(dim1=-2, dim2=-1), gain[..., [0, 1], [1, 0]]
    error = (
        p * q * tms_lib.both_active_error(own, other, bias=b)
        + p * (1 - q) * tms_lib.own_error(own, b)
        + (1 - p) * q * tms_lib.interference_error(other, b.flip(-1))
        + (1 - p) * (1 - q) * b.clamp(min=0) ** 2
    )
    return (importance * error).sum(-1)


def _norm_not_squared(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    q = p.flip(-1)
    gain = W.mT @ W
    own, other = W.norm(dim=-2), gain[..., [0, 1], [1, 0]]
    error = (
        p * q * tms_lib.both_active_error(own, other, bias=b)
        + p * (1 - q) * tms_lib.own_error(own, b)
        + (1 - p) * q * tms_lib.interference_error(other, b)
        + (1 - p) * (1 - q) * b.clamp(min=0) ** 2
    )
    return (importance * error).sum(-1)


def _mean_of_both_outputs(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p = feature_probability
    q = p.flip(-1)
    gain = W.mT @ W
    own, other = gain.diagonal(dim1=-2, dim2=-1), gain[..., [0, 1], [1, 0]]
    error = (
        p * q * tms_lib.both_active_error(own, other, bias=b)
        + p * (1 - q) * tms_lib.own_error(own, b)
        + (1 - p) * q * tms_lib.interference_error(other, b)
        + (1 - p) * (1 - q) * b.clamp(min=0) ** 2
    )
    return (importance * error).mean(-1)


def _without_importances(
    W: Tensor,
    b: Tensor,
    *,
    feature_probability: Tensor,
    importance: Tensor,
) -> Tensor:
    p = feature_probability
    q = p.flip(-1)
    gain = W.mT @ W
    own, other = gain.diagonal(dim1=-2, dim2=-1), gain[..., [0, 1], [1, 0]]
    error = (
        p * q * tms_lib.both_active_error(own, other, bias=b)
        + p * (1 - q) * tms_lib.own_error(own, b)
        + (1 - p) * q * tms_lib.interference_error(other, b)
        + (1 - p) * (1 - q) * b.clamp(min=0) ** 2
    )
    return (torch.ones_like(importance) * error).sum(-1)


SLIPS = (
    Slip(
        answer=_patterns_exchanged,
        says="You exchanged two patterns. own_error belongs to i active alone, p_i (1 - p_j); "
        "interference_error to j active alone, (1 - p_i) p_j.",
    ),
    Slip(
        answer=_forgets_none_active,
        says="You left out the inputs without any active feature. A positive bias errs there: "
        "(1 - p_i) (1 - p_j) [b_i]^2.",
    ),
    Slip(
        answer=_forgets_both_active,
        says="You left out the inputs where both features are active. They have probability "
        "p_i p_j.",
    ),
    Slip(
        answer=_forgets_interference,
        says="You left out what output i shows if feature j alone is active: "
        "interference_error, with probability (1 - p_i) p_j.",
    ),
    Slip(
        answer=_both_is_a_sum,
        says="For both active you added the errors of each alone. The ReLU sees the sum of "
        "both inputs, so that pattern needs both_active_error.",
    ),
    Slip(
        answer=_absence_not_counted,
        says="You weighted the patterns of one active feature with p only. The other one must "
        "be absent: a factor 1 - p.",
    ),
    Slip(
        answer=_none_without_relu,
        says="You squared a negative bias for the empty input. The output there is ReLU(b_i), "
        "which is 0 if b_i < 0.",
    ),
    Slip(
        answer=_same_density,
        says="You used p_i for both features. The other one has its own density p_j: "
        "feature_probability.flip(-1).",
    ),
    Slip(
        answer=_importance_of_the_active,
        says="You weighted interference with the importance of the active feature. An error "
        "counts I_i at the output i where it shows.",
    ),
    Slip(
        answer=_bias_of_the_other,
        says="You used b_j for the interference. Output i shows ReLU(W_i . W_j x_j + b_i).",
    ),
    Slip(
        answer=_norm_not_squared,
        says="You passed the norm of W_i. Feature i reaches its output with gain W_i . W_i, "
        "the squared norm.",
    ),
    Slip(
        answer=_mean_of_both_outputs,
        says="You averaged over the features. Our loss is their sum.",
    ),
    Slip(
        answer=_without_importances,
        says="You left out the importances. The error of output i counts I_i times.",
    ),
)
