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
    # torch would broadcast both mismatches to some number
    if x_hat.shape != x.shape:
        raise ValueError(
            f"x_hat must have the shape of x, {tuple(x.shape)}; got {tuple(x_hat.shape)}."
        )
    check_importance(importance)
    if not broadcasts_to(importance.shape, x.shape[:-2] + x.shape[-1:]):
        raise ValueError(
            "importance must broadcast to instances x features, "
            f"{tuple(x.shape[:-2] + x.shape[-1:])}; got shape {tuple(importance.shape)}. "
            "(It has no batch axis.)"
        )
    error = ((x - x_hat) ** 2).mean(-2)  # *instances features
    return (importance * error).sum(-1)


def weighted_row_mse(
    output: Float[Tensor, "*instances batch features"],
    target: Float[Tensor, "*instances batch features"],
    *,
    importance: Float[Tensor, "..."],
    weight: Float[Tensor, "*instances batch"],
) -> Float[Tensor, "*instances"]:
    """As `weighted_mse`, with a weight for each row in place of the mean over the batch.

    >>> output, target = torch.tensor([[1.0], [0.0]]), torch.zeros(2, 1)
    >>> weighted_row_mse(
    ...     output, target, importance=torch.ones(1), weight=torch.tensor([0.1, 0.9])
    ... )
    tensor(0.1000)
    """
    error = torch.einsum("...b,...bi->...i", weight, (output - target) ** 2)
    return (importance * error).sum(-1)


def check_importance(importance: Float[Tensor, "*shape"]) -> None:
    """Raise a ValueError that names the first negative or non-finite importance, if any."""
    if being_captured(importance):
        return
    wrong = ~(importance.isfinite() & (importance >= 0))
    if wrong.any():
        got = first(importance, where=wrong)
        raise ValueError(f"importance must be finite and at least 0; got {got}.")


def broadcasts_to(shape: torch.Size, target: torch.Size) -> bool:
    """Whether a tensor of `shape` fits `target` without enlarging it."""
    sizes = zip(reversed(shape), reversed(target), strict=False)
    return len(shape) <= len(target) and all(size in (1, full) for size, full in sizes)
