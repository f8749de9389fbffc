"""The exercise `gradient_step`: W and b after one step down the gradient of the loss."""

from collections.abc import Iterator

import torch

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip


def _step_by_hand(_draw: Draw) -> Iterator[Call]:
    one = torch.ones(1, 1, 1)
    half, none = 0.5 * one, torch.zeros(1, 1)
    yield call(one, W=half, b=none, importance=torch.ones(1), lr=0.1)
    yield call(one, W=half, b=none - 1, importance=torch.ones(1), lr=0.1)  # the ReLU is off


def _steps(draw: Draw) -> Iterator[Call]:
    yield call(
        draw.uniform(4, 7, 5),
        W=draw.normal(4, 2, 5),
        b=0.5 * draw.normal(4, 5),
        importance=draw.uniform(4, 5, low=0.2, high=2),
        lr=0.3,
    )
    yield call(
        draw.uniform(3, 6, 7),
        W=draw.normal(3, 4, 7),
        b=0.5 * draw.normal(3, 7),
        importance=draw.uniform(7, low=0.2, high=2),
        lr=0.05,
    )


def _lone_steps(draw: Draw) -> Iterator[Call]:
    for instances in ((1,), (), (2, 3)):
        yield call(
            draw.uniform(*instances, 6, 5),
            W=draw.normal(*instances, 2, 5),
            b=0.5 * draw.normal(*instances, 5),
            importance=draw.uniform(5, low=0.2, high=2),
            lr=0.2,
        )


def _climbs(x, *, W, b, importance, lr):
    W, b = W.clone().requires_grad_(), b.clone().requires_grad_()
    x_hat = tms_lib.relu_output(x, W=W, b=b)
    tms_lib.weighted_mse(x, x_hat, importance=importance).sum().backward()
    return W + lr * W.grad, b + lr * b.grad


def _averages_instances(x, *, W, b, importance, lr):
    W, b = W.clone().requires_grad_(), b.clone().requires_grad_()
    x_hat = tms_lib.relu_output(x, W=W, b=b)
    tms_lib.weighted_mse(x, x_hat, importance=importance).mean().backward()
    return W - lr * W.grad, b - lr * b.grad


def _leaves_bias(x, *, W, b, importance, lr):
    W = W.clone().requires_grad_()
    x_hat = tms_lib.relu_output(x, W=W, b=b)
    tms_lib.weighted_mse(x, x_hat, importance=importance).sum().backward()
    return W - lr * W.grad, b


def _bias_after_weights(x, *, W, b, importance, lr):
    W, b = W.clone().requires_grad_(), b.clone().requires_grad_()
    x_hat = tms_lib.relu_output(x, W=W, b=b)
    tms_lib.weighted_mse(x, x_hat, importance=importance).sum().backward()
    W_new = (W - lr * W.grad).detach()
    b.grad = None
    x_hat = tms_lib.relu_output(x, W=W_new, b=b)
    tms_lib.weighted_mse(x, x_hat, importance=importance).sum().backward()
    return W_new, b - lr * b.grad


def _gradients_themselves(x, *, W, b, importance, lr):  # noqa: ARG001  (the reference's signature)
    W, b = W.clone().requires_grad_(), b.clone().requires_grad_()
    x_hat = tms_lib.relu_output(x, W=W, b=b)
    tms_lib.weighted_mse(x, x_hat, importance=importance).sum().backward()
    return W.grad, b.grad


def _forgets_lr(x, *, W, b, importance, lr):  # noqa: ARG001  (the reference's signature)
    W, b = W.clone().requires_grad_(), b.clone().requires_grad_()
    x_hat = tms_lib.relu_output(x, W=W, b=b)
    tms_lib.weighted_mse(x, x_hat, importance=importance).sum().backward()
    return W - W.grad, b - b.grad


def _steps_the_linear_model(x, *, W, b, importance, lr):
    W, b = W.clone().requires_grad_(), b.clone().requires_grad_()
    x_hat = tms_lib.linear_output(x, W=W, b=b)
    tms_lib.weighted_mse(x, x_hat, importance=importance).sum().backward()
    return W - lr * W.grad, b - lr * b.grad


def _step_without_importance(x, *, W, b, importance, lr):
    W, b = W.clone().requires_grad_(), b.clone().requires_grad_()
    x_hat = tms_lib.relu_output(x, W=W, b=b)
    tms_lib.weighted_mse(x, x_hat, importance=torch.ones_like(importance)).sum().backward()
    return W - lr * W.grad, b - lr * b.grad


def _decoder_only(x, *, W, b, importance, lr):
    encoder = W.clone()
    W, b = W.clone().requires_grad_(), b.clone().requires_grad_()
    x_hat = torch.relu(x @ encoder.mT @ W + b.unsqueeze(-2))
    tms_lib.weighted_mse(x, x_hat, importance=importance).sum().backward()
    return W - lr * W.grad, b - lr * b.grad


def _bias_first(x, *, W, b, importance, lr):
    W, b = W.clone().requires_grad_(), b.clone().requires_grad_()
    x_hat = tms_lib.relu_output(x, W=W, b=b)
    tms_lib.weighted_mse(x, x_hat, importance=importance).sum().backward()
    return b - lr * b.grad, W - lr * W.grad


def _step_with_chain_rule(x, *, W, b, importance, lr):
    h = x @ W.mT
    before = h @ W + b.unsqueeze(-2)
    error = torch.relu(before) - x
    d_before = 2 * importance.unsqueeze(-2) * error * (before > 0) / x.shape[-2]
    d_W = h.mT @ d_before + (d_before @ W.mT).mT @ x  # as decoder, and as encoder
    return W - lr * d_W, b - lr * d_before.sum(-2)


EXERCISE = Exercise(
    reference=tms_lib.gradient_step,
    points=3,
    minutes=15,
    difficulty=2,
    checks=(
        equals_reference("one feature in one dimension, by hand", _step_by_hand),
        equals_reference("random models, several instances", _steps, weight=2),
        equals_reference("one instance keeps its axis, and none needs one", _lone_steps),
        *contract(_steps),
    ),
    slips=(
        Slip(
            answer=_climbs,
            says="You stepped uphill: the loss grows along the gradient. Subtract lr * gradient.",
        ),
        Slip(
            answer=_averages_instances,
            says="You differentiated the mean over the instances, so each one's step shrinks "
            "with the number of its neighbours. Add the losses.",
        ),
        Slip(
            answer=_leaves_bias,
            says="You moved W but not b. Both are parameters.",
        ),
        Slip(
            answer=_bias_after_weights,
            says="You moved W first and took b's gradient at the new W. "
            "Both gradients belong to the same point.",
        ),
        Slip(
            answer=_gradients_themselves,
            says="You returned the gradients. Return the parameters after the step.",
        ),
        Slip(
            answer=_forgets_lr,
            says="You subtracted the whole gradient. Multiply it by lr.",
        ),
        Slip(
            answer=_steps_the_linear_model,
            says="You stepped down the linear model's loss. Here x' has a ReLU.",
        ),
        Slip(
            answer=_step_without_importance,
            says="You stepped down a loss without importances.",
        ),
        Slip(
            answer=_decoder_only,
            says="Your gradient sees W as the decoder only. W appears twice in W^T W x, "
            "and both places count.",
        ),
        Slip(
            answer=_bias_first,
            says="You returned b before W. The order is W, b.",
        ),
    ),
    also_right=_step_with_chain_rule,
)
