"""Wrong answers to `relax`, and the sentences that explain them."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

import torch

import tms_lib
from autograder.exercise import Slip


def _from_a_random_start(W, b, *, feature_probability, importance, n_steps, lr):
    generator = torch.Generator().manual_seed(0)
    W = tms_lib.init_weights(
        n_instances=W.shape[0], n_hidden=W.shape[1], n_features=W.shape[2], generator=generator
    )
    model = torch.nn.ParameterDict({"W": W, "b": torch.zeros_like(b)})
    known = {"feature_probability": feature_probability, "importance": importance}

    def losses():
        return tms_lib.expected_relu_loss(model["W"], model["b"], **known)

    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr)
    tms_lib.minimise(model, losses, generator=torch.Generator(), config=config)
    return model["W"].detach(), model["b"].detach(), losses().detach()


def _bias_left_out(W, b, *, feature_probability, importance, n_steps, lr):
    model = torch.nn.ParameterDict({"W": W.detach().clone()})
    known = {"feature_probability": feature_probability, "importance": importance}

    def losses():
        return tms_lib.expected_relu_loss(model["W"], b, **known)

    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr)
    tms_lib.minimise(model, losses, generator=torch.Generator(), config=config)
    return model["W"].detach(), b.clone(), losses().detach()


def _weights_left_out(W, b, *, feature_probability, importance, n_steps, lr):
    model = torch.nn.ParameterDict({"b": b.detach().clone()})
    known = {"feature_probability": feature_probability, "importance": importance}

    def losses():
        return tms_lib.expected_relu_loss(W, model["b"], **known)

    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr)
    tms_lib.minimise(model, losses, generator=torch.Generator(), config=config)
    return W.clone(), model["b"].detach(), losses().detach()


def _biases_from_zero(W, b, *, feature_probability, importance, n_steps, lr):
    model = torch.nn.ParameterDict({"W": W.detach().clone(), "b": torch.zeros_like(b)})
    known = {"feature_probability": feature_probability, "importance": importance}

    def losses():
        return tms_lib.expected_relu_loss(model["W"], model["b"], **known)

    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr)
    tms_lib.minimise(model, losses, generator=torch.Generator(), config=config)
    return model["W"].detach(), model["b"].detach(), losses().detach()


def _equal_importances(W, b, *, feature_probability, importance, n_steps, lr):
    model = torch.nn.ParameterDict({"W": W.detach().clone(), "b": b.detach().clone()})
    one = torch.ones_like(importance)
    known = {"feature_probability": feature_probability, "importance": one}

    def losses():
        return tms_lib.expected_relu_loss(model["W"], model["b"], **known)

    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr)
    tms_lib.minimise(model, losses, generator=torch.Generator(), config=config)
    return model["W"].detach(), model["b"].detach(), losses().detach()


def _one_density_for_all(W, b, *, feature_probability, importance, n_steps, lr):
    model = torch.nn.ParameterDict({"W": W.detach().clone(), "b": b.detach().clone()})
    p = feature_probability.mean(-1, keepdim=True).expand_as(b)
    known = {"feature_probability": p, "importance": importance}

    def losses():
        return tms_lib.expected_relu_loss(model["W"], model["b"], **known)

    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr)
    tms_lib.minimise(model, losses, generator=torch.Generator(), config=config)
    return model["W"].detach(), model["b"].detach(), losses().detach()


def _loss_at_the_start(W, b, *, feature_probability, importance, n_steps, lr):
    model = torch.nn.ParameterDict({"W": W.detach().clone(), "b": b.detach().clone()})
    known = {"feature_probability": feature_probability, "importance": importance}

    def losses():
        return tms_lib.expected_relu_loss(model["W"], model["b"], **known)

    start = losses().detach()
    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr)
    tms_lib.minimise(model, losses, generator=torch.Generator(), config=config)
    return model["W"].detach(), model["b"].detach(), start


def _the_whole_curve(W, b, *, feature_probability, importance, n_steps, lr):
    model = torch.nn.ParameterDict({"W": W.detach().clone(), "b": b.detach().clone()})
    known = {"feature_probability": feature_probability, "importance": importance}

    def losses():
        return tms_lib.expected_relu_loss(model["W"], model["b"], **known)

    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr)
    result = tms_lib.minimise(model, losses, generator=torch.Generator(), config=config)
    return model["W"].detach(), model["b"].detach(), result.losses


def _sum_of_the_losses(W, b, *, feature_probability, importance, n_steps, lr):
    model = torch.nn.ParameterDict({"W": W.detach().clone(), "b": b.detach().clone()})
    known = {"feature_probability": feature_probability, "importance": importance}

    def losses():
        return tms_lib.expected_relu_loss(model["W"], model["b"], **known)

    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr)
    tms_lib.minimise(model, losses, generator=torch.Generator(), config=config)
    return model["W"].detach(), model["b"].detach(), losses().detach().sum()


def _plain_gradient_descent(W, b, *, feature_probability, importance, n_steps, lr):
    W, b = (part.detach().clone().requires_grad_() for part in (W, b))
    known = {"feature_probability": feature_probability, "importance": importance}
    optimizer = torch.optim.SGD([W, b], lr=lr)
    for _ in range(n_steps):
        optimizer.zero_grad()
        tms_lib.expected_relu_loss(W, b, **known).sum().backward()
        optimizer.step()
    loss = tms_lib.expected_relu_loss(W, b, **known)
    return W.detach(), b.detach(), loss.detach()


def _no_descent(W, b, *, feature_probability, importance, n_steps, lr):
    known = {"feature_probability": feature_probability, "importance": importance}
    return W.clone(), b.clone(), tms_lib.expected_relu_loss(W, b, **known)


def _settings_of_its_own(W, b, *, feature_probability, importance, n_steps, lr):
    known = {"feature_probability": feature_probability, "importance": importance}
    return tms_lib.relax(W, b, **known, n_steps=150, lr=0.005)


def _loss_before_the_last_step(W, b, *, feature_probability, importance, n_steps, lr):
    W, b = (start.detach().clone().requires_grad_() for start in (W, b))
    optimizer, loss = torch.optim.Adam([W, b], lr=lr), torch.zeros_like(W[:, 0, 0])
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = tms_lib.expected_relu_loss(
            W, b, feature_probability=feature_probability, importance=importance
        )
        loss.sum().backward()
        optimizer.step()
    return W.detach(), b.detach(), loss.detach()


SLIPS = (
    Slip(
        answer=_from_a_random_start,
        says="You started from random weights. Start from the W and b that you are given.",
    ),
    Slip(
        answer=_bias_left_out,
        says="You trained W and left b where it was. Both are parameters.",
    ),
    Slip(
        answer=_weights_left_out,
        says="You trained b and left W where it was. Both are parameters.",
    ),
    Slip(
        answer=_biases_from_zero,
        says="You started the biases at 0. Start from the b that you are given.",
    ),
    Slip(
        answer=_equal_importances,
        says="You did not use the importances.",
    ),
    Slip(
        answer=_one_density_for_all,
        says="You gave all features of a model its mean density. Here one of them is rarer "
        "than the others.",
    ),
    Slip(
        answer=_loss_at_the_start,
        says="You returned the losses of the start. Compute them after the descent.",
    ),
    Slip(
        answer=_loss_before_the_last_step,
        says="You returned the losses from before the last step. Compute them once more, for the W "
        "and b that you return.",
    ),
    Slip(
        answer=_the_whole_curve,
        says="You returned the losses of all steps. Return one per instance, at the end.",
    ),
    Slip(
        answer=_sum_of_the_losses,
        says="You returned one loss for all instances. Each model has its own.",
    ),
    Slip(
        answer=_settings_of_its_own,
        says="You trained with settings of your own. Use the n_steps and lr that you are given.",
    ),
    Slip(
        answer=_plain_gradient_descent,
        says="You took plain gradient steps. The loss is so small that they hardly move "
        "anything: use Adam, whose steps are about lr long.",
    ),
    Slip(
        answer=_no_descent,
        says="W and b are still the start. Train them before you return them.",
    ),
)
