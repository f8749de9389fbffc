"""The loss of the toy models: squared errors, weighted by the importance of each feature.

Data has the axes `*instances batch features`. A loss is one number per instance.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from tms_lib.features import being_captured, first


def weighted_mse(
    x: Float[Tensor, "*instances batch features"],
    x_hat: Float[Tensor, "*instances batch features"],
    *,
    importance: Float[Tensor, "..."],
) -> Float[Tensor, "*instances"]:
    r"""Each instance's loss: the batch mean of the importance-weighted sum of squared errors.

    $$L = \frac{1}{B} \sum_{x} \sum_i I_i (x_i - x'_i)^2$$

    The features are summed, as in the paper, not averaged.

    Args:
        x: Inputs.
        x_hat: Their reconstructions, in the same shape.
        importance: I_i >= 0. Broadcasts over `*instances features`: one value per feature,
            or a row of its own for each instance.

    Raises:
        ValueError: If an importance is negative or not finite, or if shapes disagree.

    Source: Elhage et al. (2022), "Toy Models of Superposition", Demonstrating Superposition.

    >>> x, x_hat = torch.tensor([[1.0, 0.0], [0.0, 0.0]]), torch.tensor([[0.0, 2.0], [0.0, 0.0]])
    >>> weighted_mse(x, x_hat, importance=torch.tensor([1.0, 0.5]))  # (1 * 1 + 0.5 * 4) / 2
    tensor(1.5000)
    """
    check_same_shape(x, x_hat)
    check_importance(importance)
    check_fits(importance, x)
    error = ((x - x_hat) ** 2).mean(-2)  # *instances features
    return (importance * error).sum(-1)


def weighted_row_mse(
    x: Float[Tensor, "*instances batch features"],
    x_hat: Float[Tensor, "*instances batch features"],
    *,
    importance: Float[Tensor, "..."],
    weight: Float[Tensor, "*instances batch"],
) -> Float[Tensor, "*instances"]:
    """As `weighted_mse`, with a weight for each row in place of the mean over the batch.

    Raises:
        ValueError: As `weighted_mse`.

    >>> x, x_hat = torch.tensor([[1.0], [0.0]]), torch.zeros(2, 1)
    >>> weighted_row_mse(x, x_hat, importance=torch.ones(1), weight=torch.tensor([0.1, 0.9]))
    tensor(0.1000)
    """
    check_same_shape(x, x_hat)
    check_importance(importance)
    check_fits(importance, x)
    error = torch.einsum("...b,...bi->...i", weight, (x - x_hat) ** 2)
    return (importance * error).sum(-1)


def check_importance(importance: Float[Tensor, "*shape"]) -> None:
    """Raise a ValueError that names the first negative or non-finite importance, if any."""
    if being_captured(importance):
        return
    wrong = ~(importance.isfinite() & (importance >= 0))
    if wrong.any():
        got = first(importance, where=wrong)
        raise ValueError(f"importance must be finite and at least 0; got {got}.")


# torch would broadcast most mismatches to some number


def check_same_shape(x: Tensor, x_hat: Tensor) -> None:
    """Raise a ValueError if a reconstruction has not the shape of what it should be."""
    if x_hat.shape != x.shape:
        raise ValueError(
            f"x_hat must have the shape of x, {tuple(x.shape)}; got {tuple(x_hat.shape)}."
        )


def check_fits(importance: Tensor, x: Tensor) -> None:
    """Raise a ValueError if the importance does not broadcast to `x` without its batch axis."""
    full = x.shape[:-2] + x.shape[-1:]
    sizes = zip(reversed(importance.shape), reversed(full), strict=False)
    if importance.ndim > len(full) or any(size not in (1, most) for size, most in sizes):
        raise ValueError(
            f"importance must broadcast to instances x features, {tuple(full)}; "
            f"got shape {tuple(importance.shape)}. (It has no batch axis.)"
        )
