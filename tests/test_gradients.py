"""Tests of tms_lib.gradients."""

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from tms_lib.gradients import SquaredErrorGradients, has_gradients
from tms_lib.losses import weighted_row_mse
from tms_lib.models import (
    AbsoluteValueModel,
    LinearModel,
    ReLUHiddenModel,
    ReLUOutputModel,
    linear_output,
)

FAMILIES = {
    "linear": (LinearModel, {}),
    "ReLU output": (ReLUOutputModel, {}),
    "ReLU hidden": (ReLUHiddenModel, {}),
    "ReLU hidden with bias": (ReLUHiddenModel, {"hidden_bias": True}),
    "absolute value": (AbsoluteValueModel, {}),
}


def random_model(family: str, generator: torch.Generator, *, n_instances: int = 3) -> nn.Module:
    """A model in float64 with no parameter at 0."""
    make, options = FAMILIES[family]
    model = make(
        n_instances=n_instances, n_features=5, n_hidden=4, generator=generator, **options
    ).double()
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    return model


def random_rows(generator: torch.Generator, *, n_instances: int = 3) -> tuple[Tensor, ...]:
    """Inputs with zeros and signs, targets, importances and row weights, all uneven."""
    x = torch.randn(n_instances, 7, 5, generator=generator, dtype=torch.float64)
    x *= torch.rand(x.shape, generator=generator) < 0.6
    importance = torch.rand(n_instances, 5, generator=generator, dtype=torch.float64)
    weight = torch.rand(n_instances, 7, generator=generator, dtype=torch.float64)
    return x, x.abs() + 0.1, importance, weight


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("n_instances", [1, 3])
def test_gradients_and_losses_are_autograds(family, n_instances, generator):
    model = random_model(family, generator, n_instances=n_instances)
    x, target, importance, weight = random_rows(generator, n_instances=n_instances)
    expected = weighted_row_mse(target, model(x), importance=importance, weight=weight)
    expected_gradients = torch.autograd.grad(expected.sum(), list(model.parameters()))
    losses = SquaredErrorGradients(model)(x, target, importance=importance, weight=weight)
    assert_close(losses, expected.detach())
    for parameter, gradient in zip(model.parameters(), expected_gradients, strict=True):
        assert_close(parameter.grad, gradient)


@pytest.mark.parametrize("family", FAMILIES)
def test_gradients_are_the_slopes_of_the_loss(family, generator):
    # an oracle without autograd: central differences along a random direction
    model = random_model(family, generator)
    x, target, importance, weight = random_rows(generator)
    SquaredErrorGradients(model)(x, target, importance=importance, weight=weight)
    gradients = [p.grad.clone() for p in model.parameters() if p.grad is not None]
    directions = [torch.randn(g.shape, generator=generator, dtype=torch.float64) for g in gradients]

    def loss_at(step: float) -> Tensor:
        for parameter, direction in zip(model.parameters(), directions, strict=True):
            parameter.data += step * direction
        loss = weighted_row_mse(target, model(x), importance=importance, weight=weight).detach()
        for parameter, direction in zip(model.parameters(), directions, strict=True):
            parameter.data -= step * direction
        return loss.sum()

    slope = (loss_at(1e-6) - loss_at(-1e-6)) / 2e-6
    expected = sum((g * d).sum() for g, d in zip(gradients, directions, strict=True))
    assert_close(slope, expected, rtol=1e-6, atol=1e-8)


def test_a_leak_changes_the_gradient_where_the_output_is_off_and_no_loss(generator):
    model = random_model("ReLU output", generator)
    assert isinstance(model, ReLUOutputModel)
    x, target, importance, weight = random_rows(generator)
    settings = {"importance": importance, "weight": weight}
    losses = SquaredErrorGradients(model)(x, target, **settings)
    leak = torch.tensor(0.3, dtype=torch.float64)
    leaky = SquaredErrorGradients(model)(x, target, leak=leak, **settings)
    assert_close(leaky, losses, rtol=0, atol=0)

    W, b = model.W.detach().requires_grad_(), model.b.detach().requires_grad_()
    z = linear_output(x, W=W, b=b)
    off = z.clamp(max=0)
    y = z.relu() + leak * (off - off.detach())  # the value of a ReLU, the slope of a leaky one
    loss = weighted_row_mse(target, y, **settings).sum()
    assert_close([model.W.grad, model.b.grad], list(torch.autograd.grad(loss, (W, b))))


@pytest.mark.parametrize("family", FAMILIES)
def test_inputs_and_targets_stay_as_they_are(family, generator):
    model = random_model(family, generator)
    x, target, importance, weight = random_rows(generator)
    given = [x, target, importance, weight, *(p.detach() for p in model.parameters())]
    before = [tensor.clone() for tensor in given]
    SquaredErrorGradients(model)(x, target, importance=importance, weight=weight)
    assert_close(given, before, rtol=0, atol=0)


def test_a_subclass_may_compute_something_else():
    class Doubled(LinearModel):
        def forward(self, x):
            return 2 * super().forward(x)

    model = Doubled(n_instances=1, n_features=2, n_hidden=1, generator=torch.Generator())
    assert not has_gradients(model)
