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

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from tms_lib.features import check_positive, first
from tms_lib.losses import check_importance
from tms_lib.metrics import check_finite
from tms_lib.models import gram, relu_output
from tms_lib.theory import linear_optimum


def attack_directions(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances features features"]:
    r"""For each output, the unit change of the inputs that moves it most.

    $$d_i = (W^T W)_i \; / \; \| (W^T W)_i \|$$

    Row i of W^T W is the gradient of output i before its ReLU. A feature with a dimension of its
    own has d_i = e_i, a change of that feature alone. In superposition d_i also changes the
    features that interfere with it. A zero column has no direction, and its d_i is 0.

    Along d_i, output i moves $\| (W^T W)_i \| = \|W_i\|^2 / \sqrt{D_i}$ times as far as its inputs
    do, with D_i its `dimensionality`: for unit columns, the less dimension, the farther.

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


def attacked_losses(
    x: Float[Tensor, "*instances batch features"],
    attack: Float[Tensor, "*instances #batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    importance: Float[Tensor, "*#instances #features"],
) -> Float[Tensor, "*instances batch"]:
    r"""The loss of every input when it is attacked. The target is the clean input.

    $$\ell(x, a) = \sum_i I_i \bigl(x_i - \mathrm{ReLU}(W^T W (x + a) + b)_i\bigr)^2$$

    The mean over the batch is the instance's loss L'; without an attack it is `weighted_mse`.

    Raises:
        ValueError: If an importance is negative or not finite.

    >>> W, b = torch.tensor([[1.0, -1.0]]), torch.zeros(2)
    >>> x, attack = torch.tensor([[0.5, 0.0], [0.0, 0.5]]), torch.tensor([[0.1, -0.1]])
    >>> attacked_losses(x, attack, W=W, b=b, importance=torch.ones(2))
    tensor([0.0400, 0.0400])
    """
    check_importance(importance)
    x_hat = relu_output(x + attack, W=W, b=b)
    return (importance.unsqueeze(-2) * (x - x_hat) ** 2).sum(-1)


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
    clean, attacked = (
        attacked_losses(x, change, W=W, b=b, importance=importance)
        for change in (torch.zeros_like(attack), attack)
    )
    return (attacked - clean).mean(-1)


def losses_by_direction(
    x: Float[Tensor, "*instances batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    importance: Float[Tensor, "*#instances #features"],
    size: Float[Tensor, "*instances"],
) -> Float[Tensor, "*instances batch features"]:
    """Entry (k, i): the loss of input k when it is attacked along `attack_directions` row i.

    Raises:
        ValueError: If `size` is negative or not finite, or `W` is not finite; as
            `attacked_losses` otherwise.

    >>> W, b = torch.tensor([[0.6, -0.8]]), torch.zeros(2)
    >>> x, size = torch.tensor([[0.5, 0.0], [0.0, 0.5]]), torch.tensor(0.1)
    >>> losses_by_direction(x, W=W, b=b, importance=torch.ones(2), size=size)
    tensor([[0.0676, 0.1444],
            [0.0676, 0.0100]])
    """
    wrong = ~(size.isfinite() & (size >= 0))
    if wrong.any():
        raise ValueError(f"size must be finite and at least 0; got {first(size, where=wrong)}.")
    # one direction at a time: all at once would need features times the memory of the batch
    losses = [
        attacked_losses(
            x, size[..., None, None] * direction.unsqueeze(-2), W=W, b=b, importance=importance
        )
        for direction in attack_directions(W).unbind(-2)
    ]
    return torch.stack(losses, dim=-1)


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
        ValueError: As `losses_by_direction`.

    >>> W, b = torch.tensor([[0.6, -0.8]]), torch.zeros(2)
    >>> x, importance = torch.tensor([[0.5, 0.0], [0.2, 0.0]]), torch.ones(2)
    >>> universal_attack(x, W=W, b=b, importance=importance, size=torch.tensor(0.1))
    tensor([[-0.0600,  0.0800]])
    """
    losses = losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = losses.mean(-2, keepdim=True).argmax(-1, keepdim=True)  # *instances 1 1
    return size[..., None, None] * attack_directions(W).take_along_dim(worst, dim=-2)


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
        ValueError: As `losses_by_direction`.

    >>> W, b = torch.tensor([[0.6, -0.8]]), torch.zeros(2)
    >>> x, importance = torch.tensor([[0.5, 0.0], [0.0, 0.5]]), torch.ones(2)
    >>> per_example_attack(x, W=W, b=b, importance=importance, size=torch.tensor(0.1))
    tensor([[-0.0600,  0.0800],
            [ 0.0600, -0.0800]])
    """
    losses = losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = losses.argmax(-1, keepdim=True)  # *instances batch 1
    return size[..., None, None] * attack_directions(W).take_along_dim(worst, dim=-2)


@torch.enable_grad()
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
        ValueError: As `losses_by_direction`, or if `n_steps` is below 1.

    >>> W, b = torch.tensor([[0.6, -0.8]]), torch.zeros(2)
    >>> x, size = torch.tensor([[0.5, 0.0]]), torch.tensor(0.1)
    >>> attack = gradient_attack(x, W=W, b=b, importance=torch.ones(2), size=size)
    >>> bool(torch.linalg.vector_norm(attack) <= size * 1.0001)
    True
    """
    check_positive(n_steps=n_steps)
    radius = size[..., None, None]
    attack = best = per_example_attack(x, W=W, b=b, importance=importance, size=size)
    highest = attacked_losses(x, best, W=W, b=b, importance=importance)
    for _ in range(n_steps):
        attack = attack.detach().requires_grad_()
        losses = attacked_losses(x, attack, W=W, b=b, importance=importance)
        (uphill,) = torch.autograd.grad(losses.sum(), attack)
        attack = attack.detach() + radius / 4 * F.normalize(uphill, dim=-1)
        length = torch.linalg.vector_norm(attack, dim=-1, keepdim=True)
        attack = F.normalize(attack, dim=-1) * torch.minimum(length, radius)
        losses = attacked_losses(x, attack, W=W, b=b, importance=importance)
        best = torch.where((losses > highest).unsqueeze(-1), attack, best)
        highest = torch.maximum(losses, highest)
    return best


def relative_vulnerability(
    x: Float[Tensor, "*instances batch features"],
    attack: Float[Tensor, "*instances #batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    feature_probability: Float[Tensor, "*#instances #features"],
    importance: Float[Tensor, "*#instances #features"],
    size: Float[Tensor, "*instances"],
) -> Float[Tensor, "*instances"]:
    r"""The harm to a model, as a multiple of the harm to one without superposition.

    $$\frac{L' - L}{L'_0 - L_0}$$

    The model without superposition is `linear_optimum`: m features have a dimension each, and
    the outputs of the others are constant. It suffers its own `universal_attack` of the same size.
    No other kind harms it more: the worst that any attack can do is to add all of the size to the
    most important feature kept, for a harm of size^2 times that importance.

    1: no more vulnerable than without superposition. Compare with the features per dimension,
    1 / `dimensions_per_feature`: antipodal pairs have 2 of both.

    Args:
        x: A batch of clean inputs.
        attack: What is added to them, of any kind, such as a `per_example_attack`.
        W: Weights of the model.
        b: Its biases.
        feature_probability: Density p of the features in `x`.
        importance: I_i of the loss that the attack raises.
        size: The length that an attack may have.

    Raises:
        ValueError: If `size` is not positive and finite; as `linear_optimum` otherwise.

    >>> W, x = torch.tensor([[1.0, -1.0]]), torch.tensor([[0.5, 0.0], [0.0, 0.5]])
    >>> model, size = {"W": W, "b": torch.zeros(2), "importance": torch.ones(2)}, torch.tensor(0.1)
    >>> attack = universal_attack(x, **model, size=size)
    >>> relative_vulnerability(
    ...     x, attack, **model, feature_probability=torch.tensor([0.1]), size=size
    ... )
    tensor(2.0000)
    """
    if not (size > 0).all():
        where = first(size, where=~(size > 0))
        raise ValueError(f"size must be greater than 0; got {where}. (Are all inputs of it 0?)")
    p = feature_probability.expand(b.shape)
    W_0, b_0 = linear_optimum(p, importance=importance, n_hidden=W.shape[-2])
    attack_0 = universal_attack(x, W=W_0, b=b_0, importance=importance, size=size)
    harm_0 = attack_harm(x, attack_0, W=W_0, b=b_0, importance=importance)
    return attack_harm(x, attack, W=W, b=b, importance=importance) / harm_0
