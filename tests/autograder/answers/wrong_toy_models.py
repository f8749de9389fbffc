"""Plausible wrong answers to the exercises of chapter 2 that are not among the slips."""

import math

import torch
import torch.nn.functional as F

import tms_lib
from answers.filing import wrong
from tms_lib import sample_features

# ---------------------------------------------------------------------------------- linear_output


@wrong("linear_output")
def one_bias_number(x, *, W, b):
    return x @ W.mT @ W + b.mean(-1, keepdim=True).unsqueeze(-2)


@wrong("linear_output")
def bias_from_the_first_instance(x, *, W, b):
    return x @ W.mT @ W + (b[:1] if b.ndim > 1 else b).unsqueeze(-2)


@wrong("linear_output")
def no_self_interaction(x, *, W, b):
    G = W.mT @ W
    return x @ (G - torch.diag_embed(G.diagonal(dim1=-2, dim2=-1))) + b.unsqueeze(-2)


@wrong("linear_output")
def residual_connection(x, *, W, b):
    return x + x @ W.mT @ W + b.unsqueeze(-2)


@wrong("linear_output")
def unit_directions(x, *, W, b):
    W = F.normalize(W, dim=-2)
    return x @ W.mT @ W + b.unsqueeze(-2)


@wrong("linear_output")
def adds_the_bias_in_place_to_the_input(x, *, W, b):
    value = tms_lib.linear_output(x, W=W, b=b)
    x += b.unsqueeze(-2)
    return value


@wrong("linear_output")
def bias_out_of_the_graph(x, *, W, b):
    return x @ W.mT @ W + b.detach().unsqueeze(-2)


@wrong("linear_output")
def one_axis_of_instances_or_none(x, *, W, b):
    if x.ndim == 2:
        return x @ W.T @ W + b
    return torch.einsum("khi,khj,kbj->kbi", W, W, x) + b[:, None]


# ------------------------------------------------------------------------------------ relu_output


def before_relu(x, W, b):
    return x @ W.mT @ W + b.unsqueeze(-2)


@wrong("relu_output")
def leaky(x, *, W, b):
    return F.leaky_relu(before_relu(x, W, b))


@wrong("relu_output")
def softplus(x, *, W, b):
    return F.softplus(before_relu(x, W, b), beta=20)


@wrong("relu_output")
def gelu(x, *, W, b):
    return F.gelu(before_relu(x, W, b))


@wrong("relu_output")
def relu6(x, *, W, b):
    return F.relu6(before_relu(x, W, b))


@wrong("relu_output")
def relu_of_the_input(x, *, W, b):
    return tms_lib.relu_output(x.relu(), W=W, b=b)


@wrong("relu_output")
def no_relu_where_the_bias_is_zero(x, *, W, b):
    return before_relu(x, W, b) if (b == 0).all() else tms_lib.relu_output(x, W=W, b=b)


@wrong("relu_output")
def relu_from_a_hundredth(x, *, W, b):
    y = before_relu(x, W, b)
    return y * (y > 0.01)


@wrong("relu_output")
def relu_with_a_detached_mask_product(x, *, W, b):
    y = before_relu(x, W, b)
    return y * (y > 0) if y.requires_grad is False else torch.relu(y.detach()) + 0 * y


@wrong("relu_output")
def two_axes_of_instances_fail(x, *, W, b):
    if x.ndim == 2:
        return torch.relu(x @ W.T @ W + b)
    return torch.relu(torch.bmm(torch.bmm(x, W.mT), W) + b[:, None])


# ----------------------------------------------------------------------------------- weighted_mse


@wrong("weighted_mse")
def error_against_absolute_input(x, x_hat, *, importance):
    return tms_lib.weighted_mse(x.abs(), x_hat, importance=importance)


@wrong("weighted_mse")
def active_features_only(x, x_hat, *, importance):
    return tms_lib.weighted_mse(x, x_hat * (x != 0), importance=importance)


@wrong("weighted_mse")
def one_sample_less_in_the_mean(x, x_hat, *, importance):
    B = x.shape[-2]
    return tms_lib.weighted_mse(x, x_hat, importance=importance) * B / (B - 1)


@wrong("weighted_mse")
def importance_inside_the_square(x, x_hat, *, importance):
    weight = importance.unsqueeze(-2)
    return ((weight * (x - x_hat)) ** 2).mean(-2).sum(-1)


@wrong("weighted_mse")
def half_of_the_square(x, x_hat, *, importance):
    return 0.5 * tms_lib.weighted_mse(x, x_hat, importance=importance)


@wrong("weighted_mse")
def mean_importance(x, x_hat, *, importance):
    weight = importance.mean(-1, keepdim=True)
    return tms_lib.weighted_mse(x, x_hat, importance=weight)


@wrong("weighted_mse")
def second_axis_for_the_batch(x, x_hat, *, importance):
    error = ((x - x_hat) ** 2).sum(-2) / x.shape[1]
    return (importance * error).sum(-1)


@wrong("weighted_mse")
def squeezes_the_result(x, x_hat, *, importance):
    return tms_lib.weighted_mse(x, x_hat, importance=importance).squeeze()


@wrong("weighted_mse")
def python_numbers(x, x_hat, *, importance):
    return tms_lib.weighted_mse(x, x_hat, importance=importance).tolist()


@wrong("weighted_mse")
def instances_or_none_with_unsqueeze(x, x_hat, *, importance):
    weight = importance[:, None] if importance.ndim == 2 else importance
    return (weight * (x - x_hat) ** 2).sum(-1).mean(1 if x.ndim == 3 else 0)


# ---------------------------------------------------------------------------------- gradient_step


def gradients(x, W, b, importance):
    W, b = W.detach().requires_grad_(), b.detach().requires_grad_()
    loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
    return torch.autograd.grad(loss.sum(), (W, b))


@wrong("gradient_step")
def changes_the_weights_in_place(x, *, W, b, importance, lr):
    W_grad, b_grad = gradients(x, W, b, importance)
    W -= lr * W_grad
    b -= lr * b_grad
    return W, b


@wrong("gradient_step")
def step_of_adam(x, *, W, b, importance, lr):
    W_grad, b_grad = gradients(x, W, b, importance)
    return W - lr * W_grad.sign(), b - lr * b_grad.sign()


@wrong("gradient_step")
def clips_the_gradient(x, *, W, b, importance, lr):
    W_grad, b_grad = gradients(x, W, b, importance)
    return W - lr * W_grad.clamp(-1, 1), b - lr * b_grad.clamp(-1, 1)


@wrong("gradient_step")
def decays_the_weights(x, *, W, b, importance, lr):
    W_grad, b_grad = gradients(x, W, b, importance)
    return (1 - 0.01 * lr) * W - lr * W_grad, b - lr * b_grad


@wrong("gradient_step")
def half_the_step(x, *, W, b, importance, lr):
    W_grad, b_grad = gradients(x, W, b, importance)
    return W - lr * W_grad / 2, b - lr * b_grad / 2


@wrong("gradient_step")
def divides_by_the_features(x, *, W, b, importance, lr):
    W_grad, b_grad = gradients(x, W, b, importance)
    return W - lr * W_grad / x.shape[-1], b - lr * b_grad / x.shape[-1]


@wrong("gradient_step")
def sums_the_biases_gradient_over_instances(x, *, W, b, importance, lr):
    W_grad, b_grad = gradients(x, W, b, importance)
    return W - lr * W_grad, b - lr * (b_grad.sum(0) if b.ndim > 1 else b_grad)


@wrong("gradient_step")
def always_a_tenth(x, *, W, b, importance, lr):  # noqa: ARG001
    W_grad, b_grad = gradients(x, W, b, importance)
    return W - 0.1 * W_grad, b - 0.1 * b_grad


@wrong("gradient_step")
def returns_the_loss_as_well(x, *, W, b, importance, lr):
    loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
    W, b = tms_lib.gradient_step(x, W=W, b=b, importance=importance, lr=lr)
    return W, b, loss


# ------------------------------------------------------------------------------ ReLUOutputModel


class Model(torch.nn.Module):
    """A right model, unless a class spoils it."""

    def __init__(self, *, n_instances, n_features, n_hidden, generator):
        super().__init__()
        W = tms_lib.init_weights(
            n_instances=n_instances, n_features=n_features, n_hidden=n_hidden, generator=generator
        )
        self.W = torch.nn.Parameter(W)
        self.b = torch.nn.Parameter(torch.zeros(n_instances, n_features))

    def forward(self, x):
        return tms_lib.relu_output(x, W=self.W, b=self.b)


@wrong("ReLUOutputModel")
class DetachesItsParameters(Model):
    def forward(self, x):
        return tms_lib.relu_output(x, W=self.W.detach(), b=self.b.detach())


@wrong("ReLUOutputModel")
class DetachesTheEncoder(Model):
    def forward(self, x):
        return torch.relu(x @ self.W.detach().mT @ self.W + self.b.unsqueeze(-2))


@wrong("ReLUOutputModel")
class SeedOfItsOwn(Model):
    def __init__(self, *, generator, **sizes):  # noqa: ARG002  (what is wrong with it)
        super().__init__(**sizes, generator=torch.Generator().manual_seed(0))


@wrong("ReLUOutputModel")
class CopyOfTheGenerator(Model):
    def __init__(self, *, generator, **sizes):
        super().__init__(**sizes, generator=generator.clone_state())


@wrong("ReLUOutputModel")
class FeaturesBeforeHidden(Model):
    def __init__(self, **sizes):
        super().__init__(**sizes)
        self.W = torch.nn.Parameter(self.W.detach().mT.clone())

    def forward(self, x):
        return tms_lib.relu_output(x, W=self.W.mT, b=self.b)


@wrong("ReLUOutputModel")
class BiasStartsAtTheMean(Model):
    def __init__(self, **sizes):
        super().__init__(**sizes)
        self.b.data.fill_(0.5)


@wrong("ReLUOutputModel")
class FrozenBias(Model):
    def __init__(self, **sizes):
        super().__init__(**sizes)
        self.b.requires_grad_(False)


@wrong("ReLUOutputModel")
class BiasIsABuffer(Model):
    def __init__(self, **sizes):
        super().__init__(**sizes)
        b = self.b.detach()
        del self.b
        self.register_buffer("b", b)


@wrong("ReLUOutputModel")
class OtherNames(torch.nn.Module):
    def __init__(self, **sizes):
        super().__init__()
        self.model = Model(**sizes)

    def forward(self, x):
        return self.model(x)


@wrong("ReLUOutputModel")
class UniformStart(Model):
    def __init__(self, *, generator, **sizes):
        super().__init__(**sizes, generator=generator)
        limit = (6 / (sizes["n_hidden"] + sizes["n_features"])) ** 0.5
        self.W.data.uniform_(-limit, limit, generator=generator)


@wrong("ReLUOutputModel")
class SubtractsTheBias(Model):
    def forward(self, x):
        return tms_lib.relu_output(x, W=self.W, b=-self.b)


@wrong("ReLUOutputModel")
class NoBias(torch.nn.Module):
    def __init__(self, **sizes):
        super().__init__()
        self.W = torch.nn.Parameter(tms_lib.init_weights(**sizes))

    def forward(self, x):
        return torch.relu(tms_lib.embed(x, self.W) @ self.W)


@wrong("ReLUOutputModel")
class StartWithoutTheRoot(Model):
    def __init__(self, **sizes):
        super().__init__(**sizes)
        self.W.data *= (2 / (sizes["n_hidden"] + sizes["n_features"])) ** 0.5


@wrong("ReLUOutputModel")
class StartsAtNotANumber(Model):
    def __init__(self, **sizes):
        super().__init__(**sizes)
        self.W.data.fill_(math.nan)


@wrong("ReLUOutputModel")
class LeakyReLU(Model):
    def forward(self, x):
        return F.leaky_relu(tms_lib.linear_output(x, W=self.W, b=self.b))


@wrong("ReLUOutputModel")
class UnitDirections(Model):
    def forward(self, x):
        return tms_lib.relu_output(x, W=F.normalize(self.W, dim=-2), b=self.b)


@wrong("ReLUOutputModel")
class RemembersTheLastInput(Model):
    last = 0.0

    def forward(self, x):
        result = tms_lib.relu_output(x, W=self.W, b=self.b) + 1e-3 * self.last
        self.last = x.mean().item()
        return result


@wrong("ReLUOutputModel")
class WorksOnItsInput(Model):
    def forward(self, x):
        return x.copy_(tms_lib.relu_output(x, W=self.W, b=self.b))


@wrong("ReLUOutputModel")
class WeightsOfTheClass(Model):
    first = None

    def __init__(self, **sizes):
        super().__init__(**sizes)
        cls = type(self)
        if cls.first is None or cls.first.shape != self.W.shape:
            cls.first = self.W
        self.W = cls.first


@wrong("ReLUOutputModel")
class SinglePrecision(Model):
    def forward(self, x):
        return tms_lib.relu_output(x.float(), W=self.W.float(), b=self.b.float()).to(x.dtype)


# -------------------------------------------------------------------------------- best_of_seeds


def pick(values, best):
    return values[torch.arange(len(values)), best]


@wrong("best_of_seeds")
def one_for_not_a_number(values, losses):
    return pick(values, losses.nan_to_num(1.0, posinf=1.0).argmin(1))


@wrong("best_of_seeds")
def a_million_for_not_a_number(values, losses):
    return pick(values, losses.nan_to_num(1e6, posinf=1e6).argmin(1))


@wrong("best_of_seeds")
def zero_for_not_a_number(values, losses):
    return pick(values, losses.nan_to_num(0.0).argmin(1))


@wrong("best_of_seeds")
def last_seed(values, losses):  # noqa: ARG001
    return values[:, -1]


@wrong("best_of_seeds")
def first_seed_that_survived(values, losses):
    return pick(values, losses.isfinite().int().argmax(1))


@wrong("best_of_seeds")
def number_of_the_seed(values, losses):  # noqa: ARG001
    return losses.nan_to_num(math.inf).argmin(1)


@wrong("best_of_seeds")
def mean_of_the_two_best(values, losses):
    order = losses.nan_to_num(math.inf).argsort(1)
    return (pick(values, order[:, 0]) + pick(values, order[:, min(1, order.shape[1] - 1)])) / 2


@wrong("best_of_seeds")
def keeps_the_seed_axis(values, losses):
    return pick(values, losses.nan_to_num(math.inf).argmin(1)).unsqueeze(1)


@wrong("best_of_seeds")
def best_numbers_of_any_seed(values, losses):  # noqa: ARG001
    return values.amin(1)


@wrong("best_of_seeds")
def marks_diverged_losses_in_place(values, losses):
    losses[~losses.isfinite()] = math.inf
    return pick(values, losses.argmin(1))


@wrong("best_of_seeds")
def compares_in_single_precision(values, losses):
    return tms_lib.best_of_seeds(values.float(), losses.float()).to(values.dtype)


# ---------------------------------------------------------------------------- train_relu_output


def loop(p, *, importance, n_hidden, n_steps, batch_size, lr, generator, betas=(0.9, 0.999),
         rate=lambda t: 1 - t, reduce=torch.sum, importance_at=lambda _: 1.0):  # fmt: skip
    """A right loop, unless an argument spoils it."""
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    ).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr, betas=betas)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * rate(step / n_steps)
        x = sample_features(p, batch_size, generator=generator)
        weight = importance * importance_at(step)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=weight)
        optimizer.zero_grad()
        reduce(loss).backward()
        optimizer.step()
        history.append(loss.detach())
    return W, b, torch.stack(history)


def detached(*tensors):
    return tuple(t.detach() for t in tensors)


@wrong("train_relu_output")
def still_part_of_the_graph(p, **settings):
    return loop(p, **settings)


@wrong("train_relu_output")
def own_learning_rate(p, *, lr, **settings):  # noqa: ARG001
    return detached(*loop(p, lr=1e-3, **settings))


@wrong("train_relu_output")
def learning_rate_rises(p, **settings):
    return detached(*loop(p, rate=lambda t: t, **settings))


@wrong("train_relu_output")
def learning_rate_falls_to_a_half(p, **settings):
    return detached(*loop(p, rate=lambda t: 1 - t / 2, **settings))


@wrong("train_relu_output")
def trains_the_first_instance(p, **settings):
    return detached(*loop(p, reduce=lambda loss: loss[0], **settings))


@wrong("train_relu_output")
def own_batch_size(p, *, batch_size, **settings):  # noqa: ARG001
    return detached(*loop(p, batch_size=64, **settings))


@wrong("train_relu_output")
def own_seed(p, *, generator, **settings):  # noqa: ARG001
    return detached(*loop(p, generator=torch.Generator().manual_seed(0), **settings))


@wrong("train_relu_output")
def one_step_too_many(p, *, n_steps, **settings):
    return detached(*loop(p, n_steps=n_steps + 1, **settings))


@wrong("train_relu_output")
def everyone_gets_the_first_importances(p, *, importance, **settings):
    first = importance[0] if importance.ndim > 1 else importance
    return detached(*loop(p, importance=first, **settings))
