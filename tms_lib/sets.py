"""How a model arranges the features of a set: side by side, at right angles, or opposite.

Sets are neighbours, as in `tms_lib.correlation`: features 0 ... k - 1, then k ... 2k - 1, and so
on. W has the axes `*instances hidden features`; column W_i is feature i's direction.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from tms_lib.metrics import check_finite


def cosines_within_sets(
    W: Float[Tensor, "*instances hidden features"], *, set_size: int
) -> Float[Tensor, "*instances sets pairs"]:
    r"""The cosines between features of the same set.

    $$\hat{W}_i \cdot \hat{W}_j, \quad i < j, \quad \hat{W}_i = W_i / \|W_i\|$$

    1: side by side. 0: at right angles. -1: opposite, an antipodal pair. The k (k - 1) / 2 pairs
    of a set come in the order 01, 02, ..., 12, 13, ...

    Returns:
        One value per pair. A zero column has no direction and gets 0 in all its pairs.

    Raises:
        ValueError: If `W` is not finite, or its features are not whole sets of `set_size`.

    >>> cosines_within_sets(torch.tensor([[1.0, 0.0, 1.0, -2.0], [0.0, 2.0, 0.0, 0.0]]), set_size=2)
    tensor([[ 0.],
            [-1.]])
    """
    check_finite(W)
    _check_whole_sets(W, set_size)
    of_sets = F.normalize(W, dim=-2).unflatten(-1, (-1, set_size))  # *instances hidden sets k
    i, j = torch.triu_indices(set_size, set_size, offset=1, device=W.device)
    return (of_sets[..., i] * of_sets[..., j]).sum(-3)


def principal_share(
    W: Float[Tensor, "*instances hidden features"], *, set_size: int
) -> Float[Tensor, "*instances sets"]:
    r"""How much of what a model keeps of a set lies along the set's principal component.

    $$\frac{\|W u\|^2}{\sum_i \|W_i\|^2} = \frac{\| \sum_i W_i \|^2}{k \sum_i \|W_i\|^2},
        \quad u = (1, \dots, 1) / \sqrt{k}$$

    The sums run over the k features of the set. If all of them have one variance and every two
    one positive covariance, then u is the direction in which the set varies most: the sum of its
    features. 1: the set has collapsed to its sum, so that all W_i are equal. 1/k: the features are
    orthogonal, or do not favour any direction. 0: they add up to nothing, as an antipodal pair.
    Scaling all of W changes nothing.

    Returns:
        One value per set, in [0, 1]. A set of zero columns gets 0.

    Raises:
        ValueError: If `W` is not finite, or its features are not whole sets of `set_size`.

    >>> principal_share(torch.tensor([[1.0, 1.0, 1.0, -1.0, 1.0, 0.0]]), set_size=2)
    tensor([1.0000, 0.0000, 0.5000])
    """
    check_finite(W)
    _check_whole_sets(W, set_size)
    of_sets = W.unflatten(-1, (-1, set_size))  # *instances hidden sets k
    along = (of_sets.sum(-1) ** 2).sum(-2) / set_size
    total = (of_sets**2).sum((-3, -1))
    return along / torch.where(total > 0, total, 1.0)


def _check_whole_sets(W: Float[Tensor, "*instances hidden features"], set_size: int) -> None:
    if set_size < 1 or W.shape[-1] % set_size:
        raise ValueError(
            f"set_size must divide the {W.shape[-1]} features into whole sets; got {set_size}."
        )
