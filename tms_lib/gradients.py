r"""Hand-derived gradients of the toy models' loss, several times quicker than autograd's.

All four families have the form

$$h = f(W_1 x + c), \quad y = g(W_2 h + b), \quad
  L = \sum_x w_x \sum_i I_i (y_i - t_i)^2,$$

with f and g the identity or a ReLU, row weights w_x (1 / batch in a plain mean), and W_2 = W_1^T
where the weights are tied. With the masks f', g' of the active units, the chain rule gives

$$\delta = g' (y - t), \quad \partial L / \partial W_2 = 2 I \sum_x w \, \delta h^T, \quad
  \partial L / \partial b = 2 I \sum_x w \, \delta,$$
$$\eta = 2 f' \, W_2^T I \delta, \quad \partial L / \partial W_1 = \sum_x w \, \eta x^T, \quad
  \partial L / \partial c = \sum_x w \, \eta.$$

Tied weights get the sum of both gradients. Importances and row weights are multiplied onto the
small matrices, never onto `batch features`. All matrices here have the batch last.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tms_lib.models import AbsoluteValueModel, LinearModel, ReLUHiddenModel, ReLUOutputModel


class _Layers(NamedTuple):
    """A model's parameters in the form above; c is None without a hidden bias."""

    W1: nn.Parameter
    W2: nn.Parameter | None  # None: tied
    c: nn.Parameter | None
    b: nn.Parameter
    relu_hidden: bool
    relu_output: bool


def has_gradients(model: nn.Module) -> bool:
    """Whether `squared_error_gradients` knows the model, which subclasses may have changed."""
    return type(model) in (LinearModel, ReLUOutputModel, ReLUHiddenModel, AbsoluteValueModel)


@torch.no_grad()
def squared_error_gradients(
    model: nn.Module,
    x: Float[Tensor, "instances batch features"],
    target: Float[Tensor, "instances batch features"],
    *,
    importance: Float[Tensor, "instances features"],
    weight: Float[Tensor, "instances batch"],
) -> Float[Tensor, " instances"]:
    """Sets the gradient of every parameter of `model` and returns the losses.

    Args:
        model: One for which `has_gradients` holds.
        x: Inputs.
        target: What the model should give for them.
        importance: I_i.
        weight: How much each row counts; 1 / batch for a plain mean.
    """
    layers = _layers(model)
    W1, c, b = layers.W1, layers.c, layers.b
    W2 = W1.mT if layers.W2 is None else layers.W2  # instances features hidden
    x, target = x.mT, target.mT  # instances features batch
    row, column = weight.unsqueeze(-2), weight.unsqueeze(-1)
    doubled = 2 * importance.unsqueeze(-1)

    h = torch.bmm(W1, x) if c is None else torch.baddbmm(c.unsqueeze(-1), W1, x)
    if layers.relu_hidden:
        h.relu_()
    y = torch.baddbmm(b.unsqueeze(-1), W2, h)
    if layers.relu_output:
        y.relu_()
    error = y - target
    delta = _backward_of_relu(error, y) if layers.relu_output else error

    eta = torch.bmm((doubled * W2).mT, delta)
    if layers.relu_hidden:
        eta = _backward_of_relu(eta, h)
    W1_grad = torch.bmm(eta.mul_(row), x.mT)
    if c is not None:
        c.grad = eta.sum(-1)
    W2_grad = torch.bmm(delta, h.mul_(row).mT).mul_(doubled)
    if layers.W2 is None:
        W1_grad += W2_grad.mT
    else:
        layers.W2.grad = W2_grad
    W1.grad = W1_grad
    b.grad = torch.bmm(delta, column).mul_(doubled).squeeze(-1)
    return (torch.bmm(error.square_(), column).squeeze(-1) * importance).sum(-1)


def _layers(model: nn.Module) -> _Layers:
    match model:
        case LinearModel(W=W, b=b):
            return _Layers(W, None, None, b, relu_hidden=False, relu_output=False)
        case ReLUOutputModel(W=W, b=b):
            return _Layers(W, None, None, b, relu_hidden=False, relu_output=True)
        case ReLUHiddenModel(W=W, b=b, c=c):
            return _Layers(W, None, c, b, relu_hidden=True, relu_output=True)
        case AbsoluteValueModel(W1=W1, W2=W2, b=b):
            return _Layers(W1, W2, None, b, relu_hidden=True, relu_output=True)
    raise TypeError(f"there are no hand-derived gradients for {type(model).__name__}.")


def _backward_of_relu(gradient: Tensor, output: Tensor) -> Tensor:
    """`gradient` where the ReLU gave something positive, else 0, in one pass."""
    return torch.ops.aten.threshold_backward(gradient, output, 0)
