"""Wrong answers to `one_active_terms`, and the sentences that explain them."""

import torch
from torch import Tensor

import tms_lib
from autograder.exercise import Slip

Terms = tuple[Tensor, Tensor]


def _swaps_the_terms(W: Tensor, b: Tensor, *, importance: Tensor) -> Terms:
    gain = W.mT @ W
    diagonal = gain.diagonal(dim1=-2, dim2=-1)
    caused = tms_lib.interference_error(gain, b.unsqueeze(-1))
    others = caused.sum(-1) - caused.diagonal(dim1=-2, dim2=-1)
    n = W.shape[-1]
    return (
        (importance * others).sum(-1) / n,
        (importance * tms_lib.own_error(diagonal, b)).sum(-1) / n,
    )


def _bias_of_the_active(W: Tensor, b: Tensor, *, importance: Tensor) -> Terms:
    gain = W.mT @ W
    diagonal = gain.diagonal(dim1=-2, dim2=-1)
    caused = tms_lib.interference_error(gain, b.unsqueeze(-2))
    others = caused.sum(-1) - caused.diagonal(dim1=-2, dim2=-1)
    n = W.shape[-1]
    return (
        (importance * tms_lib.own_error(diagonal, b)).sum(-1) / n,
        (importance * others).sum(-1) / n,
    )


def _counts_itself(W: Tensor, b: Tensor, *, importance: Tensor) -> Terms:
    gain = W.mT @ W
    diagonal = gain.diagonal(dim1=-2, dim2=-1)
    others = tms_lib.interference_error(gain, b.unsqueeze(-1)).sum(-1)
    n = W.shape[-1]
    return (
        (importance * tms_lib.own_error(diagonal, b)).sum(-1) / n,
        (importance * others).sum(-1) / n,
    )


def _sum_over_active(W: Tensor, b: Tensor, *, importance: Tensor) -> Terms:
    gain = W.mT @ W
    diagonal = gain.diagonal(dim1=-2, dim2=-1)
    caused = tms_lib.interference_error(gain, b.unsqueeze(-1))
    others = caused.sum(-1) - caused.diagonal(dim1=-2, dim2=-1)
    return (
        (importance * tms_lib.own_error(diagonal, b)).sum(-1),
        (importance * others).sum(-1),
    )


def _mean_over_outputs_too(W: Tensor, b: Tensor, *, importance: Tensor) -> Terms:
    gain = W.mT @ W
    diagonal = gain.diagonal(dim1=-2, dim2=-1)
    caused = tms_lib.interference_error(gain, b.unsqueeze(-1))
    others = caused.sum(-1) - caused.diagonal(dim1=-2, dim2=-1)
    n = W.shape[-1]
    return (
        (importance * tms_lib.own_error(diagonal, b)).sum(-1) / n**2,
        (importance * others).sum(-1) / n**2,
    )


def _pairs_once(W: Tensor, b: Tensor, *, importance: Tensor) -> Terms:
    gain = W.mT @ W
    diagonal = gain.diagonal(dim1=-2, dim2=-1)
    others = tms_lib.interference_error(gain, b.unsqueeze(-1)).triu(1).sum(-1)
    n = W.shape[-1]
    return (
        (importance * tms_lib.own_error(diagonal, b)).sum(-1) / n,
        (importance * others).sum(-1) / n,
    )


def _norm_for_the_gain(W: Tensor, b: Tensor, *, importance: Tensor) -> Terms:
    gain = W.mT @ W
    caused = tms_lib.interference_error(gain, b.unsqueeze(-1))
    others = caused.sum(-1) - caused.diagonal(dim1=-2, dim2=-1)
    n = W.shape[-1]
    return (
        (importance * tms_lib.own_error(W.norm(dim=-2), b)).sum(-1) / n,
        (importance * others).sum(-1) / n,
    )


def _angles_for_gains(W: Tensor, b: Tensor, *, importance: Tensor) -> Terms:
    diagonal = (W**2).sum(-2)
    W_hat = torch.nn.functional.normalize(W, dim=-2)
    caused = tms_lib.interference_error(W_hat.mT @ W_hat, b.unsqueeze(-1))
    others = caused.sum(-1) - caused.diagonal(dim1=-2, dim2=-1)
    n = W.shape[-1]
    return (
        (importance * tms_lib.own_error(diagonal, b)).sum(-1) / n,
        (importance * others).sum(-1) / n,
    )


def _without_bias(W: Tensor, b: Tensor, *, importance: Tensor) -> Terms:
    gain = W.mT @ W + 0 * b.unsqueeze(-1)
    diagonal = gain.diagonal(dim1=-2, dim2=-1)
    caused = tms_lib.interference_error(gain, torch.zeros_like(gain))
    others = caused.sum(-1) - caused.diagonal(dim1=-2, dim2=-1)
    n = W.shape[-1]
    return (
        (importance * tms_lib.own_error(diagonal, torch.zeros_like(diagonal))).sum(-1) / n,
        (importance * others).sum(-1) / n,
    )


def _adds_the_gains_first(W: Tensor, b: Tensor, *, importance: Tensor) -> Terms:
    gain = W.mT @ W
    diagonal = gain.diagonal(dim1=-2, dim2=-1)
    others = tms_lib.interference_error(gain.sum(-1) - diagonal, b)
    n = W.shape[-1]
    return (
        (importance * tms_lib.own_error(diagonal, b)).sum(-1) / n,
        (importance * others).sum(-1) / n,
    )


def _without_importances(W: Tensor, b: Tensor, *, importance: Tensor) -> Terms:
    gain = W.mT @ W
    diagonal = gain.diagonal(dim1=-2, dim2=-1)
    caused = tms_lib.interference_error(gain, b.unsqueeze(-1))
    others = caused.sum(-1) - caused.diagonal(dim1=-2, dim2=-1)
    n, equal = W.shape[-1], torch.ones_like(importance)
    return (
        (equal * tms_lib.own_error(diagonal, b)).sum(-1) / n,
        (equal * others).sum(-1) / n,
    )


def _per_feature(W: Tensor, b: Tensor, *, importance: Tensor) -> Terms:
    gain = W.mT @ W
    diagonal = gain.diagonal(dim1=-2, dim2=-1)
    caused = tms_lib.interference_error(gain, b.unsqueeze(-1))
    others = caused.sum(-1) - caused.diagonal(dim1=-2, dim2=-1)
    n = W.shape[-1]
    return importance * tms_lib.own_error(diagonal, b) / n, importance * others / n


def _both_together(W: Tensor, b: Tensor, *, importance: Tensor) -> Tensor:
    return tms_lib.one_active_loss(W, b, importance=importance)


SLIPS = (
    Slip(
        answer=_swaps_the_terms,
        says="You swapped the two. The feature benefit comes first.",
    ),
    Slip(
        answer=_bias_of_the_active,
        says="You took bias and importance from different features. At output j, which feature i "
        "disturbs, both are its own: b_j and I_j.",
    ),
    Slip(
        answer=_counts_itself,
        says="You counted j = i in the interference. The output of the active feature belongs to "
        "the first term.",
    ),
    Slip(
        answer=_sum_over_active,
        says="You added up over the active features. One of them is active, each with probability "
        "1/n: divide by n.",
    ),
    Slip(
        answer=_mean_over_outputs_too,
        says="You divided by n twice. The mean is over which feature is active; the errors of "
        "the outputs are added.",
    ),
    Slip(
        answer=_pairs_once,
        says="You counted each pair once. Feature i disturbs output j when it is active, and j "
        "disturbs i when *it* is: both orders count.",
    ),
    Slip(
        answer=_norm_for_the_gain,
        says="You passed the norm of W_i to own_error. Feature i reaches its output with gain "
        "W_i . W_i, the squared norm.",
    ),
    Slip(
        answer=_angles_for_gains,
        says="You made the columns unit vectors. The gain W_j . W_i has both lengths in it.",
    ),
    Slip(
        answer=_without_bias,
        says="You left the biases out. Output j shows ReLU(W_j . W_i x_i + b_j).",
    ),
    Slip(
        answer=_adds_the_gains_first,
        says="You added the gains and computed one error. Only one feature is active at a time: "
        "compute an error for each, and add the errors.",
    ),
    Slip(
        answer=_without_importances,
        says="You left out the importances. The error of output j counts I_j times.",
    ),
    Slip(
        answer=_per_feature,
        says="You stopped before the last sum: your result still has the feature axis.",
    ),
    Slip(
        answer=_both_together,
        says="You returned the sum of both terms. They are asked for separately.",
    ),
)
