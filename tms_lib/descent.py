"""The solution that lies downhill from given weights, on the exact loss."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tms_lib.theory import expected_relu_loss
from tms_lib.training import TrainConfig, minimise


def relax(
    W: Float[Tensor, "instances hidden features"],
    b: Float[Tensor, "instances features"],
    *,
    feature_probability: Float[Tensor, "instances features"],
    importance: Float[Tensor, " features"],
    n_steps: int,
    lr: float,
) -> tuple[
    Float[Tensor, "instances hidden features"],
    Float[Tensor, "instances features"],
    Float[Tensor, " instances"],
]:
    """ReLU output models after descent on `expected_relu_loss` from a given start.

    Nothing is random. So a solution can be followed while a density changes: started from a
    pentagon, a model stays the best pentagon as long as that is a minimum, whether or not another
    solution has become better.

    Args:
        W: Where to start, as the next. Neither is changed.
        b: Biases.
        feature_probability: Density p of each feature of each instance.
        importance: I_i.
        n_steps: Steps of Adam.
        lr: Learning rate at the first step; it falls linearly.

    Returns:
        W and b at the end, and the exact loss there.

    Raises:
        ValueError: As `expected_relu_loss` and `TrainConfig`.

    >>> W, b, loss = relax(
    ...     torch.tensor([[[0.8, -0.6]]]), torch.zeros(1, 2), importance=torch.ones(2),
    ...     feature_probability=torch.full((1, 2), 0.01), n_steps=300, lr=0.02
    ... )
    >>> W.round(decimals=1)  # antipodal
    tensor([[[ 1., -1.]]])
    """
    model = nn.ParameterDict({"W": W.detach().clone(), "b": b.detach().clone()})

    def losses() -> Tensor:
        return expected_relu_loss(
            model["W"], model["b"], feature_probability=feature_probability, importance=importance
        )

    config = TrainConfig(n_steps=n_steps, lr=lr)
    minimise(model, losses, generator=torch.Generator(), config=config)
    return model["W"].detach(), model["b"].detach(), losses().detach()
