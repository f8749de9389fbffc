"""Circuits for absolute values: their loss, two made by hand, and what a circuit's weights say.

A circuit is the weights of an absolute-value model y = ReLU(W2 ReLU(W1 x) + b) on signed
features. Row k of W1 is what neuron k reads, column k of W2 what it writes.

Source: Elhage et al. (2022), "Toy Models of Superposition", Computation in Superposition.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from tms_lib.losses import weighted_mse
from tms_lib.metrics import check_finite
from tms_lib.models import absolute_value
from tms_lib.theory import linear_optimum


def absolute_value_loss(
    x: Float[Tensor, "*instances batch features"],
    *,
    W1: Float[Tensor, "*instances hidden features"],
    W2: Float[Tensor, "*instances features hidden"],
    b: Float[Tensor, "*instances features"],
    importance: Float[Tensor, "..."],
) -> Float[Tensor, "*instances"]:
    r"""Each instance's loss if the outputs should be the absolute values of the inputs.

    $$L = \frac{1}{B} \sum_{x} \sum_i I_i (|x_i| - y_i)^2$$

    Args:
        x: Inputs of both signs.
        W1: What each neuron reads.
        W2: What each neuron writes.
        b: Biases of the outputs.
        importance: I_i >= 0, broadcasts over `*instances features`.

    Raises:
        ValueError: If an importance is negative or not finite, or if shapes disagree.

    >>> W1, W2 = torch.tensor([[1.0]]), torch.tensor([[1.0]])  # the positive side only
    >>> absolute_value_loss(
    ...     torch.tensor([[1.0], [-1.0]]), W1=W1, W2=W2, b=torch.zeros(1), importance=torch.ones(1)
    ... )
    tensor(0.5000)
    """
    y = absolute_value(x, W1=W1, W2=W2, b=b)
    return weighted_mse(x.abs(), y, importance=importance)


def monosemantic_circuit(
    feature_probability: Float[Tensor, "*#instances #features"],
    *,
    importance: Float[Tensor, "*#instances #features"],
    n_hidden: int,
) -> tuple[
    Float[Tensor, "*instances {n_hidden} features"],
    Float[Tensor, "*instances features {n_hidden}"],
    Float[Tensor, "*instances features"],
]:
    r"""W1, W2 and b of the circuit that gives features neurons of their own, two to each.

    A served feature has a neuron for either side, $|x| = \mathrm{ReLU}(x) + \mathrm{ReLU}(-x)$,
    and is exact. The others are answered by their mean, $E|x_i| = p_i/2$.

    Served are the m/2 features with the largest cost $I_i \mathrm{Var}|x_i|$. |x| of a signed
    feature is an unsigned feature. So these are the features that `linear_optimum` keeps in m/2
    dimensions, the biases are its biases, and the loss is `linear_optimal_loss`. It is the best
    that is known without superposition: the yardstick of trained models.

    Raises:
        ValueError: If a probability lies outside [0, 1], an importance is negative or not finite,
            or `n_hidden` is odd or not between 2 and twice the number of features.

    >>> W1, W2, b = monosemantic_circuit(
    ...     torch.tensor([0.5]), importance=torch.tensor([0.1, 1.0]), n_hidden=2
    ... )
    >>> W2, b
    (tensor([[0., 0.],
            [1., 1.]]), tensor([0.2500, 0.0000]))
    """
    _check_n_hidden(n_hidden, max(feature_probability.shape[-1], importance.shape[-1]))
    W, b = linear_optimum(feature_probability, importance=importance, n_hidden=n_hidden // 2)
    W1 = torch.cat([W, -W], dim=-2)  # row k of W selects the k-th feature served
    return W1, W1.abs().mT, b


def side_responses(
    W1: Float[Tensor, "*instances hidden features"],
    W2: Float[Tensor, "*instances outputs hidden"],
) -> tuple[
    Float[Tensor, "*instances outputs features"], Float[Tensor, "*instances outputs features"]
]:
    r"""What each feature alone does to each output, on its positive and on its negative side.

    Column i of the two matrices is what $x_i = 1$, or $x_i = -1$, and all others 0, adds up to
    at the outputs, before biases and output ReLU:

    $$P = W_2 \, \mathrm{ReLU}(W_1), \qquad N = W_2 \, \mathrm{ReLU}(-W_1)$$

    Alone, a feature of size s does s times as much. An exact circuit without biases has 1 on both
    diagonals and nothing positive beside them. Neither rescaling nor reordering neurons changes
    anything.

    Raises:
        ValueError: If `W1` or `W2` is not finite.

    >>> positive, negative = side_responses(torch.tensor([[2.0, -0.5]]), torch.tensor([[0.5], [2]]))
    >>> positive  # feature 0 disturbs output 1
    tensor([[1., 0.],
            [4., 0.]])
    >>> negative
    tensor([[0.0000, 0.2500],
            [0.0000, 1.0000]])
    """
    check_finite(W1, name="W1")
    check_finite(W2, name="W2")
    return W2 @ torch.relu(W1), W2 @ torch.relu(-W1)


def asymmetric_circuit(
    ratio: Float[Tensor, "*instances"], *, margin: float
) -> tuple[Float[Tensor, "*instances 2 2"], Float[Tensor, "*instances 2 2"]]:
    r"""W1 and W2 of two neurons: one that two features share, and its inhibitor.

    Neuron 0 serves the positive side of feature 0 and the negative side of feature 1. With the
    ratio r it reads r and -1/r and writes 1/r and r, so that either feature alone gets its output
    right. Feature 1 hardly disturbs output 0, by 1/r^2, but feature 0 disturbs output 1 by r^2.
    Neuron 1, which reads feature 0 alone, takes r^2 + margin away from there. The output ReLU
    ends the matter.

    Args:
        ratio: r > 0 of each circuit. The paper has 2.
        margin: How far below zero feature 0 pushes output 1.

    Raises:
        ValueError: If a ratio is not positive and finite, or the margin is negative or not finite.

    Source: the paper's motif of asymmetric superposition and inhibition; the inhibitor's weights
    are ours.

    >>> W1, W2 = asymmetric_circuit(torch.tensor(2.0), margin=1.0)
    >>> W1
    tensor([[ 2.0000, -0.5000],
            [ 1.0000,  0.0000]])
    >>> W2
    tensor([[ 0.5000,  0.0000],
            [ 2.0000, -5.0000]])
    """
    _check_asymmetry(ratio, margin)
    one, zero = torch.ones_like(ratio), torch.zeros_like(ratio)
    W1 = torch.stack([ratio, -1 / ratio, one, zero], dim=-1)
    W2 = torch.stack([1 / ratio, zero, ratio, -(ratio**2 + margin)], dim=-1)
    return W1.unflatten(-1, (2, 2)), W2.unflatten(-1, (2, 2))


def _check_n_hidden(n_hidden: int, n_features: int) -> None:
    if n_hidden % 2 or not 2 <= n_hidden <= 2 * n_features:
        raise ValueError(
            f"n_hidden must be even, from 2 to twice the {n_features} features; got {n_hidden}. "
            "(Every feature that is served takes two neurons.)"
        )


def _check_asymmetry(ratio: Float[Tensor, "*instances"], margin: float) -> None:
    if not (ratio.isfinite() & (ratio > 0)).all():
        raise ValueError(f"ratio must be positive and finite; got {ratio.tolist()}.")
    if not 0 <= margin < float("inf"):
        raise ValueError(
            f"margin must be finite and at least 0; got {margin}. (Less would leave a part of the "
            "disturbance.)"
        )
