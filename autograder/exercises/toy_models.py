"""Chapter 2: the linear and the ReLU output model, the loss, and training."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.training_loop import TRAIN_RELU_OUTPUT

# ------------------------------------------------------------------------------ the two models


def _model_by_hand(_draw: Draw) -> Iterator[Call]:
    x = torch.tensor([[[0.7, 0.0], [0.0, 0.3]]])
    yield call(x, W=torch.tensor([[[1.0, -1.0]]]), b=torch.tensor([[0.0, 0.0]]))
    yield call(x, W=torch.tensor([[[1.0, -1.0]]]), b=torch.tensor([[-0.2, 0.5]]))


def _models(draw: Draw) -> Iterator[Call]:
    # as many instances as samples: torch then lets a bias meet the batch axis without a word
    yield call(draw.uniform(4, 4, 5), W=draw.normal(4, 2, 5), b=draw.normal(4, 5))
    yield call(draw.normal(3, 6, 5), W=draw.normal(3, 2, 5), b=draw.normal(3, 5))


def _lone_models(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 6, 5), W=draw.normal(1, 2, 5), b=draw.normal(1, 5))
    yield call(draw.normal(7, 4), W=draw.normal(3, 4), b=draw.normal(4))


def _zeros(draw: Draw) -> Iterator[Call]:
    W = draw.normal(2, 3, 5)
    W[0, :, 1] = 0.0
    yield call(draw.normal(2, 6, 5), W=W, b=draw.normal(2, 5))
    yield call(torch.zeros(2, 6, 5), W=W, b=draw.normal(2, 5))


def _no_bias(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:  # noqa: ARG001
    return x @ W.mT @ W


def _subtracts_bias(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return x @ W.mT @ W - b.unsqueeze(-2)


def _stops_at_hidden(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:  # noqa: ARG001
    return x @ W.mT


def _bias_before_embedding(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return (x + b.unsqueeze(-2)) @ W.mT @ W


def _bias_meets_batch(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return x @ W.mT @ W + b


def _one_model_for_all(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return x @ W[0].mT @ W[0] + b[0]


def _pseudo_inverse(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return x @ W.mT @ torch.linalg.pinv(W).mT + b.unsqueeze(-2)


def _linear_with_relu(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return torch.relu(x @ W.mT @ W + b.unsqueeze(-2))


def _linear_sample_by_sample(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    # every output is the bias plus each input's share of it, W_i . W_j
    overlap = (W.unsqueeze(-1) * W.unsqueeze(-2)).sum(-3)
    samples = []
    for sample in x.unbind(-2):
        samples.append((overlap * sample.unsqueeze(-2)).sum(-1) + b)
    return torch.stack(samples, dim=-2)


LINEAR_OUTPUT = Exercise(
    reference=tms_lib.linear_output,
    points=2,
    minutes=10,
    difficulty=1,
    checks=(
        equals_reference("an antipodal pair, by hand", _model_by_hand),
        equals_reference("random models, several instances", _models, weight=2),
        equals_reference("one instance keeps its axis, and none needs one", _lone_models),
        equals_reference("a zero column and a zero input leave the bias", _zeros),
        *contract(_models, gradients=["W", "b"]),
    ),
    slips=(
        Slip(
            answer=_no_bias,
            says="You left out the bias. Every output feature gets its b_i on top.",
        ),
        Slip(
            answer=_subtracts_bias,
            says="You subtracted the bias. It is added: x' = W^T W x + b.",
        ),
        Slip(
            answer=_stops_at_hidden,
            says="You returned the hidden vector h. Decode it with W^T, then add b.",
        ),
        Slip(
            answer=_bias_before_embedding,
            says="You added b before the embedding, so it went through W^T W. "
            "It is added at the very end.",
        ),
        Slip(
            answer=_bias_meets_batch,
            says="Your bias met the batch axis: instance k's bias went to sample k. "
            "Give b a batch axis of size 1 with b.unsqueeze(-2).",
        ),
        Slip(
            answer=_one_model_for_all,
            says="You used instance 0's weights for every instance. "
            "Each instance goes through its own W and b.",
        ),
        Slip(
            answer=_pseudo_inverse,
            says="You decoded with the pseudo-inverse of W. The decoder is the transpose W^T.",
        ),
        Slip(
            answer=_linear_with_relu,
            says="You applied a ReLU. The linear model has none; negative outputs stay.",
        ),
    ),
    also_right=_linear_sample_by_sample,
)


def _relu_without_bias(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:  # noqa: ARG001
    return torch.relu(x @ W.mT @ W)


def _relu_minus_bias(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return torch.relu(x @ W.mT @ W - b.unsqueeze(-2))


def _bias_after_relu(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return torch.relu(x @ W.mT @ W) + b.unsqueeze(-2)


def _relu_on_hidden(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return torch.relu(x @ W.mT) @ W + b.unsqueeze(-2)


def _relu_twice(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return torch.relu(torch.relu(x @ W.mT) @ W + b.unsqueeze(-2))


def _no_relu(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return x @ W.mT @ W + b.unsqueeze(-2)


def _absolute_value(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return (x @ W.mT @ W + b.unsqueeze(-2)).abs()


def _clamped_at_one(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return (x @ W.mT @ W + b.unsqueeze(-2)).clamp(0, 1)


def _relu_by_instance(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    before = torch.einsum("...hi,...hj,...bj->...bi", W, W, x) + b[..., None, :]
    return torch.where(before > 0, before, torch.zeros_like(before))


RELU_OUTPUT = Exercise(
    reference=tms_lib.relu_output,
    points=2,
    minutes=10,
    difficulty=1,
    checks=(
        equals_reference("an antipodal pair, by hand", _model_by_hand),
        equals_reference("random models, several instances", _models, weight=2),
        equals_reference("one instance keeps its axis, and none needs one", _lone_models),
        equals_reference("a zero column and a zero input leave the bias, if positive", _zeros),
        *contract(_models, gradients=["W", "b"]),
    ),
    slips=(
        Slip(
            answer=_no_relu,
            says="You left out the ReLU: your outputs can be negative.",
        ),
        Slip(
            answer=_relu_without_bias,
            says="You left out the bias. It is added before the ReLU.",
        ),
        Slip(
            answer=_relu_minus_bias,
            says="You subtracted the bias. It is added: x' = ReLU(W^T W x + b).",
        ),
        Slip(
            answer=_bias_after_relu,
            says="You added the bias after the ReLU. Inside, a negative bias can silence small "
            "interference; outside, it only shifts the output.",
        ),
        Slip(
            answer=_relu_on_hidden,
            says="You applied the ReLU to the hidden vector h. h stays linear; "
            "the ReLU acts on the output.",
        ),
        Slip(
            answer=_relu_twice,
            says="You applied a ReLU to the hidden vector as well. Only the output has one.",
        ),
        Slip(
            answer=_absolute_value,
            says="You took the absolute value. A ReLU turns negative numbers into 0.",
        ),
        Slip(
            answer=_clamped_at_one,
            says="You also cut the outputs off at 1. A ReLU has no upper limit.",
        ),
    ),
    also_right=_relu_by_instance,
)

# ------------------------------------------------------------------------------------- the loss


def _loss_by_hand(_draw: Draw) -> Iterator[Call]:
    x = torch.tensor([[[1.0, 0.0], [0.0, 0.5]]])
    x_hat = torch.tensor([[[0.0, 2.0], [0.3, 0.0]]])
    yield call(x, x_hat, importance=torch.tensor([1.0, 0.5]))


def _batches(draw: Draw) -> Iterator[Call]:
    # as many instances as samples, so that an importance can meet the batch axis
    yield call(draw.uniform(4, 4, 5), draw.normal(4, 4, 5), importance=draw.uniform(4, 5, high=2))
    yield call(draw.uniform(3, 6, 5), draw.normal(3, 6, 5), importance=draw.uniform(3, 5, high=2))


def _shared_importance(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(3, 6, 5), draw.normal(3, 6, 5), importance=draw.uniform(5, high=2))
    yield call(draw.uniform(3, 6, 5), draw.normal(3, 6, 5), importance=draw.uniform(3, 1, high=2))
    yield call(draw.uniform(3, 6, 5), draw.normal(3, 6, 5), importance=torch.zeros(5))


def _lone_batches(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(1, 6, 5), draw.normal(1, 6, 5), importance=draw.uniform(5, high=2))
    yield call(draw.uniform(6, 4), draw.normal(6, 4), importance=draw.uniform(4, high=2))


def _ignores_importance(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:  # noqa: ARG001
    return ((x - x_hat) ** 2).mean(-2).sum(-1)


def _squares_importance(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance**2 * ((x - x_hat) ** 2).mean(-2)).sum(-1)


def _mean_over_features(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance * ((x - x_hat) ** 2).mean(-2)).mean(-1)


def _sum_over_batch(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance * ((x - x_hat) ** 2).sum(-2)).sum(-1)


def _one_number(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance * ((x - x_hat) ** 2).mean(-2)).sum(-1).mean()


def _one_per_feature(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return importance * ((x - x_hat) ** 2).mean(-2)


def _one_per_sample(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance.unsqueeze(-2) * (x - x_hat) ** 2).sum(-1)


def _importance_meets_batch(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance * (x - x_hat) ** 2).sum(-1).mean(-1)


def _absolute_error(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance * (x - x_hat).abs().mean(-2)).sum(-1)


def _root(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance * ((x - x_hat) ** 2).mean(-2)).sum(-1).sqrt()


def _weighted_average(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance * ((x - x_hat) ** 2).mean(-2)).sum(-1) / importance.sum(-1)


def _squares_the_mean_error(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    return (importance * (x - x_hat).mean(-2) ** 2).sum(-1)


def _loss_with_loops(x: Tensor, x_hat: Tensor, *, importance: Tensor) -> Tensor:
    batch, n_features = x.shape[-2:]
    total = torch.zeros_like(x[..., 0, 0])
    weights = importance.expand(*x.shape[:-2], n_features)
    for i in range(n_features):
        for sample in range(batch):
            total = total + weights[..., i] * (x[..., sample, i] - x_hat[..., sample, i]).pow(2)
    return total / batch


WEIGHTED_MSE = Exercise(
    reference=tms_lib.weighted_mse,
    points=3,
    minutes=12,
    difficulty=2,
    checks=(
        equals_reference("two samples, by hand", _loss_by_hand),
        equals_reference("every instance with importances of its own", _batches, weight=2),
        equals_reference("importances that broadcast", _shared_importance),
        equals_reference("one instance keeps its axis, and none needs one", _lone_batches),
        *contract(_batches, gradients=["x_hat"]),
    ),
    slips=(
        Slip(
            answer=_ignores_importance,
            says="You left out the importances. Feature i's squared error counts I_i times.",
        ),
        Slip(
            answer=_squares_importance,
            says="You squared the importance with the error. It stands before the square: "
            "I_i (x_i - x'_i)^2.",
        ),
        Slip(
            answer=_mean_over_features,
            says="You averaged over the features. They are summed; only the batch is averaged.",
        ),
        Slip(
            answer=_sum_over_batch,
            says="You summed over the batch. Take its mean, or the loss grows with the batch size.",
        ),
        Slip(
            answer=_one_number,
            says="You put the instances together into one number. Each one has a loss of its own.",
        ),
        Slip(
            answer=_one_per_feature,
            says="You stopped before the sum over features: your result still has that axis.",
        ),
        Slip(
            answer=_one_per_sample,
            says="You stopped before the mean over the batch: your result still has that axis.",
        ),
        Slip(
            answer=_importance_meets_batch,
            says="Your importances met the batch axis: instance k's went to sample k. "
            "Average over the batch first, or give them a batch axis with unsqueeze(-2).",
        ),
        Slip(
            answer=_absolute_error,
            says="You took the absolute error. The loss squares it.",
        ),
        Slip(
            answer=_root,
            says="You took the root at the end. The loss is the squared error itself.",
        ),
        Slip(
            answer=_weighted_average,
            says="You divided by the sum of the importances. The loss is a weighted sum, "
            "not a weighted average.",
        ),
        Slip(
            answer=_squares_the_mean_error,
            says="You averaged over the batch before squaring, so errors of opposite sign cancel. "
            "Square first.",
        ),
    ),
    also_right=_loss_with_loops,
)

# ------------------------------------------------------------------------------ a step, by hand


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
    for instances in ((1,), ()):
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


def _gradients_themselves(x, *, W, b, importance, lr):  # noqa: ARG001
    W, b = W.clone().requires_grad_(), b.clone().requires_grad_()
    x_hat = tms_lib.relu_output(x, W=W, b=b)
    tms_lib.weighted_mse(x, x_hat, importance=importance).sum().backward()
    return W.grad, b.grad


def _forgets_lr(x, *, W, b, importance, lr):  # noqa: ARG001
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


GRADIENT_STEP = Exercise(
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

# -------------------------------------------------------------------------- the best of several


def _seeds_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(
        torch.tensor([[5, 6, 10], [1, 2, 6]]), torch.tensor([[0.3, 0.1, 0.9], [0.4, 0.7, 0.6]])
    )


def _seeds(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(4, 4, 2, 5), draw.uniform(4, 4))
    yield call(draw.normal(3, 6, 2, 5), draw.uniform(3, 6))
    yield call(draw.normal(3, 6, 5), draw.uniform(3, 6))


def _precise_seeds(draw: Draw) -> Iterator[Call]:
    # copies of float32 numbers would hide a detour through float32
    loss = draw.uniform(3, 6).double() / 3
    loss[1, 2] = torch.nan
    yield call(draw.normal(3, 6, 2, 5).double() / 3, loss)


def _lone_seeds(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 6, 2, 5), draw.uniform(1, 6))
    yield call(draw.normal(3, 1, 2, 5), draw.uniform(3, 1))


def _diverged_seeds(draw: Draw) -> Iterator[Call]:
    values, loss = draw.normal(3, 5, 2, 4), draw.uniform(3, 5)
    for setting, seed, diverged in ((0, 1, torch.nan), (1, 0, torch.inf), (2, 4, torch.nan)):
        loss[setting, seed] = diverged
        values[setting, seed] = torch.nan
    loss[2, :3] = torch.nan
    yield call(values, loss)


def _worst(values: Tensor, losses: Tensor) -> Tensor:
    return values[torch.arange(len(values)), losses.nan_to_num(-math.inf).argmax(1)]


def _seed_of_the_lowest_loss(values: Tensor, losses: Tensor) -> Tensor:
    return values[:, losses.argmin() % losses.shape[1]]


def _average(values: Tensor, losses: Tensor) -> Tensor:  # noqa: ARG001
    return values.double().mean(1).to(values.dtype)


def _every_setting_with_every_seed(values: Tensor, losses: Tensor) -> Tensor:
    return values[:, losses.argmin(1)]


def _flat_index(values: Tensor, losses: Tensor) -> Tensor:
    return values.flatten(0, 1)[losses.argmin(1)]


def _takes_nan(values: Tensor, losses: Tensor) -> Tensor:
    return values[torch.arange(len(values)), losses.argmin(1)]


def _losses_themselves(values: Tensor, losses: Tensor) -> Tensor:  # noqa: ARG001
    return losses.min(1).values


def _across_settings(values: Tensor, losses: Tensor) -> Tensor:
    return values[losses.argmin(0), torch.arange(losses.shape[1])]


def _best_by_sorting(values: Tensor, losses: Tensor) -> Tensor:
    chosen = []
    for setting in range(losses.shape[0]):
        survivors = [s for s in range(losses.shape[1]) if bool(losses[setting, s].isfinite())]
        chosen.append(values[setting, min(survivors, key=lambda s: float(losses[setting, s]))])
    return torch.stack(chosen)


BEST_OF_SEEDS = Exercise(
    reference=tms_lib.best_of_seeds,
    points=2,
    minutes=10,
    difficulty=2,
    checks=(
        equals_reference("a few numbers, by hand", _seeds_by_hand),
        equals_reference("weights and biases of many runs", _seeds, weight=2),
        equals_reference("one setting or one seed", _lone_seeds),
        equals_reference("a seed that diverged is never chosen", _diverged_seeds),
        *contract(_precise_seeds),
    ),
    slips=(
        Slip(
            answer=_worst,
            says="You chose the highest loss. The best seed has the lowest.",
        ),
        Slip(
            answer=_seed_of_the_lowest_loss,
            says="You took the seed of the lowest loss of all, and used it in every setting. "
            "Take the minimum along the seed axis only.",
        ),
        Slip(
            answer=_average,
            says="You averaged over the seeds. W and -W are equally good, and their mean is 0: "
            "choose one seed.",
        ),
        Slip(
            answer=_every_setting_with_every_seed,
            says="values[:, best] takes the best seed of every setting for every setting. "
            "Index both axes: setting k goes with best[k].",
        ),
        Slip(
            answer=_flat_index,
            says="You used the number of the seed as a position in the flattened list of runs, "
            "so every setting got a run of setting 0.",
        ),
        Slip(
            answer=_takes_nan,
            says="You chose a run whose loss is not a number: argmin takes NaN for the smallest. "
            "Make such losses infinite first.",
        ),
        Slip(
            answer=_losses_themselves,
            says="You returned the lowest losses. Return the values of the seeds that have them.",
        ),
        Slip(
            answer=_across_settings,
            says="You compared the settings with each other. Compare the seeds of one setting: "
            "they are axis 1.",
        ),
    ),
    also_right=_best_by_sorting,
)

EXERCISES = (
    LINEAR_OUTPUT,
    RELU_OUTPUT,
    WEIGHTED_MSE,
    GRADIENT_STEP,
    TRAIN_RELU_OUTPUT,
    BEST_OF_SEEDS,
)
