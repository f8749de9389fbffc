"""The linear model, x' = W^T W x + b: its expected loss, and what training should reach."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from tms_lib.features import feature_moments
from tms_lib.losses import check_importance


def linear_expected_loss(
    W: Float[Tensor, "*#instances hidden features"],
    b: Float[Tensor, "*#instances features"],
    *,
    feature_probability: Float[Tensor, "*#instances #features"],
    importance: Float[Tensor, "*#instances #features"],
) -> Float[Tensor, "*instances"]:
    r"""The expected loss of any linear model.

    The error of output i, $\sum_j (\delta_{ij} - G_{ij}) x_j - b_i$ with $G = W^T W$, is a sum
    of independent terms, so that its mean square is their variances plus its squared mean:

    $$L = \sum_i I_i \Big[ \sum_j (\delta_{ij} - G_{ij})^2 \sigma_j^2
        + \Big( \mu_i - \sum_j G_{ij} \mu_j - b_i \Big)^2 \Big]$$

    0: every feature comes back exactly.

    Raises:
        ValueError: If a probability lies outside [0, 1], or an importance is negative or not
            finite.

    >>> linear_expected_loss(  # one feature, ignored: its second moment
    ...     torch.zeros(1, 1),
    ...     torch.zeros(1),
    ...     feature_probability=torch.ones(1),
    ...     importance=torch.tensor([3.0]),
    ... )
    tensor(1.)
    """
    check_importance(importance)
    moments = feature_moments(feature_probability)
    gap = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - W.mT @ W
    variance = (gap**2 * moments.variance.unsqueeze(-2)).sum(-1)  # of the error of output i
    mean = (gap * moments.mean.unsqueeze(-2)).sum(-1) - b
    return (importance * (variance + mean**2)).sum(-1)


def linear_optimal_bias(
    W: Float[Tensor, "*#instances hidden features"],
    *,
    feature_probability: Float[Tensor, "*#instances #features"],
) -> Float[Tensor, "*instances features"]:
    r"""The best bias of a linear model with given weights: the one that makes the mean error 0.

    $$b_i = \mu_i - \sum_j (W_i \cdot W_j) \mu_j, \quad \mu_j = p_j / 2$$

    It does not depend on the importances. With W = 0 it answers each feature's mean.

    Raises:
        ValueError: If a probability lies outside [0, 1].

    >>> linear_optimal_bias(torch.tensor([[1.0, 0.0]]), feature_probability=torch.tensor([0.5]))
    tensor([0.0000, 0.2500])
    """
    mean = feature_moments(feature_probability).mean
    return mean - (W.mT @ W * mean.unsqueeze(-2)).sum(-1)


def learned_squared_norm(
    time: Float[Tensor, "*#shape"],
    *,
    start: Float[Tensor, "*#shape"],
    cost: Float[Tensor, "*#shape"],
) -> Float[Tensor, "*shape"]:
    r"""The squared norm $u = \|W_i\|^2$ of a feature that a linear model learns undisturbed.

    Without interference, at the best bias, feature i costs $c (1 - u)^2$ with
    $c = I_i \sigma_i^2$. Gradient descent with small steps is the flow
    $\dot W_i = 4 c (1 - u) W_i$, so that $\dot u = 8 c \, u (1 - u)$ and

    $$u(t) = \frac{u_0}{u_0 + (1 - u_0) \, e^{-8 c t}}$$

    0 and 1 stay what they are. From a small $u_0$ it grows exponentially, for a time of about
    $\ln(1 / u_0) / 8 c$ without being seen, and goes from 0.1 to 0.9 in $\ln 81 / 8 c$.

    Args:
        time: t, the number of steps times the learning rate.
        start: u_0, from 0 to 1.
        cost: c, the loss of the feature when it is ignored.

    Raises:
        ValueError: If a start lies outside [0, 1].

    Source: Saxe et al. (2014), "Exact Solutions to the Nonlinear Dynamics of Learning in Deep
    Linear Neural Networks".

    >>> one = torch.ones(1)
    >>> learned_squared_norm(torch.tensor([0.0, 1.0]), start=0.1 * one, cost=one / 8)
    tensor([0.1000, 0.2320])
    """
    if not ((start >= 0) & (start <= 1)).all():
        raise ValueError("start must lie in [0, 1]. (It is the squared norm.)")
    decay = torch.exp(-8 * cost * time)
    decay = decay.clamp(min=torch.finfo(decay.dtype).tiny)  # at 0, a start of 0 would give 0 / 0
    return start / (start + (1 - start) * decay)


class LossTerms(NamedTuple):
    """A loss split in two, one value of each per instance.

    Attributes:
        feature_benefit: What is lost of each feature at its own output. 0 if all are
            represented in full.
        interference: What the features add at each other's outputs. 0 if none overlap.
    """

    feature_benefit: Tensor
    interference: Tensor


def linear_loss_terms(
    W: Float[Tensor, "*#instances hidden features"],
    *,
    feature_probability: Float[Tensor, "*#instances #features"],
    importance: Float[Tensor, "*#instances #features"],
) -> LossTerms:
    r"""The two parts of the linear model's loss at its best bias: they add up to it.

    $$\sum_i I_i \sigma_i^2 (1 - \|W_i\|^2)^2 \quad\text{and}\quad
        \sum_i \sum_{j \neq i} I_i \sigma_j^2 (W_i \cdot W_j)^2$$

    The importance is that of the output i that is disturbed, the variance that of the feature
    j that disturbs it. With one density for all features $\sigma^2$ is a common factor.

    Raises:
        ValueError: If a probability lies outside [0, 1], or an importance is negative or not
            finite.

    Source: Elhage et al. (2022), "Toy Models of Superposition", Mathematical Understanding,
    after Saxe et al. (2014).

    >>> terms = linear_loss_terms(  # sigma^2 = 1/12; the second feature disturbs the first
    ...     torch.tensor([[1.0, 0.5]]),
    ...     feature_probability=torch.ones(2),
    ...     importance=torch.tensor([12.0, 0.0]),
    ... )
    >>> terms.feature_benefit, terms.interference
    (tensor(0.), tensor(0.2500))
    """
    check_importance(importance)
    variance = feature_moments(feature_probability).variance
    gram = W.mT @ W
    own = (1 - gram.diagonal(dim1=-2, dim2=-1)) ** 2 * variance
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    others = (gram**2 * not_self * variance.unsqueeze(-2)).sum(-1)
    return LossTerms((importance * own).sum(-1), (importance * others).sum(-1))


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
