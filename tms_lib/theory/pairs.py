"""Two features that come together, or do not, in one dimension: the losses of three arrangements.

The pair has the importances 1 and 1. Both features are present with probability q, each with a
value of its own from U[0, 1], and both at once with probability r: q if they always come together,
q^2 if they are independent, 0 if they exclude each other.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from tms_lib.features import check_probability, first


class PairLosses(NamedTuple):
    """The losses of three arrangements of a pair, each in the shape of the probabilities.

    Attributes:
        antipodal: W = (1, -1) with zero biases.
        side_by_side: W = (1, 1) / sqrt(2) with zero biases, the pair's principal component.
        dedicated: W = (1, 0), and the second feature's mean as its bias.
    """

    antipodal: Tensor
    side_by_side: Tensor
    dedicated: Tensor


def pair_losses(
    feature_probability: Float[Tensor, "*shape"], both_probability: Float[Tensor, "*shape"]
) -> PairLosses:
    r"""The exact losses of three ReLU output models of a pair in one dimension.

    $$L_\text{antipodal} = \frac{r}{3}, \qquad
      L_\text{side by side} = \frac{q}{3} - \frac{r}{4}, \qquad
      L_\text{dedicated} = \frac{q}{3} - \frac{q^2}{4}$$

    Antipodal features disturb each other only when both are present: both outputs err by
    min(x, y), whose mean square is 1/6. Side by side, both outputs give (x + y) / 2: they err by
    x / 2 each while one is present, by half of the difference while both are. A dedicated feature
    costs the other's variance.

    Independent features, r = q^2, are dedicated or side by side at the same price. If they come
    together more often, side by side is the better of the two. Antipodal beats side by side below
    r = 4 q / 7.

    Args:
        feature_probability: q, of each feature.
        both_probability: r, between max(0, 2 q - 1) and q.

    Raises:
        ValueError: If a probability is not possible.

    >>> import torch
    >>> losses = pair_losses(torch.full((3,), 0.5), torch.tensor([0.5, 0.25, 0.0]))
    >>> losses.side_by_side, losses.dedicated
    (tensor([0.0417, 0.1042, 0.1667]), tensor([0.1042, 0.1042, 0.1042]))
    """
    check_probability(feature_probability)
    check_probability(both_probability, name="both_probability", slip=_SLIP)
    q, r = feature_probability, both_probability
    if ((r > q) | (r < 2 * q - 1)).any():
        wrong = first(r, where=(r > q) | (r < 2 * q - 1))
        raise ValueError(
            f"both_probability must lie between 2 q - 1 and q, with q the probability of each "
            f"feature; got {wrong}. ({_SLIP})"
        )
    return PairLosses(antipodal=r / 3, side_by_side=q / 3 - r / 4, dedicated=q / 3 - q**2 / 4)


_SLIP = "It is the probability that both are present, not the correlation."
