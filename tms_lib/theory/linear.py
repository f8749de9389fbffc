"""The linear model, x' = W^T W x + b: its expected loss, and what training should reach."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from tms_lib.features import feature_moments
from tms_lib.losses import check_importance


def linear_optimum(
    feature_probability: Float[Tensor, "*#instances #features"],
    *,
    importance: Float[Tensor, "*#instances #features"],
    n_hidden: int,
) -> tuple[Float[Tensor, "*instances {n_hidden} features"], Float[Tensor, "*instances features"]]:
    r"""Weights W and biases b of a best linear model, x' = W^T W x + b.

    It keeps the m features with the largest I_i Var[x_i], each in a dimension of its own, and
    answers the mean for all others: W^T W = 1 and b_i = 0 on the former, 0 and p_i / 2 on the
    latter. If all features share one p, the features kept are the most important ones and do
    not depend on p.

    Why nothing is better: for a given G = W^T W the best bias makes the mean error 0, which
    leaves

    $$L = \sum_{ij} I_i (\delta_{ij} - G_{ij})^2 \sigma_j^2
        = \| D_I^{1/2} D_\sigma - D_I^{1/2} G D_\sigma \|_F^2,$$

    the distance of a diagonal matrix from one of rank at most m. By Eckart and Young it is at
    least the sum of the n - m smallest squared diagonal entries, I_i Var[x_i], and the
    solution above attains that.

    W may be rotated, and where features tie in I_i Var[x_i] the choice among them is free (and
    so are their mixtures, if their variances agree): compare losses, not weights. Of features
    that tie, those with the lower index are kept.

    Raises:
        ValueError: If a probability lies outside [0, 1], an importance is negative or not
            finite, or `n_hidden` is not between 1 and the number of features.

    >>> W, b = linear_optimum(
    ...     torch.full((3,), 0.5), importance=torch.tensor([0.2, 1.0, 0.5]), n_hidden=2
    ... )
    >>> W
    tensor([[0., 1., 0.],
            [0., 0., 1.]])
    >>> b
    tensor([0.2500, 0.0000, 0.0000])
    """
    _check_linear(feature_probability, importance, n_hidden)
    cost = importance * feature_moments(feature_probability).variance  # of ignoring a feature
    kept = torch.argsort(cost, dim=-1, descending=True, stable=True)[..., :n_hidden]
    W = F.one_hot(kept, cost.shape[-1]).to(cost.dtype)  # row k selects the k-th feature kept
    is_ignored = 1 - W.sum(-2)
    return W, feature_moments(feature_probability).mean * is_ignored


def linear_optimal_loss(
    feature_probability: Float[Tensor, "*#instances #features"],
    *,
    importance: Float[Tensor, "*#instances #features"],
    n_hidden: int,
) -> Float[Tensor, "*instances"]:
    r"""The loss of `linear_optimum`: what the ignored features cost.

    $$\sum_{i \text{ ignored}} I_i \, (p_i / 3 - p_i^2 / 4)$$

    The ignored features are the n - m with the smallest terms; with one p for all features
    they are the least important.

    Raises:
        ValueError: As `linear_optimum`.

    >>> linear_optimal_loss(
    ...     torch.tensor([1.0]), importance=torch.tensor([12.0, 1.2, 0.6]), n_hidden=1
    ... )
    tensor(0.1500)
    """
    _check_linear(feature_probability, importance, n_hidden)
    cost = importance * feature_moments(feature_probability).variance  # of ignoring a feature
    return cost.sort(-1, descending=True).values[..., n_hidden:].sum(-1)


def _check_linear(
    feature_probability: Float[Tensor, "*#instances #features"],
    importance: Float[Tensor, "*#instances #features"],
    n_hidden: int,
) -> None:
    check_importance(importance)
    n_features = max(feature_probability.shape[-1], importance.shape[-1])
    if not 1 <= n_hidden <= n_features:
        raise ValueError(
            f"n_hidden must lie between 1 and the {n_features} features; got {n_hidden}."
        )
