"""Orthogonal projections: the best that a linear model can do with a hidden space.

A projection P is symmetric with P P = P. P_ii, the share of feature i that comes through, lies
between 0 and 1; the shares add up to the rank of P. W has the axes `*instances hidden features`,
and P is the W^T W of a model whose rows are orthonormal.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from tms_lib.features import check_positive


def row_space_projection(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances features features"]:
    r"""The projection onto the hidden space: the span of the rows of W.

    $$P = W^T (W W^T)^{+} W = W^{+} W$$

    P_ii is 1 for a feature that lies in the hidden space, and 0 for one that is orthogonal to
    it. Among all matrices with rows in this space P is the nearest to the identity, in each row.
    So with one density for all features no linear model that reads the same hidden space is
    better, and its loss at the best bias is $\sigma^2 \sum_i I_i (1 - P_{ii})$.

    Returns:
        A matrix of the rank of W. Rows that depend on others add nothing; W = 0 gives 0.

    >>> row_space_projection(torch.tensor([[3.0, 4.0]]))
    tensor([[0.3600, 0.4800],
            [0.4800, 0.6400]])
    """
    return torch.linalg.pinv(W) @ W


def principal_projection(
    x: Float[Tensor, "*instances batch features"], *, n_hidden: int
) -> Float[Tensor, "*instances features features"]:
    r"""The projection onto the first m principal components of the data.

    $$P = \sum_{k=1}^{m} u_k u_k^T$$

    Here u_1, ..., u_m are unit eigenvectors of the covariance matrix of x with the largest
    eigenvalues. No projection of rank m leaves less of the centred data behind: what is left is
    the sum of the other eigenvalues. For independent features, scaled by the root of their
    importance, it is the W^T W of `linear_optimum`.

    Args:
        x: Data, not centred.
        n_hidden: m. If the eigenvalues m and m + 1 agree, the choice among their directions is
            arbitrary.

    Raises:
        ValueError: If `n_hidden` is not between 1 and the number of features.

    >>> x = torch.tensor([[5.0, 1.0], [5.0, 2.0], [5.0, 3.0]])  # only the second feature varies
    >>> principal_projection(x, n_hidden=1).abs()
    tensor([[0., 0.],
            [0., 1.]])
    """
    if not 1 <= n_hidden <= x.shape[-1]:
        raise ValueError(
            f"n_hidden must lie between 1 and the {x.shape[-1]} features; got {n_hidden}."
        )
    centred = x - x.mean(-2, keepdim=True)
    components = torch.linalg.eigh(centred.mT @ centred).eigenvectors  # columns, least first
    kept = components[..., -n_hidden:]
    return kept @ kept.mT


def orthonormal_weights(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Float[Tensor, "{n_instances} {n_hidden} {n_features}"]:
    """Weights with orthonormal rows, W W^T = 1, of random hidden spaces, all equally likely.

    W^T W is the projection onto the hidden space. With equal importances and densities each such
    model is a best linear model. The weights are made on the device of `generator`.

    Raises:
        ValueError: If a size is below 1, or `n_hidden` exceeds `n_features`.

    >>> W = orthonormal_weights(
    ...     n_instances=1, n_hidden=2, n_features=3, generator=torch.Generator().manual_seed(0)
    ... )
    >>> (W @ W.mT).round(decimals=3).abs()
    tensor([[[1., 0.],
             [0., 1.]]])
    """
    check_positive(n_instances=n_instances, n_hidden=n_hidden, n_features=n_features)
    if n_hidden > n_features:
        raise ValueError(
            f"n_hidden must be at most the {n_features} features; got {n_hidden}. "
            "(So many rows cannot be orthogonal.)"
        )
    # no direction is special for normal numbers, so neither is any space that they span
    columns = torch.randn(
        n_instances, n_features, n_hidden, generator=generator, device=generator.device
    )
    return torch.linalg.qr(columns).Q.mT
