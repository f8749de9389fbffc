"""The toy models: n features through m hidden dimensions and back, many instances at once.

Data has the axes `*instances batch features`, W `*instances hidden features`. Column W_i is
feature i's direction, so that h = W x, and the decoder is the transpose of the encoder. Only the
absolute-value model has a decoder W2 of its own, `*instances features hidden`.

Source: Elhage et al. (2022), "Toy Models of Superposition", Demonstrating Superposition,
Superposition in a Privileged Basis, Computation in Superposition.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tms_lib.features import check_positive


def embed(
    x: Float[Tensor, "*instances batch features"],
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances batch hidden"]:
    """The hidden vector h = W x of every sample, each instance with its own W.

    >>> embed(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[1.0, 0.0, -1.0]]))
    tensor([[-2.]])
    """
    return x @ W.mT  # samples are rows of x, so h = W x reads x W^T


def gram(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances features features"]:
    """All dot products of feature directions, W^T W: entry (i, j) is W_i . W_j.

    The diagonal holds squared norms. Off it, 0 is no interference. It has rank at most
    `hidden`, so the identity is out of reach when there are more features.

    >>> gram(torch.tensor([[1.0, -0.5]]))
    tensor([[ 1.0000, -0.5000],
            [-0.5000,  0.2500]])
    """
    return W.mT @ W


def linear_output(
    x: Float[Tensor, "*instances batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
) -> Float[Tensor, "*instances batch features"]:
    """The linear model's reconstruction x' = W^T W x + b.

    It goes through h, which is cheaper than the features x features matrix W^T W.

    Raises:
        ValueError: If `b` is not one bias per feature of each instance.
    """
    # the one mismatch of shapes here that torch would broadcast without a word
    if b.shape != (*W.shape[:-2], W.shape[-1]):
        raise ValueError(
            f"b must hold one bias per feature, shape {(*W.shape[:-2], W.shape[-1])} "
            f"for W of shape {tuple(W.shape)}; got {tuple(b.shape)}."
        )
    return embed(x, W) @ W + b.unsqueeze(-2)


def relu_output(
    x: Float[Tensor, "*instances batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
) -> Float[Tensor, "*instances batch features"]:
    """The ReLU output model's reconstruction x' = ReLU(W^T W x + b).

    An antipodal pair shares one dimension, and the ReLU removes the negative interference:

    >>> W, b = torch.tensor([[1.0, -1.0]]), torch.zeros(2)
    >>> relu_output(torch.tensor([[0.7, 0.0], [0.0, 0.3]]), W=W, b=b)
    tensor([[0.7000, 0.0000],
            [0.0000, 0.3000]])
    """
    return torch.relu(linear_output(x, W=W, b=b))


def relu_embed(
    x: Float[Tensor, "*instances batch features"],
    W: Float[Tensor, "*instances hidden features"],
    *,
    c: Float[Tensor, "*instances hidden"] | None = None,
) -> Float[Tensor, "*instances batch hidden"]:
    """The hidden neurons ReLU(W x + c), or ReLU(W x) without c.

    The ReLU acts on each hidden dimension by itself. That makes these axes special: a privileged
    basis, whose dimensions are called neurons.

    >>> relu_embed(torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 0.0], [0.0, -1.0]]))
    tensor([[1., 0.]])
    """
    h = embed(x, W)
    return torch.relu(h if c is None else h + c.unsqueeze(-2))


def relu_hidden(
    x: Float[Tensor, "*instances batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    c: Float[Tensor, "*instances hidden"] | None = None,
) -> Float[Tensor, "*instances batch features"]:
    """The ReLU hidden layer model's reconstruction x' = ReLU(W^T ReLU(W x + c) + b).

    Without c the neurons have no bias.

    >>> W, b = torch.tensor([[1.0, -1.0]]), torch.zeros(2)
    >>> relu_hidden(torch.tensor([[0.7, 0.0], [0.0, 0.3]]), W=W, b=b)  # the second half is lost
    tensor([[0.7000, 0.0000],
            [0.0000, 0.0000]])
    """
    return torch.relu(relu_embed(x, W, c=c) @ W + b.unsqueeze(-2))


def absolute_value(
    x: Float[Tensor, "*instances batch features"],
    *,
    W1: Float[Tensor, "*instances hidden features"],
    W2: Float[Tensor, "*instances features hidden"],
    b: Float[Tensor, "*instances features"],
) -> Float[Tensor, "*instances batch features"]:
    """The absolute-value model's output y = ReLU(W2 ReLU(W1 x) + b).

    Two neurons compute the absolute value of one feature, |x| = ReLU(x) + ReLU(-x):

    >>> W1, W2, b = torch.tensor([[1.0], [-1.0]]), torch.ones(1, 2), torch.zeros(1)
    >>> absolute_value(torch.tensor([[0.5], [-0.5]]), W1=W1, W2=W2, b=b)
    tensor([[0.5000],
            [0.5000]])
    """
    h = torch.relu(embed(x, W1))
    return torch.relu(embed(h, W2) + b.unsqueeze(-2))


def init_weights(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Float[Tensor, "{n_instances} {n_hidden} {n_features}"]:
    """Glorot's start: normal with standard deviation sqrt(2 / (hidden + features)).

    `nn.init.xavier_normal_` on this shape would take the instances for a fan, and start a
    model nearer to 0 the more models are trained beside it. The weights are made on the
    device of `generator`.

    Raises:
        ValueError: If a size is below 1.
    """
    check_positive(n_instances=n_instances, n_hidden=n_hidden, n_features=n_features)
    std = (2 / (n_hidden + n_features)) ** 0.5
    return std * torch.randn(
        n_instances, n_hidden, n_features, generator=generator, device=generator.device
    )


class LinearModel(nn.Module):
    """Reconstructs x' = W^T W x + b. Starts from `init_weights` and b = 0."""

    def __init__(
        self, *, n_instances: int, n_features: int, n_hidden: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        W = init_weights(
            n_instances=n_instances, n_hidden=n_hidden, n_features=n_features, generator=generator
        )
        self.W = nn.Parameter(W)
        self.b = nn.Parameter(W.new_zeros(n_instances, n_features))

    def forward(
        self, x: Float[Tensor, "instances batch features"]
    ) -> Float[Tensor, "instances batch features"]:
        return linear_output(x, W=self.W, b=self.b)

    def hidden(
        self, x: Float[Tensor, "instances batch features"]
    ) -> Float[Tensor, "instances batch hidden"]:
        return embed(x, self.W)


class ReLUOutputModel(nn.Module):
    """Reconstructs x' = ReLU(W^T W x + b). Starts from `init_weights` and b = 0."""

    def __init__(
        self, *, n_instances: int, n_features: int, n_hidden: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        W = init_weights(
            n_instances=n_instances, n_hidden=n_hidden, n_features=n_features, generator=generator
        )
        self.W = nn.Parameter(W)
        self.b = nn.Parameter(W.new_zeros(n_instances, n_features))

    def forward(
        self, x: Float[Tensor, "instances batch features"]
    ) -> Float[Tensor, "instances batch features"]:
        return relu_output(x, W=self.W, b=self.b)

    def hidden(
        self, x: Float[Tensor, "instances batch features"]
    ) -> Float[Tensor, "instances batch hidden"]:
        return embed(x, self.W)


class ReLUHiddenModel(nn.Module):
    """Reconstructs x' = ReLU(W^T ReLU(W x + c) + b). Starts from `init_weights`, b = 0 and c = 0.

    Args:
        n_instances: Independent models.
        n_features: n.
        n_hidden: Neurons m.
        hidden_bias: Whether the neurons have a bias c; without, `model.c` is None.
        generator: Source of the start.
    """

    def __init__(
        self,
        *,
        n_instances: int,
        n_features: int,
        n_hidden: int,
        hidden_bias: bool = False,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        W = init_weights(
            n_instances=n_instances, n_hidden=n_hidden, n_features=n_features, generator=generator
        )
        self.W = nn.Parameter(W)
        self.b = nn.Parameter(W.new_zeros(n_instances, n_features))
        self.c = nn.Parameter(W.new_zeros(n_instances, n_hidden)) if hidden_bias else None

    def forward(
        self, x: Float[Tensor, "instances batch features"]
    ) -> Float[Tensor, "instances batch features"]:
        return relu_hidden(x, W=self.W, b=self.b, c=self.c)

    def hidden(
        self, x: Float[Tensor, "instances batch features"]
    ) -> Float[Tensor, "instances batch hidden"]:
        return relu_embed(x, self.W, c=self.c)


class AbsoluteValueModel(nn.Module):
    """Computes y = ReLU(W2 ReLU(W1 x) + b). Both weights start from `init_weights`, and b = 0."""

    def __init__(
        self, *, n_instances: int, n_features: int, n_hidden: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        W1, W2 = (
            init_weights(
                n_instances=n_instances,
                n_hidden=n_hidden,
                n_features=n_features,
                generator=generator,
            )
            for _ in range(2)
        )
        self.W1 = nn.Parameter(W1)
        self.W2 = nn.Parameter(W2.mT.contiguous())
        self.b = nn.Parameter(W1.new_zeros(n_instances, n_features))

    def forward(
        self, x: Float[Tensor, "instances batch features"]
    ) -> Float[Tensor, "instances batch features"]:
        return absolute_value(x, W1=self.W1, W2=self.W2, b=self.b)

    def hidden(
        self, x: Float[Tensor, "instances batch features"]
    ) -> Float[Tensor, "instances batch hidden"]:
        return relu_embed(x, self.W1)
