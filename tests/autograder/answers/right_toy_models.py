"""Unusual right answers to the exercises of chapter 2."""

import math
from functools import partial

import einops
import torch
import torch.nn.functional as F

import tms_lib
from answers.filing import right
from tms_lib import TrainConfig, sample_features, train

# ---------------------------------------------------------------------------------- linear_output


@right("linear_output")
def through_the_gram_matrix(x, *, W, b):
    return x @ tms_lib.gram(W) + b[..., None, :]


@right("linear_output")
def linear_with_einops(x, *, b, W):
    h = einops.einsum(x, W, "... b f, ... h f -> ... b h")
    return einops.einsum(h, W, "... b h, ... h f -> ... b f") + einops.rearrange(
        b, "... f -> ... 1 f"
    )


@right("linear_output")
def one_matrix_with_the_bias(x, *, W, b):
    ones = torch.ones_like(x[..., :1])
    return torch.cat([x, ones], -1) @ torch.cat([W.mT @ W, b.unsqueeze(-2)], -2)


# ------------------------------------------------------------------------------------ relu_output


@right("relu_output")
def clamp_in_place(x, *, W, b):
    y = x @ W.mT @ W
    y += b.unsqueeze(-2)
    return y.clamp_(min=0)


@right("relu_output")
def module(x, *, W, b):
    return torch.nn.ReLU()(tms_lib.linear_output(x, W=W, b=b))


@right("relu_output")
def half_of_value_and_absolute_value(x, *, W, b):
    y = tms_lib.linear_output(x, W=W, b=b)
    return (y + y.abs()) / 2


# ----------------------------------------------------------------------------------- weighted_mse


@right("weighted_mse")
def importance_on_every_sample(x, x_hat, *, importance):
    return (importance.unsqueeze(-2) * F.mse_loss(x_hat, x, reduction="none")).sum(-1).mean(-1)


@right("weighted_mse")
def with_roots_of_the_importance(x, x_hat, *, importance):
    weighted = importance.sqrt().unsqueeze(-2) * (x - x_hat)
    return weighted.square().sum((-2, -1)) / x.shape[-2]


@right("weighted_mse")
def mean_of_all_times_features(x, x_hat, *, importance):
    return ((x_hat - x) ** 2 * importance.unsqueeze(-2)).mean(dim=(-1, -2)) * x.shape[-1]


# ---------------------------------------------------------------------------------- gradient_step


@right("gradient_step")
def with_sgd(x, *, W, b, importance, lr):
    W, b = torch.nn.Parameter(W.clone()), torch.nn.Parameter(b.clone())
    optimizer = torch.optim.SGD([W, b], lr=lr)
    loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
    loss.sum().backward()
    optimizer.step()
    return W, b


@right("gradient_step")
def with_torch_func(x, *, W, b, importance, lr):
    def loss(W, b):
        x_hat = tms_lib.relu_output(x, W=W, b=b)
        return tms_lib.weighted_mse(x, x_hat, importance=importance).sum()

    W_grad, b_grad = torch.func.grad(loss, argnums=(0, 1))(W, b)
    return [W - lr * W_grad, b - lr * b_grad]


@right("gradient_step")
def own_tensors_in_place(x, *, W, b, importance, lr):
    W, b = (t.detach().clone().requires_grad_() for t in (W, b))
    tms_lib.weighted_mse(
        x, tms_lib.relu_output(x, W=W, b=b), importance=importance
    ).sum().backward()
    with torch.no_grad():
        W -= lr * W.grad
        b -= lr * b.grad
    return W, b


# ------------------------------------------------------------------------------ train_relu_output


@right("train_relu_output")
def a_tensor_for_each_instance(
    p, *, importance, n_hidden, n_steps, batch_size, lr, generator
):  # fmt: skip
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    )
    b = torch.zeros_like(p)
    W.requires_grad_()
    b.requires_grad_()
    adam = torch.optim.Adam([W, b], lr=lr)
    anneal = torch.optim.lr_scheduler.LambdaLR(adam, lambda t: 1 - t / n_steps)
    losses = torch.zeros(n_steps, len(p))
    for t in range(n_steps):
        x = sample_features(p, batch_size, generator=generator)
        L = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        losses[t] = L.data
        adam.zero_grad()
        L.backward(torch.ones_like(L))
        adam.step()
        anneal.step()
    return W.data, b.data, losses


@right("train_relu_output")
def adam_by_hand(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = torch.randn(len(p), n_hidden, p.shape[1], generator=generator)
    theta = [W * math.sqrt(2 / (n_hidden + p.shape[1])), torch.zeros_like(p)]
    m, v = ([torch.zeros_like(w) for w in theta] for _ in range(2))
    history = []
    for t in range(n_steps):
        W, b = (w.detach().requires_grad_() for w in theta)
        x = sample_features(p, batch_size, generator=generator)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        for i, g in enumerate(torch.autograd.grad(loss.sum(), (W, b))):
            m[i] = 0.9 * m[i] + 0.1 * g
            v[i] = 0.999 * v[i] + 0.001 * g**2
            step = m[i] / (1 - 0.9 ** (t + 1)) / ((v[i] / (1 - 0.999 ** (t + 1))).sqrt() + 1e-8)
            theta[i] = theta[i] - lr * (1 - t / n_steps) * step
        history.append(loss.detach())
    return theta[0], theta[1], torch.stack(history)


@right("train_relu_output")
def with_the_library(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    model = tms_lib.ReLUOutputModel(
        n_instances=len(p), n_features=p.shape[1], n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size, lr=lr)
    sample = partial(sample_features, p)
    result = train(
        model, sample, importance=importance, generator=generator, config=config, progress=True
    )
    return model.W.detach(), model.b.detach(), result.losses


# ------------------------------------------------------------------------------ ReLUOutputModel


@right("ReLUOutputModel")
class ALinearModelAndAReLU(tms_lib.LinearModel):
    def forward(self, x):
        return F.relu(super().forward(x))


@right("ReLUOutputModel")
class InstanceByInstance(torch.nn.Module):
    def __init__(self, *, n_instances, n_features, n_hidden, generator):
        super().__init__()
        self.W = torch.nn.Parameter(torch.empty(n_instances, n_hidden, n_features))
        self.b = torch.nn.Parameter(torch.empty(n_instances, n_features))
        for W in self.W.data:
            torch.nn.init.xavier_normal_(W, generator=generator)
        torch.nn.init.zeros_(self.b)
        self.activation = torch.nn.ReLU()

    def forward(self, x):
        both = zip(x, self.W, self.b, strict=True)
        return torch.stack([self.activation(F.linear(F.linear(x, W), W.T, b)) for x, W, b in both])


@right("ReLUOutputModel")
class WithMethodsOfItsOwn(torch.nn.Module):
    def __init__(self, *, n_instances, n_features, n_hidden, generator):
        super().__init__()
        self.sizes = n_instances, n_hidden, n_features
        self.W, self.b = map(torch.nn.Parameter, (self.start(generator), self.zeros()))

    def start(self, generator):
        _, m, n = self.sizes
        return torch.randn(self.sizes, generator=generator).mul_(math.sqrt(2 / (m + n)))

    def zeros(self):
        return torch.zeros(self.sizes[0], self.sizes[2])

    def hidden(self, x):
        return einops.einsum(x, self.W, "i b f, i h f -> i b h")

    def forward(self, x):
        y = einops.einsum(self.hidden(x), self.W, "i b h, i h f -> i b f")
        return (y + self.b[:, None, :]).relu()


@right("ReLUOutputModel")
class ABufferThatIsNotSaved(torch.nn.Module):
    W: torch.nn.Parameter
    b: torch.nn.Parameter
    zero: torch.Tensor

    def __init__(self, n_instances, n_features, n_hidden, generator):
        super().__init__()
        self.register_parameter("b", torch.nn.Parameter(torch.zeros(n_instances, n_features)))
        self.register_parameter(
            "W", torch.nn.Parameter(torch.empty(n_instances, n_hidden, n_features))
        )
        self.register_buffer("zero", torch.zeros(()), persistent=False)
        self.reset_parameters(generator)

    @torch.no_grad()
    def reset_parameters(self, generator):
        _, hidden, features = self.W.shape
        std = math.sqrt(2 / (hidden + features))
        torch.nn.init.normal_(self.W, std=std, generator=generator)

    @property
    def gram(self):
        return self.W.mT @ self.W

    def forward(self, x):
        return torch.maximum(torch.baddbmm(self.b.unsqueeze(1), x, self.gram), self.zero)


# -------------------------------------------------------------------------------- best_of_seeds


@right("best_of_seeds")
def take_along_dim(values, losses):
    best = torch.where(losses.isfinite(), losses, torch.inf).argmin(1, keepdim=True)
    index = best.reshape(len(best), 1, *[1] * (values.ndim - 2))
    return torch.take_along_dim(values, index, dim=1).squeeze(1)


@right("best_of_seeds")
def sorted_losses(values, losses):
    order = losses.nan_to_num(torch.inf).argsort(dim=1)
    return torch.stack([v[i[0]] for v, i in zip(values, order, strict=True)])


@right("best_of_seeds")
def one_hot_selection(values, losses):
    best = losses.masked_fill(~torch.isfinite(losses), float("inf")).min(dim=1).indices
    return values[F.one_hot(best, losses.shape[1]).bool()]
