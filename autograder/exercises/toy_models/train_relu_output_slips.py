"""Wrong answers to `train_relu_output`, and the sentences that explain them."""

import torch

import tms_lib
from autograder.exercise import Slip


def _keeps_old_gradients(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    ).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / n_steps)
        x = tms_lib.sample_features(p, batch_size, generator=generator)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach())
    return W.detach(), b.detach(), torch.stack(history)


def _same_batch_every_step(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    ).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr)
    history = []
    x = tms_lib.sample_features(p, batch_size, generator=generator)
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / n_steps)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach())
    return W.detach(), b.detach(), torch.stack(history)


def _ignores_importance(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    ).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / n_steps)
        x = tms_lib.sample_features(p, batch_size, generator=generator)
        loss = tms_lib.weighted_mse(
            x, tms_lib.relu_output(x, W=W, b=b), importance=torch.ones_like(importance)
        )
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach())
    return W.detach(), b.detach(), torch.stack(history)


def _trains_the_linear_model(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    ).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / n_steps)
        x = tms_lib.sample_features(p, batch_size, generator=generator)
        loss = tms_lib.weighted_mse(x, tms_lib.linear_output(x, W=W, b=b), importance=importance)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach())
    return W.detach(), b.detach(), torch.stack(history)


def _samples_with_sparsity(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    ).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / n_steps)
        x = tms_lib.sample_features(1 - p, batch_size, generator=generator)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach())
    return W.detach(), b.detach(), torch.stack(history)


def _first_density_for_all(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    ).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / n_steps)
        x = tms_lib.sample_features(p[:1].expand_as(p), batch_size, generator=generator)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach())
    return W.detach(), b.detach(), torch.stack(history)


def _records_the_mean_over_features(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    ).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / n_steps)
        x = tms_lib.sample_features(p, batch_size, generator=generator)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach() / p.shape[1])
    return W.detach(), b.detach(), torch.stack(history)


def _mixes_the_losses(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    ).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / n_steps)
        x = tms_lib.sample_features(p, batch_size, generator=generator)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach().mean().expand(len(p)))
    return W.detach(), b.detach(), torch.stack(history)


def _one_loss_per_step(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    ).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / n_steps)
        x = tms_lib.sample_features(p, batch_size, generator=generator)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach().sum())
    return W.detach(), b.detach(), torch.stack(history)


def _losses_transposed(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    ).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / n_steps)
        x = tms_lib.sample_features(p, batch_size, generator=generator)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach())
    return W.detach(), b.detach(), torch.stack(history, dim=-1)


def _constant_learning_rate(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    ).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr)
    history = []
    for _ in range(n_steps):
        x = tms_lib.sample_features(p, batch_size, generator=generator)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach())
    return W.detach(), b.detach(), torch.stack(history)


def _shrinks_the_learning_rate_anew(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    ).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] *= 1 - step / n_steps
        x = tms_lib.sample_features(p, batch_size, generator=generator)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach())
    return W.detach(), b.detach(), torch.stack(history)


def _plain_gradient_descent(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    ).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.SGD([W, b], lr=lr)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / n_steps)
        x = tms_lib.sample_features(p, batch_size, generator=generator)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach())
    return W.detach(), b.detach(), torch.stack(history)


def _bias_stays_zero(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    ).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W], lr=lr)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / n_steps)
        x = tms_lib.sample_features(p, batch_size, generator=generator)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach())
    return W.detach(), b.detach(), torch.stack(history)


def _weights_stay(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    )
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / n_steps)
        x = tms_lib.sample_features(p, batch_size, generator=generator)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach())
    return W.detach(), b.detach(), torch.stack(history)


def _same_start_for_all(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = tms_lib.init_weights(
        n_instances=1, n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    )
    W = W.repeat(len(p), 1, 1).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / n_steps)
        x = tms_lib.sample_features(p, batch_size, generator=generator)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach())
    return W.detach(), b.detach(), torch.stack(history)


def _instances_as_fan(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = torch.empty(len(p), n_hidden, p.shape[1])
    torch.nn.init.xavier_normal_(W, generator=generator).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / n_steps)
        x = tms_lib.sample_features(p, batch_size, generator=generator)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach())
    return W.detach(), b.detach(), torch.stack(history)


def _standard_normal_start(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = torch.randn(len(p), n_hidden, p.shape[1], generator=generator).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / n_steps)
        x = tms_lib.sample_features(p, batch_size, generator=generator)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach())
    return W.detach(), b.detach(), torch.stack(history)


SLIPS = (
    Slip(
        answer=_keeps_old_gradients,
        says="You never cleared the gradients, so each step adds all the earlier ones. Call "
        "optimizer.zero_grad() before backward().",
    ),
    Slip(
        answer=_constant_learning_rate,
        says="Your learning rate stays at lr. At step t it is lr (1 - t / n_steps).",
    ),
    Slip(
        answer=_same_batch_every_step,
        says="You trained on the same batch at every step. Draw a fresh one inside the loop.",
    ),
    Slip(
        answer=_ignores_importance,
        says="You trained without the importances.",
    ),
    Slip(
        answer=_trains_the_linear_model,
        says="You trained the linear model. Use relu_output.",
    ),
    Slip(
        answer=_samples_with_sparsity,
        says="You sampled with 1 - p. feature_probability is the density already.",
    ),
    Slip(
        answer=_first_density_for_all,
        says="You sampled every instance with instance 0's densities. Each has a row of its own.",
    ),
    Slip(
        answer=_records_the_mean_over_features,
        says="The losses you recorded are divided by the number of features. Record what "
        "weighted_mse gives.",
    ),
    Slip(
        answer=_mixes_the_losses,
        says="You recorded the mean over the instances. Each instance has a loss of its own.",
    ),
    Slip(
        answer=_one_loss_per_step,
        says="You recorded one number a step. Record one loss for every instance.",
    ),
    Slip(
        answer=_losses_transposed,
        says="Your losses have the axes instances, steps. The first axis is the step.",
    ),
    Slip(
        answer=_shrinks_the_learning_rate_anew,
        says="You multiplied the last step's learning rate again, so it falls too fast. Start from "
        "the given lr at every step: lr (1 - t / n_steps).",
    ),
    Slip(
        answer=_plain_gradient_descent,
        says="You used plain gradient descent. Use Adam, whose steps do not depend on the "
        "gradient's size.",
    ),
    Slip(
        answer=_bias_stays_zero,
        says="Your bias never moved. Give the optimizer both W and b, and call its step().",
    ),
    Slip(
        answer=_weights_stay,
        says="Your W never moved. Call W.requires_grad_() before the loop, and give the optimizer "
        "both W and b.",
    ),
    Slip(
        answer=_same_start_for_all,
        says="All your instances start from the same W, so they are one model, trained many "
        "times. Draw a W for each.",
    ),
    Slip(
        answer=_instances_as_fan,
        says="xavier_normal_ takes the instance axis for a fan, so the start shrinks with "
        "the number of models. Use init_weights.",
    ),
    Slip(
        answer=_standard_normal_start,
        says="You started from standard normal weights. Their scale is sqrt(2 / (hidden + "
        "features)); init_weights does it.",
    ),
)
