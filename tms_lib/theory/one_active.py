"""The ReLU output model, x' = ReLU(W^T W x + b), when exactly one feature is active.

So it is for very sparse features. If x_i is the active one, output j sees a straight line cut off
at zero, [g x_i + b_j] with gain g = W_j . W_i and [z] = max(z, 0); every loss is an integral of
such lines over x_i, which is uniform on [0, 1].

The line is positive on one interval of x at most. The integrals are taken there, where the line
is not cut off and a square has the mean (u^2 + u v + v^2) / 3 for end values u and v. Unlike
differences of cubes over g, this neither divides by g nor loses digits as g goes to 0.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from tms_lib.losses import check_importance
from tms_lib.theory.linear import LossTerms


def positive_interval(
    gain: Float[Tensor, "*#shape"], bias: Float[Tensor, "*#shape"]
) -> tuple[Float[Tensor, "*shape"], Float[Tensor, "*shape"]]:
    """Where in [0, 1] the line g x + b is positive: start and end, equal if nowhere.

    The line g = b = 0 counts as positive everywhere: integrals over it are 0 all the same.

    >>> positive_interval(torch.tensor([2.0, -2.0, 0.0]), torch.tensor([-0.5, 1.0, -1.0]))
    (tensor([0.2500, 0.0000, 1.0000]), tensor([1.0000, 0.5000, 1.0000]))
    """
    gain, bias = torch.broadcast_tensors(gain, bias)
    at_one = gain + bias
    crosses = bias * at_one < 0  # so that |g| > |b| > 0
    crossing = -bias / torch.where(crosses, gain, 1)
    start = torch.where(bias < 0, torch.where(at_one > 0, crossing, 1), 0)
    end = torch.where(at_one < 0, torch.where(bias > 0, crossing, start), 1)
    return start, end


def own_error(
    gain: Float[Tensor, "*#shape"], bias: Float[Tensor, "*#shape"]
) -> Float[Tensor, "*shape"]:
    r"""The mean squared error of a feature at its own output.

    $$A(g, b) = \int_0^1 (x - [g x + b])^2 \, dx, \quad g = \|W_i\|^2$$

    0: perfect, g = 1 and b = 0. 1/3: nothing comes out. Without bias it is (1 - g)^2 / 3 for
    g >= 0. It has a kink at g = b = 0, where autograd gets the gradient for b > 0.

    >>> own_error(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 0.5]))
    tensor([0.0000, 0.0833])
    """
    start, end = positive_interval(gain, bias)
    at_start, at_end = start - (gain * start + bias), end - (gain * end + bias)  # the error there
    between = (end - start) * (at_start**2 + at_start * at_end + at_end**2) / 3
    return start**3 / 3 + between + (1 - end**3) / 3  # x^2 where the line is cut off


def interference_error(
    gain: Float[Tensor, "*#shape"], bias: Float[Tensor, "*#shape"]
) -> Float[Tensor, "*shape"]:
    r"""The mean squared error that an active feature causes at the output of an absent one.

    $$B(g, b) = \int_0^1 [g x + b]^2 \, dx, \quad g = W_j \cdot W_i$$

    0: the line stays below zero. Without bias it is [g]^2 / 3, so that negative interference
    is free; a negative bias makes a little of the positive interference free too.

    >>> interference_error(torch.tensor([0.3, 0.3, -0.3]), torch.tensor([0.0, -0.3, 0.0]))
    tensor([0.0300, 0.0000, 0.0000])
    """
    start, end = positive_interval(gain, bias)
    at_start, at_end = gain * start + bias, gain * end + bias
    return (end - start) * (at_start**2 + at_start * at_end + at_end**2) / 3


class SilencedOutput(NamedTuple):
    """The best output that is silent up to a threshold.

    Attributes:
        gain: Its gain; the bias is minus the gain times the threshold.
        error: Its `own_error`.
    """

    gain: Float[Tensor, "*shape"]
    error: Float[Tensor, "*shape"]


def silenced_output(threshold: Float[Tensor, "*shape"]) -> SilencedOutput:
    r"""What it costs an output to be silent up to a threshold t, with b = -g t.

    $$g = \arg\min_g A(g, -g t) = \frac{2 + t}{2 (1 - t)}, \quad
        A(g, -g t) = \frac{t^2 (3 + t)}{12}$$

    A is `own_error`. At t = 0 the output is perfect, with gain 1. At t = 1 nothing comes out: the
    error is 1/3 and the gain infinite. In return, every feature whose gain at this output is at
    most g t causes no interference there: with equal norms, those at an angle of arccos(t) or
    more.

    >>> silenced_output(torch.tensor([0.0, 0.5]))
    SilencedOutput(gain=tensor([1.0000, 2.5000]), error=tensor([0.0000, 0.0729]))
    """
    gain = (2 + threshold) / (2 * (1 - threshold))
    error = threshold**2 * (3 + threshold) / 12
    return SilencedOutput(gain, error)


def one_active_terms(
    W: Float[Tensor, "*#instances hidden features"],
    b: Float[Tensor, "*#instances features"],
    *,
    importance: Float[Tensor, "*#instances #features"],
) -> LossTerms:
    r"""Feature benefit and interference of the ReLU output model, given one active feature.

    $$\frac{1}{n} \sum_i I_i A(\|W_i\|^2, b_i) \quad\text{and}\quad
        \frac{1}{n} \sum_i \sum_{j \neq i} I_j B(W_j \cdot W_i, b_j)$$

    Each of the n features is equally likely to be the active one; i is the active feature and
    j the output, whose bias and importance count. A and B are `own_error` and
    `interference_error`.

    Raises:
        ValueError: If an importance is negative or not finite.

    Source: Elhage et al. (2022), "Toy Models of Superposition", Mathematical Understanding.

    >>> one_active_terms(  # an antipodal pair costs nothing, two features alike cost 1/3
    ...     torch.tensor([[[1.0, -1.0]], [[1.0, 1.0]]]), torch.zeros(2), importance=torch.ones(2)
    ... )
    LossTerms(feature_benefit=tensor([0., 0.]), interference=tensor([0.0000, 0.3333]))
    """
    check_importance(importance)
    n_features = W.shape[-1]
    gain = W.mT @ W
    own = own_error(gain.diagonal(dim1=-2, dim2=-1), b)
    not_self = ~torch.eye(n_features, dtype=torch.bool, device=W.device)
    others = (interference_error(gain, b.unsqueeze(-1)) * not_self).sum(-1)  # at each output
    return LossTerms(
        (importance * own).sum(-1) / n_features, (importance * others).sum(-1) / n_features
    )


def one_active_loss(
    W: Float[Tensor, "*#instances hidden features"],
    b: Float[Tensor, "*#instances features"],
    *,
    importance: Float[Tensor, "*#instances #features"],
) -> Float[Tensor, "*instances"]:
    """The expected loss of the ReLU output model, given that exactly one feature is active.

    The sum of `one_active_terms`. Any feature is equally likely to be the active one. Where no
    two features are ever active together, this is all that training can see beside the loss
    of an empty input, the sum of I_i [b_i]^2.

    Raises:
        ValueError: If an importance is negative or not finite.

    >>> one_active_loss(torch.zeros(1, 2), torch.zeros(2), importance=torch.tensor([1.0, 2.0]))
    tensor(0.5000)
    """
    terms = one_active_terms(W, b, importance=importance)
    return terms.feature_benefit + terms.interference
