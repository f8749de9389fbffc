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


def dimensionality(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances features"]:
    r"""The part of a hidden dimension that each feature has to itself, D_i.

    $$D_i = \frac{\|W_i\|^2}{\sum_j (\hat{W}_i \cdot W_j)^2}$$

    The sum includes j = i, so that D_i is also $\|W_i\|^2$ over $\|W_i\|^2$ plus the
    feature's superposition. 1: a dimension of its own. 1/2: half of one, as in an antipodal
    pair. Near 0: hardly represented. Scaling all of W changes nothing.

    The D_i of an instance add up to at most the rank of W, hence to at most m, the number of
    hidden dimensions: each is at most its `dimensionality_bound`, and the bounds add up to the
    rank. The two agree if every W_i is zero or an eigenvector of W W^T, as in regular polygons
    and polytopes.

    Returns:
        One value per feature, in [0, 1]. A zero column has no direction and gets 0.

    Raises:
        ValueError: If `W` is not finite.

    Source: Elhage et al. (2022), "Toy Models of Superposition", The Geometry of Superposition.

    >>> dimensionality(torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, -1.0, 0.0]]))
    tensor([1.0000, 0.5000, 0.5000, 0.0000])
    """
    check_finite(W)
    W_hat = F.normalize(W, dim=-2)
    projections = (torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2).sum(-1)
    return (W**2).sum(-2) / torch.where(projections > 0, projections, 1.0)


def dimensionality_bound(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances features"]:
    r"""The most that each feature's dimensionality can be, given the space that W spans.

    $$B_i = W_i^T S^+ W_i = (W^+ W)_{ii}, \qquad S = W W^T$$

    B_i is feature i's entry on the diagonal of the projection onto the rows of W. Hence it lies
    between 0 and 1, and the B_i add up to the rank of W. By Cauchy-Schwarz, applied to the
    vectors $S^{1/2} W_i$ and $S^{+1/2} W_i$ whose product is $\|W_i\|^2$,

    $$D_i = \frac{\|W_i\|^4}{W_i^T S W_i} \le B_i,$$

    with equality if W_i is an eigenvector of S, or zero. 1: no other feature is needed to span
    what W spans. 0: the column is zero.

    Raises:
        ValueError: If `W` is not finite.

    >>> W = torch.tensor([[1.0, 0.0, 1.0], [0.0, 3.0, 1.0]])
    >>> dimensionality_bound(W), dimensionality(W)
    (tensor([0.5263, 0.9474, 0.5263]), tensor([0.5000, 0.9000, 0.2857]))
    """
    check_finite(W)
    return (torch.linalg.pinv(W).mT * W).sum(-2)  # the diagonal of W^+ W


def dimensions_per_feature(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances"]:
    r"""How many hidden dimensions there are per represented feature: $m / \|W\|_F^2$.

    The squared Frobenius norm is the sum of all $\|W_i\|^2$, about the number of features
    represented. 1: as many features as dimensions. 1/2: two features in each dimension. This is
    one number per model; `dimensionality` says which share each feature has.

    Returns:
        One value per instance, > 0; infinity if W is zero.

    Raises:
        ValueError: If `W` is not finite.

    Source: Elhage et al. (2022), "Toy Models of Superposition", The Geometry of Superposition.

    >>> dimensions_per_feature(torch.tensor([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]]))
    tensor(0.5000)
    """
    check_finite(W)
    return W.shape[-2] / (W**2).sum((-2, -1))


def interference(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances features"]:
    r"""How strongly feature i and the others disturb each other in the output.

    $$\sum_{j \neq i} (W_i \cdot W_j)^2$$

    These are the off-diagonal entries of $W^T W$ in row i, squared: what the others add to
    output i, and feature i to theirs. 0: feature i is orthogonal to the others, or absent. 1:
    one other feature comes out as strongly as it went in. In the linear model's loss this is
    feature i's second term, beside $(1 - \|W_i\|^2)^2$. A ReLU removes the negative part.

    Not `superposition`: that has the unit vector of W_i, this is $\|W_i\|^2$ times as much.

    Raises:
        ValueError: If `W` is not finite.

    >>> interference(torch.tensor([[1.0, -1.0, 0.5]]))
    tensor([1.2500, 1.2500, 0.5000])
    """
    check_finite(W)
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    overlap = torch.einsum("...hi,...hj->...ij", W, W) ** 2
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
