"""What each neuron of a hidden-layer model does: which features it serves, and how many.

W has the axes `*instances hidden features`; its row k is neuron k, here called W_k. The hidden
ReLU acts on every neuron by itself, so that rows mean something: it makes a privileged basis.
For a model with two matrices, the rows of W1 say what a neuron reads.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from tms_lib.losses import check_importance
from tms_lib.metrics import check_finite


def features_per_neuron(
    W: Float[Tensor, "*instances hidden features"], *, threshold: float = 0.25
) -> Int[Tensor, "*instances hidden"]:
    r"""How many features each neuron serves: weights above `threshold` times its largest.

    $$\#\{i : |W_{ki}| > \text{threshold} \cdot \max_j |W_{kj}|\}$$

    0: the neuron is dead, its row is zero. 1: it is monosemantic. More: polysemantic. A weight
    counts whatever its sign, and scaling a neuron changes nothing.

    A quarter separates what a neuron means from what training left over: in identity models
    with n = 10, m = 5, I_i = 0.75^i and densities 0.5 and 0.15 (the best 5 of 40 seeds each),
    442 of the 450 other weights lay below 0.15 of their neuron's largest or above 0.4. Sparser
    models have weights of every size.

    Raises:
        ValueError: If `W` is not finite, or `threshold` is not in [0, 1).

    >>> features_per_neuron(torch.tensor([[2.0, 0.1, 0.0], [-1.0, 0.9, 0.4], [0.0, 0.0, 0.0]]))
    tensor([1, 3, 0])
    """
    check_finite(W)
    _check_threshold(threshold)
    size = W.abs()
    return (size > threshold * size.amax(-1, keepdim=True)).sum(-1)


def polysemanticity(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances hidden"]:
    r"""The part of a neuron that is not about its largest feature.

    $$1 - \frac{\max_i W_{ki}^2}{\sum_i W_{ki}^2}$$

    0: monosemantic, one feature only. 1/2: two features of equal weight, or one that is as
    large as all the others together. k features of equal weight give 1 - 1/k, so that 1 is
    never reached. Squares keep many tiny weights from adding up; scale and signs do not matter.

    Returns:
        One value per neuron, in [0, 1). A zero row gets 0.

    Raises:
        ValueError: If `W` is not finite.

    Source: our own; the paper judges polysemanticity by eye. One minus the largest share is
    also known as the Berger-Parker index of diversity.

    >>> polysemanticity(torch.tensor([[0.0, 3.0, 0.0], [1.0, 0.0, -1.0], [2.0, 1.0, 1.0]]))
    tensor([0.0000, 0.5000, 0.3333])
    """
    check_finite(W)
    squared = W**2
    total = squared.sum(-1)
    share = squared.amax(-1) / torch.where(total > 0, total, 1.0)
    return torch.where(total > 0, 1 - share, 0.0)


def sort_neurons(
    W: Float[Tensor, "*instances hidden features"],
    *,
    importance: Float[Tensor, "*#instances #features"],
) -> Int[Tensor, "*instances hidden"]:
    """The order of the neurons by the importance of their largest feature, as in the paper.

    Of features with equal importance the one with the lower index comes first. Neurons with the
    same largest feature stand together, the one with the larger weight first. Zero rows come
    last.

    Returns:
        The neurons' indices, first to last: `W[order]` is sorted if W has no instance axis.

    Raises:
        ValueError: If `W` is not finite, or an importance is negative or not finite.

    >>> W = torch.tensor([[0.0, 0.0, 1.0], [0.1, -2.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.5, 0.0]])
    >>> sort_neurons(W, importance=torch.tensor([1.0, 0.9, 0.8]))
    tensor([3, 1, 2, 0])
    """
    check_finite(W)
    check_importance(importance)
    *instances, _, n_features = W.shape
    weight, largest = W.abs().max(-1)
    importance = importance.expand(*instances, n_features)
    rank = torch.argsort(torch.argsort(importance, dim=-1, descending=True, stable=True), dim=-1)
    place = torch.where(weight > 0, rank.gather(-1, largest), n_features)
    by_weight = torch.argsort(weight, dim=-1, descending=True, stable=True)
    by_place = torch.argsort(place.gather(-1, by_weight), dim=-1, stable=True)
    return by_weight.gather(-1, by_place)


def canonical_neurons(
    W1: Float[Tensor, "*instances hidden features"],
    W2: Float[Tensor, "*instances outputs hidden"],
) -> tuple[Float[Tensor, "*instances hidden features"], Float[Tensor, "*instances outputs hidden"]]:
    r"""W1 and W2 rescaled so that each neuron's largest input weight is 1 in absolute value.

    A neuron ReLU(c z) equals c ReLU(z) for c > 0: what leaves W1's row k can be put into W2's
    column k without changing the function. So only the product of the two scales means
    something, and models are compared after all of it is in W2. Signs stay.

    Returns:
        The new W1 and W2. A neuron with a zero row keeps its column.

    Raises:
        ValueError: If `W1` or `W2` is not finite.

    >>> W1, W2 = canonical_neurons(torch.tensor([[0.5], [-2.0]]), torch.tensor([[2.0, 0.5]]))
    >>> W1
    tensor([[ 1.],
            [-1.]])
    >>> W2
    tensor([[1., 1.]])
    """
    check_finite(W1, name="W1")
    check_finite(W2, name="W2")
    largest = W1.abs().amax(-1)
    scale = torch.where(largest > 0, largest, 1.0)
    return W1 / scale.unsqueeze(-1), W2 * scale.unsqueeze(-2)


def _check_threshold(threshold: float) -> None:
    if not 0 <= threshold < 1:
        raise ValueError(
            f"threshold must lie in [0, 1); got {threshold}. (It is a fraction of the neuron's "
            "largest weight.)"
        )
