"""Which features share dimensions with which, and what shape they make there.

W has the axes `*instances hidden features`; column W_i is feature i's direction. Features that
share dimensions are connected in a graph, whose components lie in orthogonal subspaces: the
factors of what the paper calls a tegum product. An octahedron, for one, is three digons.
"""

import math
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from tms_lib.metrics import check_finite, feature_norm
from tms_lib.models import gram


def feature_graph(
    W: Float[Tensor, "*instances hidden features"], *, threshold: float = 0.2
) -> Bool[Tensor, "*instances features features"]:
    r"""Which pairs of features share a dimension.

    $$|W_i \cdot W_j| > \text{threshold} \cdot \max_k \|W_k\|^2$$

    The absolute value, since an antipodal pair shares its dimension more than any other. The
    diagonal says which features are represented at all. Scaling all of W changes nothing.

    The threshold lies between 0, which orthogonal features have, and 1/3, which the tetrahedron
    has. In the pentagon and the square antiprism neighbours have less, but every feature overlaps
    others by 0.8.

    Raises:
        ValueError: If `W` is not finite, or `threshold` is not in [0, 1).

    >>> feature_graph(torch.tensor([[1.0, -1.0, 0.0], [0.0, 0.0, 0.1]])).int()
    tensor([[1, 1, 0],
            [1, 1, 0],
            [0, 0, 0]], dtype=torch.int32)
    """
    check_finite(W)
    if not 0 <= threshold < 1:
        raise ValueError(
            f"threshold must lie in [0, 1); got {threshold}. (It is a fraction of the largest "
            "squared norm.)"
        )
    overlap = gram(W).abs()
    return overlap > threshold * overlap.amax((-2, -1), keepdim=True)


def connected_components(
    graph: Bool[Tensor, "*instances features features"],
) -> Int[Tensor, "*instances features"]:
    """A label for every feature, the same for features that a path of edges connects.

    The label is the lowest index in the component, so that a feature without edges has its own.

    Raises:
        ValueError: If an edge goes one way only.

    >>> connected_components(torch.tensor([[0, 0, 1], [0, 0, 0], [1, 0, 0]]).bool())
    tensor([0, 1, 0])
    """
    if not (graph == graph.mT).all():
        raise ValueError("graph must be symmetric: an edge from i to j is one from j to i.")
    n_features = graph.shape[-1]
    label = torch.arange(n_features, device=graph.device).expand(graph.shape[:-1])
    while True:
        around = torch.where(graph, label.unsqueeze(-2), n_features).amin(-1)
        lowest = torch.minimum(label, around)
        if torch.equal(lowest, label):
            return lowest.clone()
        label = lowest


class Shape(StrEnum):
    """What the features of a component form."""

    DEDICATED = "dedicated"  # one feature with a dimension to itself
    DIGON = "digon"
    TRIANGLE = "triangle"
    TETRAHEDRON = "tetrahedron"
    PENTAGON = "pentagon"
    SQUARE_ANTIPRISM = "square antiprism"
    OTHER = "other"


# k equal features that share m dimensions evenly have m/k each
SHAPE_DIMENSIONALITY = {
    Shape.DEDICATED: Fraction(1),
    Shape.TETRAHEDRON: Fraction(3, 4),
    Shape.TRIANGLE: Fraction(2, 3),
    Shape.DIGON: Fraction(1, 2),
    Shape.PENTAGON: Fraction(2, 5),
    Shape.SQUARE_ANTIPRISM: Fraction(3, 8),
}

# The cosines of one corner with all others. They are the same from every corner. The antiprism
# is the one with W W^T a multiple of the identity: squares of radius^2 2/3 at heights^2 1/3.
_COSINES: dict[Shape, list[float]] = {
    Shape.DEDICATED: [],
    Shape.DIGON: [-1.0],
    Shape.TRIANGLE: 2 * [-1 / 2],
    Shape.TETRAHEDRON: 3 * [-1 / 3],
    Shape.PENTAGON: [math.cos(2 * math.pi * k / 5) for k in range(1, 5)],
    Shape.SQUARE_ANTIPRISM: [
        *(1 / 3, 1 / 3, -1 / 3),  # the corners of its own square
        *(sign * math.sqrt(2) / 3 - 1 / 3 for sign in (1, 1, -1, -1)),
    ],
}


class Component(NamedTuple):
    """Features that share dimensions with each other and with no others."""

    shape: Shape
    features: tuple[int, ...]


def recognise_shapes(
    W: Float[Tensor, "hidden features"], *, tolerance: float = 0.1
) -> list[Component]:
    """The components of one model's `feature_graph` and the shape of each.

    A shape is recognised by its angles: from every corner, the cosines with the others must be
    those of the regular shape, each within `tolerance`. So rotations and reflections do not
    matter, nor the features' numbers, nor small differences in length.

    Args:
        W: Weights of one model.
        tolerance: What noise may do to a cosine. 0.1 is 6 degrees about a right angle and 26
            about an antipode.

    Returns:
        The components in the order of their first feature. Features that are not represented
        belong to none.

    Raises:
        ValueError: If `W` is not finite.

    >>> for shape, features in recognise_shapes(torch.tensor([[1.0, 0, 0, 0], [0, 1, 0, -1]])):
    ...     print(shape, features)
    dedicated (0,)
    digon (1, 3)
    """
    graph = feature_graph(W)
    label = connected_components(graph)
    W_hat = F.normalize(W, dim=-2)
    found = []
    for first in label[graph.diagonal()].unique().tolist():
        members = (label == first).nonzero().squeeze(-1)
        shape = _shape_of(gram(W_hat[:, members]), tolerance=tolerance)
        found.append(Component(shape, tuple(members.tolist())))
    return found


def nearest_fraction(
    D: Float[Tensor, "*shape"], fractions: Float[Tensor, " fractions"], *, tolerance: float = 0.01
) -> Float[Tensor, "*shape"]:
    """The fraction that each value stands for, or NaN if none is within `tolerance`.

    The default is less than half of 2/5 - 3/8 = 0.025, the smallest step between the paper's
    fractions: a value that is near one is not near another.

    Raises:
        ValueError: If there are no fractions.

    >>> nearest_fraction(torch.tensor([0.498, 0.45, 0.401]), torch.tensor([0.5, 0.4, 0.375]))
    tensor([0.5000,    nan, 0.4000])
    """
    if len(fractions) == 0:
        raise ValueError("fractions must name at least one; got none.")
    distance = (D.unsqueeze(-1) - fractions).abs()
    closest, which = distance.min(-1)
    return torch.where(closest <= tolerance, fractions[which], torch.nan)


def antipodal_partner(
    W: Float[Tensor, "*instances hidden features"], *, threshold: float = 0.9
) -> Int[Tensor, "*instances features"]:
    r"""The feature that points the other way from each feature, or -1 if none does.

    $$j^* = \arg\min_j \cos(W_i, W_j) \quad\text{if}\quad \cos(W_i, W_{j^*}) < -\text{threshold}$$

    0.9 allows for 26 degrees off the opposite direction.

    Returns:
        The index of the partner. A zero column has no direction and gets -1.

    Raises:
        ValueError: If `W` is not finite, or `threshold` is not in [0, 1).

    >>> antipodal_partner(torch.tensor([[1.0, 0.0, -2.0, 1.0], [0.0, 1.0, 0.1, 0.0]]))
    tensor([ 2, -1,  0,  2])
    """
    check_finite(W)
    if not 0 <= threshold < 1:
        raise ValueError(
            f"threshold must lie in [0, 1); got {threshold}. (It is the size of a cosine.)"
        )
    lowest, partner = gram(F.normalize(W, dim=-2)).min(-1)
    return torch.where(lowest < -threshold, partner, -1)


def align_weights(
    W: Float[Tensor, "*instances hidden features"],
    target: Float[Tensor, "*#instances hidden features"],
) -> Float[Tensor, "*instances hidden features"]:
    r"""W turned, and reflected if that helps, to lie as near as possible to `target`.

    $$R W \quad\text{with}\quad R = \arg\min_{R^T R = 1} \|R W - T\|_F$$

    Rotations and reflections leave $W^T W$ as it is, and with it everything the model does. What
    distance is left is a difference between the models. With the singular value decomposition
    $T W^T = U \Sigma V^T$ the best is $R = U V^T$: it makes $\mathrm{tr}(R W T^T)$ the sum of
    the singular values, and no orthogonal R makes it more (Schönemann, 1966).

    Raises:
        ValueError: If `W` or `target` is not finite.

    >>> square = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    >>> torch.allclose(align_weights(square.flip(0), square), square)
    True
    """
    check_finite(W)
    check_finite(target, name="target")
    U, _, Vh = torch.linalg.svd(target @ W.mT)
    return U @ Vh @ W


def canonicalize_2d(
    W: Float[Tensor, "*instances 2 features"],
) -> Float[Tensor, "*instances 2 features"]:
    r"""W rotated and, if needed, reflected into a form in which two solutions can be compared.

    Rotations and reflections R leave $W^T W$ as it is, and with it everything the model does:
    R W is the same solution. Of all of these, this one has its first long column on the positive
    x axis and its first column that is clearly off this axis above it. Long is above half of
    the largest norm, and clearly off is more than a tenth of it, so that neither a feature that
    is not represented nor a rounding error decides.

    Raises:
        ValueError: If `W` is not finite.

    >>> canonicalize_2d(torch.tensor([[0.0, -1.0], [2.0, 0.0]]))
    tensor([[2., 0.],
            [0., 1.]])
    """
    check_finite(W)
    norm = feature_norm(W)
    largest = norm.amax(-1, keepdim=True)
    first_long = (norm >= 0.5 * largest).int().argmax(-1, keepdim=True)
    direction = torch.take_along_dim(W, first_long.unsqueeze(-2), dim=-1)  # *instances 2 1
    cosine, sine = F.normalize(direction, dim=-2).unbind(-2)
    x = cosine * W[..., 0, :] + sine * W[..., 1, :]
    y = cosine * W[..., 1, :] - sine * W[..., 0, :]
    is_off = y.abs() > 0.1 * largest
    first_off = is_off.int().argmax(-1, keepdim=True)
    below = is_off.any(-1, keepdim=True) & (torch.take_along_dim(y, first_off, dim=-1) < 0)
    return torch.stack([x, torch.where(below, -y, y)], dim=-2)


def _shape_of(cosines: Float[Tensor, "corners corners"], *, tolerance: float) -> Shape:
    """The shape whose corners see each other at these cosines, or `OTHER`."""
    n_corners = len(cosines)
    for shape, regular in _COSINES.items():
        if n_corners == len(regular) + 1:
            expected = torch.tensor([1.0, *regular]).to(cosines).sort().values
            if (cosines.sort(-1).values - expected).abs().max() <= tolerance:
                return shape
    return Shape.OTHER
