"""Polytopes: the shapes that features of equal importance and density take up.

W has a corner in each column. Several polytopes, each in dimensions of its own, make a tegum
product, and so do many well-known solids: an octahedron is three digons.

Source: Elhage et al. (2022), "Toy Models of Superposition", The Geometry of Superposition.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def tegum_product(
    first: Float[Tensor, "*instances hidden1 features1"],
    second: Float[Tensor, "*instances hidden2 features2"],
) -> Float[Tensor, "*instances hidden1+hidden2 features1+features2"]:
    """Two shapes side by side, each in dimensions of its own.

    Their features are orthogonal to each other's, so that neither shape interferes with the
    other, and their dimensionalities stay what they were.

    >>> tegum_product(torch.tensor([[1.0, -1.0]]), torch.tensor([[2.0]]))
    tensor([[ 1., -1.,  0.],
            [ 0.,  0.,  2.]])
    """
    below = F.pad(first, (0, 0, 0, second.shape[-2]))  # zeros in the other's dimensions
    above = F.pad(second, (0, 0, first.shape[-2], 0))
    return torch.cat([below, above], dim=-1)


def indivisible_polytope(name: str) -> Float[Tensor, "hidden features"]:
    r"""The corners of a polytope that is no tegum product, with unit norms.

    The names are "digon", "triangle", "tetrahedron", "pentagon" and "square antiprism". Each of
    these covers its dimensions evenly, $W W^T = (k/m) \mathbb{1}$ with k corners in m dimensions,
    so that every corner has the dimensionality m/k. The antiprism does so at one height only: its
    two squares have the squared radius 2/3 and lie at the squared heights 1/3.

    Raises:
        ValueError: If the name is none of these.

    >>> indivisible_polytope("triangle")
    tensor([[ 1.0000, -0.5000, -0.5000],
            [ 0.0000,  0.8660, -0.8660]])
    """
    if name not in _INDIVISIBLE:
        raise ValueError(f"name must be one of {', '.join(_INDIVISIBLE)}; got {name!r}.")
    if name == "digon":
        return torch.tensor([[1.0, -1.0]])
    if name == "tetrahedron":  # every other corner of a cube
        signs = [[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]]
        return torch.tensor(signs) / math.sqrt(3)
    k = {"triangle": 3, "pentagon": 5, "square antiprism": 8}[name]
    angle = 2 * math.pi * torch.arange(k) / k
    circle = torch.stack([angle.cos(), angle.sin()])
    if name == "square antiprism":  # every other corner of an octagon is up
        height = torch.tensor([1.0, -1.0]).repeat(4) / math.sqrt(3)
        return torch.cat([math.sqrt(2 / 3) * circle, height.unsqueeze(0)])
    return circle


def polytope(name: str) -> Float[Tensor, "hidden features"]:
    """The corners of a polytope with unit norms.

    The names are those of `indivisible_polytope` and, of tegum products of these, "square",
    "octahedron", "triangular bipyramid" and "pentagonal bipyramid".

    Raises:
        ValueError: If the name is none of these.

    >>> polytope("octahedron")
    tensor([[ 1., -1.,  0.,  0.,  0.,  0.],
            [ 0.,  0.,  1., -1.,  0.,  0.],
            [ 0.,  0.,  0.,  0.,  1., -1.]])
    """
    _check_name(name)
    W = torch.zeros(0, 0)
    for factor in _FACTORS[name]:
        W = tegum_product(W, indivisible_polytope(factor))
    return W


def polytope_dimensionality(name: str) -> Float[Tensor, " features"]:
    r"""The dimensionality of each corner of a polytope, in closed form.

    The k corners of a factor share its m dimensions evenly, m/k for each: 1/2 in a digon, 2/3
    in a triangle, 2/5 in a pentagon, 3/4 in a tetrahedron, 3/8 in a square antiprism. So a
    triangular bipyramid, a triangle and a digon, has three features of 2/3 and two of 1/2. They
    add up to the number of dimensions.

    Raises:
        ValueError: If the name is none of those of `polytope`.

    >>> polytope_dimensionality("triangular bipyramid")
    tensor([0.6667, 0.6667, 0.6667, 0.5000, 0.5000])
    """
    _check_name(name)
    shapes = [indivisible_polytope(factor).shape for factor in _FACTORS[name]]
    return torch.cat([torch.full((k,), m / k) for m, k in shapes])


_INDIVISIBLE = ("digon", "triangle", "tetrahedron", "pentagon", "square antiprism")
_FACTORS = {
    "digon": ["digon"],
    "triangle": ["triangle"],
    "square": ["digon", "digon"],
    "pentagon": ["pentagon"],
    "tetrahedron": ["tetrahedron"],
    "square antiprism": ["square antiprism"],
    "octahedron": ["digon", "digon", "digon"],
    "triangular bipyramid": ["triangle", "digon"],
    "pentagonal bipyramid": ["pentagon", "digon"],
}


def _check_name(name: str) -> None:
    if name not in _FACTORS:
        raise ValueError(f"name must be one of {', '.join(_FACTORS)}; got {name!r}.")
