"""How often the hidden ReLU acts, and the two ways in which an identity model gets around it.

To reconstruct x the ReLU hidden layer model has no use for its ReLU. A neuron whose input
W_k . x + c_k never falls below 0 is linear, and if all are, the model is the ReLU output model.
Biases can see to that, and so can many features that stand in for a bias. W has the axes
`*instances hidden features`; its row k is neuron k.

Source: Elhage et al. (2022), "Toy Models of Superposition", Superposition in a Privileged Basis,
on the limits of simulating the identity. It describes both ways in words; the formulas are ours.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from tms_lib.features import feature_moments
from tms_lib.models import embed


def clipped_share(
    x: Float[Tensor, "*instances batch features"],
    W: Float[Tensor, "*instances hidden features"],
    *,
    c: Float[Tensor, "*instances hidden"] | None = None,
) -> Float[Tensor, "*instances hidden"]:
    r"""The share of samples at which each neuron's ReLU acts: those with W_k . x + c_k < 0.

    0: on these samples the neuron is linear. 1: it never fires. An input of exactly 0, as all
    empty samples give without c, passes unchanged and does not count.

    >>> x, W = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]), torch.tensor([[1.0, -1.0]])
    >>> clipped_share(x, W), clipped_share(x, W, c=torch.ones(1))
    (tensor([0.3333]), tensor([0.]))
    """
    h = embed(x, W)
    before = h if c is None else h + c.unsqueeze(-2)
    return (before < 0).to(x.dtype).mean(-2)


def bypass_biases(
    W: Float[Tensor, "*instances hidden features"], b: Float[Tensor, "*instances features"]
) -> tuple[Float[Tensor, "*instances features"], Float[Tensor, "*instances hidden"]]:
    r"""Biases b' and c that turn the hidden ReLU off: the model becomes ReLU(W^T W x + b).

    The least input of neuron k over all x in [0, 1]^n is $\sum_i \min(W_{ki}, 0)$. The bias

    $$c_k = \sum_i \max(-W_{ki}, 0)$$

    lifts it to 0, and no smaller one does. What c adds to the outputs, b' takes away again:

    $$b'_i = b_i - \sum_k W_{ki} c_k$$

    Returns:
        b' and c for `relu_hidden`, in this order. A neuron without negative weights gets c_k = 0.

    >>> b, c = bypass_biases(torch.tensor([[1.0, -1.0]]), torch.zeros(2))
    >>> b, c
    (tensor([-1.,  1.]), tensor([1.]))
    """
    c = (-W).clamp(min=0).sum(-1)
    return b - (W * c.unsqueeze(-1)).sum(-2), c


def preactivation_moments(
    W: Float[Tensor, "*instances hidden features"],
    *,
    feature_probability: Float[Tensor, "*#instances #features"],
) -> tuple[Float[Tensor, "*instances hidden"], Float[Tensor, "*instances hidden"]]:
    r"""Mean and standard deviation of W_k . x, the input of each neuron.

    The features are independent, so that their means and variances add up:

    $$\sum_i W_{ki} \frac{p_i}{2}, \qquad
        \Big( \sum_i W_{ki}^2 \sigma_i^2 \Big)^{1/2}, \quad
        \sigma_i^2 = \frac{p_i}{3} - \frac{p_i^2}{4}$$

    A mean that is many standard deviations above 0 does the work of a bias.

    Raises:
        ValueError: If a probability lies outside [0, 1].

    >>> preactivation_moments(torch.tensor([[1.0, 2.0]]), feature_probability=torch.ones(2))
    (tensor([1.5000]), tensor([0.6455]))
    """
    moments = feature_moments(feature_probability)
    mean = (W * moments.mean.unsqueeze(-2)).sum(-1)
    variance = (W**2 * moments.variance.unsqueeze(-2)).sum(-1)
    return mean, variance.sqrt()


def simulated_bias_weights(
    c: Float[Tensor, "*instances hidden"],
    *,
    feature_probability: Float[Tensor, "*#instances extra"],
) -> Float[Tensor, "*instances hidden extra"]:
    r"""Weights from extra features that stand in for the hidden biases c.

    Each neuron reads all extra features with one weight, such that their sum is c on average:

    $$W_{kj} = \frac{c_k}{\sum_{j'} p_{j'} / 2}$$

    It is a bias with noise. From k extra features that share one density p it has the standard
    deviation $c_k \sqrt{(4 / (3 p) - 1) / k}$, so that it takes many, and dense ones.

    Raises:
        ValueError: If a probability lies outside [0, 1], or all are 0 in some instance.

    >>> simulated_bias_weights(torch.tensor([1.0, 3.0]), feature_probability=torch.ones(4))
    tensor([[0.5000, 0.5000, 0.5000, 0.5000],
            [1.5000, 1.5000, 1.5000, 1.5000]])
    """
    if not (feature_probability > 0).any(-1).all():
        raise ValueError(
            "feature_probability must be positive for some extra feature of an instance. Features "
            "that are never active cannot stand in for a bias."
        )
    mean = feature_moments(feature_probability).mean
    weight = c / mean.sum(-1, keepdim=True)  # the same for all extra features
    return weight.unsqueeze(-1) * torch.ones_like(mean).unsqueeze(-2)
