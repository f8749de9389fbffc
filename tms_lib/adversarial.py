"""Adversarial attacks on the ReLU output model, and how much they harm it.

An attack is a small change a of the input that enlarges the loss: the model sees x + a, and the
target stays the clean x. Its Euclidean length is at most `size`, one number per instance. With
superposition an output also reads inputs that are not its own, through the off-diagonal of
W^T W, and an attack that moves many of them a little moves the output a lot.

Data has the axes `*instances batch features`. An attack has the same, or a batch of 1 where all
inputs are changed alike. An attacked input may be negative, although no clean one is.

Source: Elhage et al. (2022), "Toy Models of Superposition", Relationship to Adversarial
Robustness.
"""

import math
from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from tms_lib.features import check_positive, first
from tms_lib.losses import weighted_mse
from tms_lib.metrics import check_finite
from tms_lib.models import gram, relu_output
from tms_lib.theory import linear_optimum


@runtime_checkable
class Attack(Protocol):
    """Finds an attack of length `size` on a batch, such as `universal_attack`."""

    def __call__(
        self,
        x: Float[Tensor, "*instances batch features"],
        /,
        *,
        W: Float[Tensor, "*instances hidden features"],
        b: Float[Tensor, "*instances features"],
        importance: Float[Tensor, "*#instances #features"],
        size: Float[Tensor, "*instances"],
    ) -> Float[Tensor, "*instances #batch features"]: ...


def attack_directions(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances features features"]:
    r"""For each output, the unit change of the inputs that moves it most.

    $$d_i = (W^T W)_i \; / \; \| (W^T W)_i \|$$

    Row i of W^T W is the gradient of output i before its ReLU. A feature with a dimension of its
    own has d_i = e_i, a change of that feature alone. In superposition d_i also changes the
    features that interfere with it. A zero column has no direction, and its d_i is 0.

    Raises:
        ValueError: If `W` is not finite.

    >>> attack_directions(torch.tensor([[0.6, 0.8, 0.0]]))
    tensor([[0.6000, 0.8000, 0.0000],
            [0.6000, 0.8000, 0.0000],
            [0.0000, 0.0000, 0.0000]])
    """
    check_finite(W)
    return F.normalize(gram(W), dim=-1)  # a zero row stays zero


def attack_size(
    x: Float[Tensor, "*instances batch features"], *, fraction: float
) -> Float[Tensor, "*instances"]:
    """A fraction of the mean length of an instance's inputs, zero inputs counted.

    Raises:
        ValueError: If `fraction` is not positive and finite.

    >>> attack_size(torch.tensor([[3.0, 4.0], [0.0, 0.0]]), fraction=0.1)
    tensor(0.2500)
    """
    if not 0 < fraction < math.inf:
        raise ValueError(f"fraction must be positive and finite; got {fraction}.")
    return fraction * torch.linalg.vector_norm(x, dim=-1).mean(-1)


@torch.no_grad()
def universal_attack(
    x: Float[Tensor, "*instances batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    importance: Float[Tensor, "*#instances #features"],
    size: Float[Tensor, "*instances"],
) -> Float[Tensor, "*instances 1 features"]:
    """One change for all inputs: the attack direction that makes the batch's loss largest.

    Raises:
        ValueError: If `size` is negative or not finite, or `W` is not finite.

    >>> W, b = torch.tensor([[0.6, -0.8]]), torch.zeros(2)
    >>> x, importance = torch.tensor([[0.5, 0.0], [0.2, 0.0]]), torch.ones(2)
    >>> universal_attack(x, W=W, b=b, importance=importance, size=torch.tensor(0.1))
    tensor([[-0.0600,  0.0800]])
    """
    losses = _losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = losses.mean(-2, keepdim=True).argmax(-1, keepdim=True)  # *instances 1 1
    return _of_length(size, attack_directions(W).take_along_dim(worst, dim=-2))


@torch.no_grad()
def per_example_attack(
    x: Float[Tensor, "*instances batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    importance: Float[Tensor, "*#instances #features"],
    size: Float[Tensor, "*instances"],
) -> Float[Tensor, "*instances batch features"]:
    """For each input, the attack direction that makes its own loss largest.

    It harms at least as much as `universal_attack`.

    Raises:
        ValueError: If `size` is negative or not finite, or `W` is not finite.

    >>> W, b = torch.tensor([[0.6, -0.8]]), torch.zeros(2)
    >>> x, importance = torch.tensor([[0.5, 0.0], [0.0, 0.5]]), torch.ones(2)
    >>> per_example_attack(x, W=W, b=b, importance=importance, size=torch.tensor(0.1))
    tensor([[-0.0600,  0.0800],
            [ 0.0600, -0.0800]])
    """
    losses = _losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = losses.argmax(-1, keepdim=True)  # *instances batch 1
    return _of_length(size, attack_directions(W).take_along_dim(worst, dim=-2))


@torch.no_grad()
def gradient_attack(
    x: Float[Tensor, "*instances batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    importance: Float[Tensor, "*#instances #features"],
    size: Float[Tensor, "*instances"],
    n_steps: int = 20,
) -> Float[Tensor, "*instances batch features"]:
    """For each input, the worst change that projected gradient ascent finds.

    Each step goes a quarter of `size` along the gradient of the input's own loss, and back
    into the ball of radius `size` if it left it. The best point on the way counts.

    It starts from `per_example_attack`, and so harms at least as much. Starting from the clean
    input would not do: where it is reconstructed perfectly, the loss has no slope.

    Raises:
        ValueError: If `size` is negative or not finite, `W` is not finite, or `n_steps` is
            below 1.

    >>> W, b = torch.tensor([[0.6, -0.8]]), torch.zeros(2)
    >>> x, size = torch.tensor([[0.5, 0.0]]), torch.tensor(0.1)
    >>> attack = gradient_attack(x, W=W, b=b, importance=torch.ones(2), size=size)
    >>> bool(torch.linalg.vector_norm(attack) <= size * 1.0001)
    True
    """
    check_positive(n_steps=n_steps)
    model = {"W": W, "b": b, "importance": importance}
    attack = best = per_example_attack(x, **model, size=size)
    for _ in range(n_steps):
        uphill = F.normalize(_loss_gradient(x, attack, **model), dim=-1)
        attack = attack + _of_length(size / 4, uphill)
        length = torch.linalg.vector_norm(attack, dim=-1, keepdim=True)
        attack = F.normalize(attack, dim=-1) * torch.minimum(length, size[..., None, None])
        better = _loss_per_input(x, attack, **model) > _loss_per_input(x, best, **model)
        best = torch.where(better.unsqueeze(-1), attack, best)
    return best


def attack_harm(
    x: Float[Tensor, "*instances batch features"],
    attack: Float[Tensor, "*instances #batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    importance: Float[Tensor, "*#instances #features"],
) -> Float[Tensor, "*instances"]:
    """By how much an attack raises each instance's loss, L' - L. Both targets are the clean x.

    A model of the identity, W^T W = 1 and b = 0, suffers the squared length of the attack:

    >>> x, attack = torch.tensor([[0.5, 0.5]]), torch.tensor([[0.3, -0.4]])
    >>> attack_harm(x, attack, W=torch.eye(2), b=torch.zeros(2), importance=torch.ones(2))
    tensor(0.2500)
    """
    clean = weighted_mse(x, relu_output(x, W=W, b=b), importance=importance)
    attacked = weighted_mse(x, relu_output(x + attack, W=W, b=b), importance=importance)
    return attacked - clean


def relative_vulnerability(
    x: Float[Tensor, "*instances batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    feature_probability: Float[Tensor, "*#instances #features"],
    importance: Float[Tensor, "*#instances #features"],
    attack: Attack,
    fraction: float,
) -> Float[Tensor, "*instances"]:
    r"""The harm to a model, as a multiple of the harm to one without superposition.

    $$\frac{L' - L}{L'_0 - L_0}$$

    The model without superposition is `linear_optimum`: m features have a dimension each, and
    the outputs of the others are constant. It is attacked by the same kind of attack of the same
    size. Whichever kind that is, the worst it can do is to add all of the size to the most
    important feature kept, so that its harm is size^2 times that importance.

    1: no more vulnerable than without superposition. Compare with the features per dimension,
    1 / `dimensions_per_feature`: antipodal pairs have 2 of both.

    Args:
        x: A batch of clean inputs.
        W: Weights of the model.
        b: Its biases.
        feature_probability: Density p of the features in `x`.
        importance: I_i of the loss that the attack raises.
        attack: `universal_attack`, `per_example_attack` or `gradient_attack`.
        fraction: The attack's size as a fraction of the mean length of the inputs.

    Raises:
        ValueError: If all inputs of an instance are 0, so that its attack has size 0; as
            `attack`, `attack_size` and `linear_optimum` otherwise.

    >>> W, x = torch.tensor([[1.0, -1.0]]), torch.tensor([[0.5, 0.0], [0.0, 0.5]])
    >>> relative_vulnerability(
    ...     x, W=W, b=torch.zeros(2), feature_probability=torch.tensor([0.1]),
    ...     importance=torch.ones(2), attack=universal_attack, fraction=0.1
    ... )
    tensor(2.0000)
    """
    size = attack_size(x, fraction=fraction)
    if (size == 0).any():
        where = first(size, where=size == 0)
        raise ValueError(
            f"x must have an input other than 0 in each instance; its size is {where}."
        )
    W_0, b_0 = linear_optimum(
        feature_probability.expand(b.shape), importance=importance, n_hidden=W.shape[-2]
    )
    harm, harm_0 = (
        attack_harm(
            x, attack(x, **model, importance=importance, size=size), **model, importance=importance
        )
        for model in ({"W": W, "b": b}, {"W": W_0, "b": b_0})
    )
    return harm / harm_0


def _losses_by_direction(
    x: Float[Tensor, "*instances batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    importance: Float[Tensor, "*#instances #features"],
    size: Float[Tensor, "*instances"],
) -> Float[Tensor, "*instances batch features"]:
    """Entry (k, i): the loss of input k when it is attacked along direction i."""
    wrong = ~(size.isfinite() & (size >= 0))
    if wrong.any():
        raise ValueError(f"size must be finite and at least 0; got {first(size, where=wrong)}.")
    # one direction at a time: all at once would need features times the memory of the batch
    losses = [
        _loss_per_input(
            x, _of_length(size, direction.unsqueeze(-2)), W=W, b=b, importance=importance
        )
        for direction in attack_directions(W).unbind(-2)
    ]
    return torch.stack(losses, dim=-1)


def _loss_per_input(
    x: Float[Tensor, "*instances batch features"],
    attack: Float[Tensor, "*instances #batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    importance: Float[Tensor, "*#instances #features"],
) -> Float[Tensor, "*instances batch"]:
    x_hat = relu_output(x + attack, W=W, b=b)
    # every input becomes an instance with a batch of one
    return weighted_mse(x.unsqueeze(-2), x_hat.unsqueeze(-2), importance=importance.unsqueeze(-2))


@torch.enable_grad()
def _loss_gradient(
    x: Float[Tensor, "*instances batch features"],
    attack: Float[Tensor, "*instances batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    importance: Float[Tensor, "*#instances #features"],
) -> Float[Tensor, "*instances batch features"]:
    """The gradient of each input's loss with respect to its attack."""
    attack = attack.detach().requires_grad_()
    losses = _loss_per_input(x, attack, W=W.detach(), b=b.detach(), importance=importance)
    return torch.autograd.grad(losses.sum(), attack)[0]


def _of_length(
    size: Float[Tensor, "*instances"], direction: Float[Tensor, "*instances #batch features"]
) -> Float[Tensor, "*instances #batch features"]:
    return size[..., None, None] * direction
