"""What a model did with each feature: how strongly it embeds it, and what else shares its place.

W has the axes `*instances hidden features`; column W_i is feature i's direction.
"""

from enum import IntEnum

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


def feature_norm(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances features"]:
    r"""How strongly each feature is represented: the length of its column, $\|W_i\|$.

    0: ignored. About 1: fully represented.

    >>> feature_norm(torch.tensor([[3.0, 0.0], [4.0, 1.0]]))
    tensor([5., 1.])
    """
    return torch.linalg.vector_norm(W, dim=-2)


def superposition(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances features"]:
    r"""How much every other feature projects onto feature i's direction.

    $$\sum_{j \neq i} (\hat{W}_i \cdot W_j)^2$$

    0: feature i has its direction to itself. 1: the others weigh as much on it as one
    unit-norm feature in the same direction.

    Args:
        W: Weights; column i is the embedding of feature i.

    Returns:
        One value per feature, >= 0. A zero column has no direction and gets 0.

    Raises:
        ValueError: If `W` has a NaN or an infinity, i.e. its run diverged.

    Source: Elhage et al. (2022), "Toy Models of Superposition", Basic Results.

    >>> superposition(torch.tensor([[1.0, -1.0]]))  # antipodal pair in one dimension
    tensor([1., 1.])
    """
    check_finite(W)
    W_hat = F.normalize(W, dim=-2)  # a zero column stays zero
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    return (overlap * not_self).sum(-1)


def count_represented(
    W: Float[Tensor, "*instances hidden features"], *, threshold: float = 0.5
) -> Int[Tensor, "*instances"]:
    """The number of features whose norm exceeds `threshold`.

    Trained norms lie near 0 or near 1 and little between, so that 0.5 is a safe cut.

    Raises:
        ValueError: If `W` is not finite; a NaN would count as not represented.

    >>> count_represented(torch.tensor([[1.0, 0.9, 0.1]]))
    tensor(2)
    """
    check_finite(W)
    return (feature_norm(W) > threshold).sum(-1)


class FeatureKind(IntEnum):
    """What a model does with a feature."""

    IGNORED = 0
    DEDICATED = 1  # it has a dimension to itself
    SUPERPOSED = 2  # it shares its direction with others


def classify_features(
    W: Float[Tensor, "*instances hidden features"],
    *,
    norm_threshold: float = 0.5,
    superposition_threshold: float = 0.5,
) -> Int[Tensor, "*instances features"]:
    """The `FeatureKind` of every feature.

    Ignored if its norm is at most `norm_threshold`; else superposed if its superposition
    exceeds `superposition_threshold`; else dedicated. An ignored feature has a direction too,
    which may be anywhere, so the norm is judged first.

    Half of what an antipodal partner would cause (1) separates the two kinds: in ReLU output
    models with n = 20, m = 5, I_i = 0.7^i and densities from 1 to 0.001, the represented
    features of four seeds had a superposition below 0.001 or above 0.65, and nothing between.

    Raises:
        ValueError: If `W` is not finite.

    >>> W = torch.tensor([[1.0, 0.0, 0.0, 0.1], [0.0, 1.0, -1.0, 0.0]])
    >>> classify_features(W)
    tensor([1, 2, 2, 0])
    """
    shares = superposition(W) > superposition_threshold
    kind = torch.where(shares, FeatureKind.SUPERPOSED, FeatureKind.DEDICATED)
    return torch.where(feature_norm(W) > norm_threshold, kind, FeatureKind.IGNORED)


def check_finite(values: Float[Tensor, "*shape"], *, name: str = "W") -> None:
    """Raise a ValueError if a value is NaN or infinite."""
    if not values.isfinite().all():
        raise ValueError(
            f"{name} of shape {tuple(values.shape)} is not finite; did training diverge?"
        )
