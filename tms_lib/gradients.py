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
import torch.nn.functional as F
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
    """Whether `SquaredErrorGradients` knows the model, which subclasses may have changed."""
    return type(model) in (LinearModel, ReLUOutputModel, ReLUHiddenModel, AbsoluteValueModel)


class SquaredErrorGradients:
    """Computes losses and gradients of one model, in memory that it keeps from call to call.

    Fresh memory for each product would take longer than the product.

    Args:
        model: One for which `has_gradients` holds.
    """

    def __init__(self, model: nn.Module) -> None:
        self._layers = _layers(model)
        self._memory: dict[str, Tensor] = {}

    @torch.no_grad()
    def __call__(
        self,
        x: Float[Tensor, "instances batch features"],
        target: Float[Tensor, "instances batch features"],
        *,
        importance: Float[Tensor, "instances features"],
        weight: Float[Tensor, "instances batch"],
        leak: Float[Tensor, ""] | None = None,
    ) -> Float[Tensor, " instances"]:
        """Sets the gradient of every parameter and returns the losses.

        Args:
            x: Inputs.
            target: What the model should give for them.
            importance: I_i.
            weight: How much each row counts; 1 / batch for a plain mean.
            leak: Slope that the gradient takes the output ReLU to have where it is off; by
                default 0, the truth. The losses do not depend on it.
        """
        layers = self._layers
        W1, c, b = layers.W1, layers.c, layers.b
        W2 = W1.mT if layers.W2 is None else layers.W2  # instances features hidden
        x, target = x.mT, target.mT  # instances features batch
        row = weight.unsqueeze(-2)
        importance = importance.unsqueeze(-1)
        n_features, n_hidden = W2.shape[-2:]
        h, eta = (self._like(name, x, n_rows=n_hidden + 1) for name in ("h", "eta"))
        y, error = (self._like(name, x, n_rows=n_features) for name in ("y", "error"))

        # The bias is the weight of one more hidden unit, which is always 1. That spares two passes
        # over `features batch`, and products with a single row or column, which are slow.
        torch.bmm(F.pad(W1, (0, 0, 0, 1)), x, out=h)
        if c is not None:
            h[:, :-1] += c.unsqueeze(-1)
        h[:, -1] = 1
        if layers.relu_hidden:
            h.relu_()
        W2b = torch.cat([W2, b.unsqueeze(-1)], dim=-1)
        torch.bmm(W2b, h, out=y)
        if layers.relu_output:
            y.relu_()
        torch.sub(y, target, out=error)
        delta = error
        if layers.relu_output:
            delta = y  # whose own values are needed no more
            _backward_of_relu(error, y, out=delta)
            if leak is not None:
                delta.lerp_(error, leak)

        W2b.mul_(importance).mul_(2)
        torch.bmm(W2b.mT, delta, out=eta)
        if layers.relu_hidden:
            _backward_of_relu(eta, h, out=eta)
        eta.mul_(row)
        W1_grad = torch.bmm(eta, x.mT)[:, :-1]
        if c is not None:
            c.grad = eta[:, :-1].sum(-1)
        W2b_grad = torch.bmm(h.mul_(row), delta.mT).mul_(2 * importance.mT)  # transposed
        if layers.W2 is None:
            W1.grad = W1_grad + W2b_grad[:, :-1]
        else:
            W1.grad = W1_grad.contiguous()
            layers.W2.grad = W2b_grad[:, :-1].mT.contiguous()
        b.grad = W2b_grad[:, -1].contiguous()
        return (error.square_().mul_(row).sum(-1, keepdim=True) * importance).sum((-2, -1))

    def _like(self, name: str, x: Tensor, *, n_rows: int) -> Tensor:
        """The memory called `name`, of the shape `instances rows batch`."""
        shape = (x.shape[0], n_rows, x.shape[-1])
        if name not in self._memory or self._memory[name].shape != shape:
            self._memory[name] = x.new_empty(shape)
        return self._memory[name]


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


def _backward_of_relu(gradient: Tensor, output: Tensor, *, out: Tensor) -> None:
    """Writes into `out` the gradient where the ReLU gave something positive, else 0."""
    torch.ops.aten.threshold_backward(gradient, output, 0, grad_input=out)
