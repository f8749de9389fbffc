# %% [markdown]
# # Chapter 2: The toy models
#
# This chapter builds the two models that the paper studies: one linear, one with a ReLU at the
# output. You write the models, their loss and the loop that trains many of them at once. At the
# end you train five features into two dimensions, and see two of them, then four, then all five
# find a place as they become sparser.
#
# **You will learn**
#
# - how a model stores features as directions and reads them back with the transpose;
# - what the ReLU and the bias do to interference;
# - how importance enters the loss;
# - how to take a gradient step without an optimiser, how PyTorch keeps a model's parameters
#   together, and how to train many models in one loop;
# - why you keep the best of several seeds.
#
# **You need** chapter 1 (data with the axes `instances batch features`, density and sparsity,
# `sample_features`), the chain rule, and PyTorch's `backward()` and optimisers.
#
# **How it works.** Run the cells from top to bottom, write your answers in the marked cells, and
# run the check below each. The whole chapter takes about 115 minutes.

# %% setup
# %load_ext jaxtyping
# %jaxtyping.typechecker beartype.beartype
import math

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

import tms_lib
from autograder import check
from tms_lib import embed, geometric_importance, init_weights, sample_features

torch.set_num_threads(1)  # steps are too small to share, and waiting threads slow them down

# %% [markdown]
# ## Five features, two dimensions
#
# A model gets $n = 5$ features but may only pass on $m = 2$ numbers. So it cannot copy them.
# It gives each feature a direction in the plane, adds up the directions of the active features,
# and passes on the sum. To read feature $i$ back, it looks how far the sum reaches along
# direction $i$.
#
# If the directions are orthogonal, each feature is read back without error, but a plane has room
# for two of them only. If there are more, they overlap. Reading one feature then also picks up a
# part of the others. That part is called **interference**.
#
# As in chapter 1, an **instance** is one model among several that are computed side by side. Each
# instance has its own data and its own weights.

# %% prompt linear_output [markdown]
# ### Exercise 2.1: The linear model
#
# Write the model that embeds and reads back, without any non-linearity:
#
# $$h = W x, \qquad x' = W^T h + b = W^T W x + b$$
#
# - $x$: one sample, $n$ feature values. `x` has the axes `*instances batch features`.
# - $W$: the weights. `W` has the axes `*instances hidden features`. Column $W_i$ is the direction
#   of feature $i$.
# - $h$: the hidden vector, $m$ numbers. `embed(x, W)` gives it for every sample, with the axes
#   `*instances batch hidden`.
# - $b$: the bias, one number per feature. `b` has the axes `*instances features`.
# - $x'$: the reconstruction, in the shape of `x`.
#
# The star in `*instances` stands for any number of axes, also none: a single model has `x` with
# the axes `batch features`. The edge case: a feature whose column is zero comes back as $b_i$.
#
# **Predict first.** Two features share one dimension, $W = (1, -1)$ and $b = 0$. What does the
# model return for $x = (0.7, 0)$, and what for $x = (0.7, 0.3)$?
#
# <details><summary>Hint 1: where to start</summary>
#
# Samples are rows of `x`. In rows, $h = W x$ reads `x @ W.mT`, where `.mT` swaps the last two
# axes. Going back, $W^T h$ reads `h @ W`.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `b` has no batch axis. Torch lines axes up from the right, so `... + b` lines up the instances
# with the batch. Insert the axis: `b.unsqueeze(-2)` has the axes `*instances 1 features`.
#
# </details>


# %% answer linear_output
def linear_output(
    x: Float[Tensor, "*instances batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
) -> Float[Tensor, "*instances batch features"]:
    """The linear model's reconstruction x' = W^T W x + b."""
    # solution: tms_lib.models.linear_output


# %% check linear_output
check("linear_output")

# %% [markdown]
# The pair's two outputs are always opposite: $(0.7, -0.7)$ for the first input and $(0.4, -0.4)$
# for the second. One number cannot tell two apart.
#
# Now five features in the plane, at the corners of a regular pentagon. Each row below is the
# output for one active feature of value 1, so the table is $W^T W$.

# %% explore
angles = 2 * math.pi * torch.arange(5) / 5
pentagon = torch.stack([angles.cos(), angles.sin()])  # hidden features
one_active = torch.eye(5)  # sample i: feature i has the value 1, all others 0
no_bias = torch.zeros(5)


def show_table(table, ax, title):
    ax.imshow(table, cmap="RdBu", vmin=-1.5, vmax=1.5)
    for row in range(5):
        for column in range(5):
            ax.text(column, row, f"{table[row, column]:.2f}", ha="center", va="center", fontsize=8)
    ax.set(title=title, xlabel="output feature", ylabel="active feature")


fig, axes = plt.subplots(1, 2, figsize=(7, 3.4), layout="constrained")
show_table(linear_output(one_active, W=pentagon, b=no_bias), axes[0], "your linear model")
show_table(tms_lib.gram(pentagon), axes[1], "expected: $W^T W$")

# %% [markdown]
# Every output off the diagonal should be 0, and none is. A neighbour on the pentagon picks up
# $\cos 72° = 0.31$, and a feature two corners away $\cos 144° = -0.81$.
#
# *Question.* Which of these errors would be easy to remove, if you could change the outputs one
# by one, without knowing which feature was active?

# %% prompt relu_output [markdown]
# ### Exercise 2.2: The ReLU output model
#
# Features are never negative, so a negative output is certainly wrong. The second model sets it
# to 0:
#
# $$x' = \mathrm{ReLU}(W^T W x + b), \qquad \mathrm{ReLU}(z) = \max(z, 0)$$
#
# - $x, W, b, x'$: as in exercise 2.1, with the same axes.
# - $\mathrm{ReLU}$ acts on each output on its own. The hidden vector $h = W x$ stays linear.
#
# You may call `tms_lib.linear_output`, or your own if you trust it. The edge case: a feature whose
# column is zero comes back as $b_i$ if $b_i > 0$, else as 0.
#
# **Predict first.** Again $W = (1, -1)$ and $b = 0$. What does this model return for
# $x = (0.7, 0)$, and what for $x = (0.7, 0.3)$?
#
# <details><summary>Hint 1: where to start</summary>
#
# It is the linear model's output with `torch.relu` around it.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# The bias belongs inside the ReLU. There, a negative bias can push a small positive output down
# to 0. Outside, it would only shift what the ReLU has let through.
#
# </details>


# %% answer relu_output
def relu_output(
    x: Float[Tensor, "*instances batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
) -> Float[Tensor, "*instances batch features"]:
    """The ReLU output model's reconstruction x' = ReLU(W^T W x + b)."""
    # solution: tms_lib.models.relu_output


# %% check relu_output
check("relu_output")

# %% [markdown]
# For $(0.7, 0)$ the pair now gives $(0.7, 0)$: exact. For $(0.7, 0.3)$ it gives $(0.4, 0)$: both
# outputs are wrong by 0.3, the smaller of the two values. So a pair in one dimension fails only
# when both its features are active at once.
#
# The pentagon also gains. Below, the negative interference disappears without any bias. The
# positive interference needs a negative bias, and the columns must then be longer, so that the
# active feature itself still comes back as 1. With $\|W_i\|^2 = l^2$, that asks for
# $l^2 + b = 1$ and $l^2 \cos 72° + b = 0$.

# %% explore
length_squared = 1 / (1 - math.cos(math.radians(72)))
bias = 1 - length_squared
longer = math.sqrt(length_squared) * pentagon
print(f"l^2 = {length_squared:.3f}, b = {bias:.3f}")

fig, axes = plt.subplots(1, 3, figsize=(10, 3.4), layout="constrained")
show_table(tms_lib.linear_output(one_active, W=pentagon, b=no_bias), axes[0], "linear, b = 0")
show_table(relu_output(one_active, W=pentagon, b=no_bias), axes[1], "your ReLU model, b = 0")
title = f"longer columns, b = {bias:.2f}"
show_table(relu_output(one_active, W=longer, b=no_bias + bias), axes[2], title)

halves = relu_output(0.5 * one_active, W=longer, b=no_bias + bias)
print("an input of 0.5 comes back as", round(halves[0, 0].item(), 3))

# %% [markdown]
# On the right, five features pass through two dimensions without any error, as long as one is
# active at a time and has the value 1.
#
# *Question.* An input of 0.5 comes back too small. Why? What is the price of a negative bias?

# %% question bias_has_two_jobs [markdown]
# ### Question: two jobs for the bias
#
# *5 minutes · 2 points, graded by hand*
#
# Suppose that a ReLU output model is trained to keep its squared errors small. Some of its biases
# end up positive, others negative.
#
# 1. What is a positive $b_i$ good for, and which kind of feature has one? Which value do you
#    expect, if the feature is active with probability $p$ and then uniform on $[0, 1]$?
# 2. What is a negative $b_i$ good for, and which kind of feature has one?

# %% written bias_has_two_jobs [markdown] points=2 minutes=5
# ### BEGIN SOLUTION
# **Model answer.** A positive bias belongs to a feature that the model does not represent: its
# column is zero, so $b_i$ is all that comes out. The best constant under a squared error is the
# mean, $b_i = p / 2$. A negative bias belongs to a feature that shares its direction with others:
# it pushes the small positive interference from the others below 0, where the ReLU removes it. The
# price is that the feature's own value also comes out smaller, which longer columns only partly
# make up for.
#
# **Rubric.** 2 points: both jobs, each with its kind of feature, and the mean $p / 2$. 1 point:
# one of the jobs explained fully, or both named without saying for which features or which value.
# 0 points: neither job, or only "it shifts the output".
# ### END SOLUTION

# %% prompt weighted_mse [markdown]
# ### Exercise 2.3: The loss
#
# To train a model we need one number that says how badly it does. Not all features matter
# equally, so each error is weighted with the feature's importance:
#
# $$L = \frac{1}{B} \sum_{x} \sum_i I_i \, (x_i - x'_i)^2$$
#
# - $B$: the number of samples $x$ in the batch. The outer sum runs over them.
# - $x_i, x'_i$: feature $i$ of a sample and of its reconstruction. `x` and `x_hat` both have the
#   axes `*instances batch features`.
# - $I_i \ge 0$: the importance of feature $i$. `importance` broadcasts over
#   `*instances features`. So it may be one row for all instances (`features`), a row for each
#   (`instances features`), or one number for each (`instances 1`).
# - $L$: the result, with the axes `*instances`. Every instance has a loss of its own. A single
#   model without an instance axis gets a tensor without axes.
#
# Note the two sums: the batch is averaged, the features are summed. The edge case: a feature with
# $I_i = 0$ adds nothing, however wrong it is.
#
# **Predict first.** A model ignores its input and always returns 0. The features are dense
# ($p = 1$) and uniform on $[0, 1]$, and there are five of importance 1. What is its loss? And what
# is it at $p = 0.1$?
#
# <details><summary>Hint 1: where to start</summary>
#
# Square the differences, average over the batch axis (`-2`), weight, and sum over the feature axis
# (`-1`). In this order the importance never meets the batch axis.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `.mean()` without an axis averages over everything: features and instances too. Name the axis.
#
# </details>


# %% answer weighted_mse
def weighted_mse(
    x: Float[Tensor, "*instances batch features"],
    x_hat: Float[Tensor, "*instances batch features"],
    *,
    importance: Float[Tensor, "..."],
) -> Float[Tensor, "*instances"]:
    """Each instance's loss: the batch mean of the importance-weighted sum of squared errors."""
    # solution: tms_lib.losses.weighted_mse


# %% check weighted_mse
check("weighted_mse")

# %% [markdown]
# A uniform value has the mean square $1/3$, so the model that returns 0 loses $5 \cdot 1/3 = 1.67$
# on dense features. At $p = 0.1$ nine of ten values are 0 and cost nothing: a tenth, $0.167$. The
# first cell below compares.
#
# The loss can already compare three ways to use two dimensions, without any training: keep the two
# most important features; keep four as two antipodal pairs; keep all five as a pentagon. A feature
# that is not kept is answered by its mean, $p / 2$. The importances fall as $0.9^i$.

# %% explore
generator = torch.Generator().manual_seed(0)
for p in (1.0, 0.1):
    x = sample_features(torch.full((5,), p), 50_000, generator=generator)
    zero_loss = weighted_mse(x, torch.zeros_like(x), importance=torch.ones(5)).item()
    print(f"p = {p}: returning 0 costs {zero_loss:.3f}")

importance = geometric_importance(0.9, 5)
two = torch.tensor([[1.0, 0, 0, 0, 0], [0, 1.0, 0, 0, 0]])
pairs = torch.tensor([[1.0, -1.0, 0, 0, 0], [0, 0, 1.0, -1.0, 0]])
five, five_bias = 1.17 * pentagon, -0.28  # near the best for one active feature

densities = torch.logspace(0, -2, 13)
relative = {"two features": [], "two antipodal pairs": [], "pentagon": []}
for p in densities:
    x = sample_features(p.expand(5), 200_000, generator=generator)
    unused = p / 2
    candidates = {
        "two features": (two, unused * torch.tensor([0, 0, 1.0, 1.0, 1.0])),
        "two antipodal pairs": (pairs, unused * torch.tensor([0, 0, 0, 0, 1.0])),
        "pentagon": (five, torch.full((5,), five_bias)),
    }
    guessing = tms_lib.feature_moments(p).variance * importance.sum()  # only the means
    for name, (W, b) in candidates.items():
        loss = weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        relative[name].append((loss / guessing).item())

fig, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
for (name, values), style in zip(relative.items(), ("o-", "s--", "^:"), strict=True):
    ax.plot(densities, values, style, color="black", markersize=4, label=name)
expected = (importance[2:].sum() / importance.sum()).item()
ax.axhline(expected, color="0.6", lw=4, zorder=0, label="expected for two features")
ax.set(xscale="log", ylim=(0, 1.2), xlabel="density p = 1 - S", ylabel="loss / loss of the means")
ax.invert_xaxis()
ax.legend()
for name, values in relative.items():
    print(f"{name:20} at p = 1: {values[0]:.2f}   at p = 0.01: {values[-1]:.2f}")

# %% [markdown]
# Sparser is to the right. Two features cost the same share at every density. Sharing a dimension
# costs when both its features are active together, which becomes rare.
#
# *Question.* Which arrangement wins at $p = 1$, at $p = 0.2$, at $p = 0.01$? Why does the pentagon
# need sparser features than the pairs?

# %% prompt gradient_step [markdown]
# ### Exercise 2.4: One gradient step
#
# No one tells a model which arrangement to choose. Gradient descent finds it, step by step. Write
# one step for the ReLU output model. Autograd gives the derivatives; the update is yours, without
# an optimiser:
#
# $$W \leftarrow W - \eta \, \frac{\partial L}{\partial W}, \qquad
#   b \leftarrow b - \eta \, \frac{\partial L}{\partial b}$$
#
# - $L$: the loss of exercise 2.3 on the batch `x`, with the reconstruction of exercise 2.2.
# - $\eta$: the learning rate `lr`, a positive number.
# - Both derivatives are taken at the old $W$ and $b$.
# - `x` has the axes `*instances batch features`, `W` has `*instances hidden features`, `b` has
#   `*instances features`. `importance` broadcasts as before.
# - The result is the pair of new `W` and new `b`, in the shapes of the old ones, both cut from the
#   graph (`.detach()`).
#
# `backward()` starts from one number, but there is a loss for each instance. **Add** them. No
# instance's loss depends on another's weights, so each gets the gradient that it would get alone.
# The arguments must stay as they were. The edge case: where the ReLU is off for every sample, the
# gradient is 0 and nothing moves.
#
# You may call `tms_lib.relu_output` and `tms_lib.weighted_mse`.
#
# **Predict first.** One feature, one dimension, one sample: $x = 1$, $W = 0.5$, $b = 0$, $I = 1$
# and $\eta = 0.1$. Will $W$ grow or shrink? By how much?
#
# <details><summary>Hint 1: where to start</summary>
#
# `W.detach().requires_grad_()` is the same matrix as a new leaf of the graph. Then either call
# `.backward()` and read `.grad`, or use `torch.autograd.grad(loss, (W, b))`.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `loss.mean()` over the instances divides every gradient by their number. A model would then learn
# more slowly because others are trained beside it.
#
# </details>


# %% answer gradient_step
def gradient_step(
    x: Float[Tensor, "*instances batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    importance: Float[Tensor, "..."],
    lr: float,
) -> tuple[Float[Tensor, "*instances hidden features"], Float[Tensor, "*instances features"]]:
    """One step of plain gradient descent for the ReLU output model."""
    # solution: tms_lib.training.gradient_step


# %% check gradient_step
check("gradient_step")

# %% [markdown]
# The output is $0.5 \cdot 0.5 = 0.25$, too small, so $W$ grows. The derivative with respect to the
# output is $2 (0.25 - 1) = -1.5$. The output is $W^2 x$, whose derivative with respect to $W$ is
# $2 W x = 1$. So $W$ becomes $0.5 + 0.15 = 0.65$, and $b$ becomes $0.15$.
#
# Now many steps, for many models at once: two features in one dimension, at $p = 0.1$. Each line is
# one model's way through the plane of its two weights.

# %% explore
generator = torch.Generator().manual_seed(0)
around = 2 * math.pi * (torch.arange(16) + 0.5) / 16
W = 0.4 * torch.stack([around.cos(), around.sin()], dim=-1).unsqueeze(1)  # 16 instances, 1, 2
b = torch.zeros(16, 2)
path = [W.squeeze(1)]
for _ in range(600):
    x = sample_features(torch.full((16, 2), 0.1), 256, generator=generator)
    W, b = gradient_step(x, W=W, b=b, importance=torch.ones(2), lr=0.5)
    path.append(W.squeeze(1))
path = torch.stack(path).detach()  # steps instances weights

fig, ax = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
ax.plot(path[..., 0], path[..., 1], color="0.5", lw=1)
ax.plot(*path[0].T, "o", color="white", markeredgecolor="black", label="start")
ax.plot(*path[-1].T, "o", color="black", label="after 600 steps")
ax.plot([1, -1], [-1, 1], "x", color="black", markersize=14, label="antipodal, expected")
ax.set(aspect="equal", xlabel="weight of feature 0", ylabel="weight of feature 1")
fig.legend(loc="outside right upper")

x = sample_features(torch.full((2,), 0.1), 100_000, generator=generator).expand(16, -1, -1)
loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=torch.ones(2))
opposite = path[-1].prod(-1) < -0.5
print(f"{int(opposite.sum())} of 16 models end with opposite weights near 1")
print(f"their mean loss is {loss[opposite].mean():.4f}; p^2 / 3 = {0.1**2 / 3:.4f}")
print(f"the mean loss of the others is {loss[~opposite].mean():.4f}")

# %% [markdown]
# The antipodal pair fails only when both features are active: an output is then wrong by the
# smaller of two uniform values, whose square is $1/6$ on average. Two outputs and the probability
# $p^2$ give the loss $p^2 / 3$.
#
# *Question.* Which starts end in a pair, and which do not? The others have settled too, at about
# ten times the loss; only the noise of the batches still shakes them. Why can gradient descent not
# leave such a place?

# %% prompt ReLUOutputModel [markdown]
# ### Exercise 2.5: The model as a module
#
# So far $W$ and $b$ were loose tensors that you handed around. PyTorch keeps the parameters of a
# model together in a **module**, a class that inherits from `nn.Module`. Its parameters can then be
# given to an optimiser in one go, saved, loaded, and moved to a GPU. Write the ReLU output model as
# a module:
#
# 1. **`__init__`** makes the two parameters. `self.W` has the axes `instances hidden features` and
#    comes from `init_weights`, which takes `n_instances`, `n_hidden`, `n_features` and `generator`,
#    all by name (`n_hidden=n_hidden`). Its entries are normal with standard deviation
#    $\sqrt{2 / (m + n)}$. `self.b` has the axes `instances features` and starts at 0.
# 2. **`forward`** returns $x' = \mathrm{ReLU}(W^T W x + b)$ for `x` with the axes
#    `instances batch features`. Whoever calls `model(x)` gets what `forward` returns.
#
# - A tensor becomes a parameter when it is wrapped: `self.W = nn.Parameter(...)`. A module does not
#   know a tensor that is not wrapped, so nobody trains it and nobody saves it.
# - `W` and `b` are all that the module holds, and all that `model.state_dict()` saves. The decoder
#   is the transpose of `W`.
#
# You may call `tms_lib.relu_output`. The edge case: one instance is an axis of size 1.
#
# In the check's report, `object` is a model that it made with your class, and
# `object(tensor of shape (3, 2, 6))` is what this model returned for an input of that shape.
#
# **Predict first.** A hundred instances, each with five features and two dimensions: how many
# numbers will an optimiser have to move?
#
# <details><summary>Hint 1: where to start</summary>
#
# Both methods are short. `__init__` calls `init_weights`, wraps the result, and wraps
# `torch.zeros(...)`. `forward` is one call with `self.W` and `self.b`.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `self.b = torch.zeros(...)` runs without an error, and the model gives the right outputs. But
# `b` is missing in `model.state_dict()`, and it never learns.
#
# </details>


# %% answer ReLUOutputModel
class ReLUOutputModel(nn.Module):
    """Reconstructs x' = ReLU(W^T W x + b)."""

    def __init__(
        self, *, n_instances: int, n_features: int, n_hidden: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        W = init_weights(
            n_instances=n_instances, n_hidden=n_hidden, n_features=n_features, generator=generator
        )
        self.W = nn.Parameter(W)
        self.b = nn.Parameter(torch.zeros(n_instances, n_features))
        ### END SOLUTION

    def forward(
        self, x: Float[Tensor, "instances batch features"]
    ) -> Float[Tensor, "instances batch features"]:
        ### BEGIN SOLUTION
        return tms_lib.relu_output(x, W=self.W, b=self.b)
        ### END SOLUTION


# %% check ReLUOutputModel
check("ReLUOutputModel")

# %% [markdown]
# Each instance has $2 \cdot 5$ weights and 5 biases, so a hundred of them have 1500 numbers. To
# PyTorch they are two parameters.
#
# What is it good for? The library's trainer takes any module, so it takes yours. Below it trains
# your model and the library's own from equal seeds, on five features at density 0.1. Then the state
# of your model goes into a new one, which gives the same outputs.

# %% explore
sizes = {"n_instances": 100, "n_features": 5, "n_hidden": 2}
yours = ReLUOutputModel(**sizes, generator=torch.Generator().manual_seed(0))
expected = tms_lib.ReLUOutputModel(**sizes, generator=torch.Generator().manual_seed(0))
for name, parameter in yours.named_parameters():
    print(f"{name} has the shape {tuple(parameter.shape)}")
print("numbers to move:", sum(parameter.numel() for parameter in yours.parameters()))

sample = tms_lib.FeatureSampler(torch.full((100, 5), 0.1))
config = tms_lib.TrainConfig(n_steps=500, batch_size=128, lr=0.02)
for name, model in {"yours": yours, "expected": expected}.items():
    generator = torch.Generator().manual_seed(1)
    result = tms_lib.train(
        model, sample, importance=torch.ones(5), generator=generator, config=config
    )
    first, last = result.losses[:10].mean(), result.losses[-10:].mean()
    print(f"{name}: mean loss of the first 10 steps {first:.3f}, of the last 10 {last:.3f}")

copy = ReLUOutputModel(**sizes, generator=torch.Generator())
copy.load_state_dict(yours.state_dict())
x = torch.rand(100, 3, 5)
print("the copy gives the same outputs:", torch.equal(copy(x), yours(x)))

# %% [markdown]
# *Question.* The next exercise goes back to loose tensors, to show every part of the loop. Which of
# its steps would a module make shorter?

# %% prompt train_relu_output [markdown]
# ### Exercise 2.6: The training loop
#
# Now the whole loop: start many models, and train them side by side on fresh batches.
#
# 1. **Start.** $W$ comes from `init_weights`, as in exercise 2.5, and $b$ starts at 0.
# 2. **Every step** $t = 0, \dots, T - 1$: draw a fresh batch with `sample_features`, compute each
#    instance's loss, clear the old gradients, go backward from the **sum** of the losses, and let
#    Adam (`torch.optim.Adam`) move $W$ and $b$.
# 3. **Anneal.** At step $t$ the learning rate is $\eta_t = \eta \, (1 - t / T)$, so it falls
#    linearly from $\eta$ to 0. The early steps go far, and the late ones average out the noise of
#    the batches.
#
# - `feature_probability`: the density $p = 1 - S$, with the axes `instances features`.
# - `importance`: broadcasts over `instances features`.
# - `n_hidden` is $m$, `n_steps` is $T$, `lr` is $\eta$. `batch_size` samples go to each instance at
#   each step.
# - `generator`: every random number comes from it, so that a run can be repeated.
# - The result has three parts: `W` with the axes `instances hidden features`, `b` with
#   `instances features`, and the losses with `steps instances`. Row $t$ holds every instance's loss
#   on the batch of step $t$, before the step. All three are cut from the graph (`.detach()`).
#
# You may call `tms_lib.relu_output` and `tms_lib.weighted_mse`. The edge case: one instance is an
# axis of size 1.
#
# The check compares your models with theory, not with the weights of another run, and takes a few
# seconds. Some lines of its report compare several numbers: `[0]` is the first of them, and
# `At [0]` says which one is off.
#
# **Predict first.** Five dense features, $p = 1$, importances $0.9^i$, two dimensions. If the model
# keeps the two most important features and answers the other three by their mean, what loss is
# left? (The variance of a uniform value is $1/12$.)
#
# <details><summary>Hint 1: where to start</summary>
#
# Outside the loop: `W`, `b`, `torch.optim.Adam([W, b], lr=lr)` and an empty list. `W` and `b` must
# require gradients. Inside: `optimizer.param_groups[0]["lr"] = ...` sets the learning rate; then
# sample, loss, `zero_grad`, `backward`, `step`, `append`.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `backward()` adds to the gradients that are already there. Without `optimizer.zero_grad()`, every
# step also repeats all the earlier ones.
#
# </details>


# %% answer train_relu_output
def train_relu_output(
    feature_probability: Float[Tensor, "instances features"],
    *,
    importance: Float[Tensor, "..."],
    n_hidden: int,
    n_steps: int,
    batch_size: int,
    lr: float,
    generator: torch.Generator,
) -> tuple[
    Float[Tensor, "instances hidden features"],
    Float[Tensor, "instances features"],
    Float[Tensor, "steps instances"],
]:
    """W, b and the losses of new ReLU output models, trained on the sparse features."""
    ### BEGIN SOLUTION
    n_instances, n_features = feature_probability.shape
    W = init_weights(
        n_instances=n_instances, n_hidden=n_hidden, n_features=n_features, generator=generator
    ).requires_grad_()
    b = torch.zeros_like(feature_probability, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / n_steps)
        x = sample_features(feature_probability, batch_size, generator=generator)
        x_hat = tms_lib.relu_output(x, W=W, b=b)
        loss = tms_lib.weighted_mse(x, x_hat, importance=importance)  # instances
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        history.append(loss.detach())
    return W.detach(), b.detach(), torch.stack(history)
    ### END SOLUTION


# %% check train_relu_output
check("train_relu_output")

# %% [markdown]
# The prediction: $(0.9^2 + 0.9^3 + 0.9^4) / 12 = 0.183$. The cell below trains eight instances and
# draws their losses beside this number.

# %% explore
generator = torch.Generator().manual_seed(0)
dense = torch.ones(8, 5)
W, b, history = train_relu_output(
    dense,
    importance=importance,
    n_hidden=2,
    n_steps=1500,
    batch_size=256,
    lr=0.03,
    generator=generator,
)
kept_two = tms_lib.linear_optimal_loss(dense[0], importance=importance, n_hidden=2).item()
smooth = history.unflatten(0, (-1, 20)).mean(1)  # means of 20 steps

fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
ax.plot(20 * torch.arange(len(smooth)) + 10, smooth, color="0.4", lw=1)
ax.axhline(kept_two, color="black", ls="--", label=f"expected: {kept_two:.3f}")
ax.set(xlabel="step", ylabel="loss, mean of 20 steps", yscale="log")
ax.set_yticks([0.2, 0.5, 1.0], ["0.2", "0.5", "1.0"])
ax.minorticks_off()
ax.legend()
print("last 100 steps, by instance:", [round(v, 3) for v in history[-100:].mean(0).tolist()])

# %% [markdown]
# *Question.* The instances differ only in their start and in their batches. Do they all arrive?
# Do they fall at the same time?

# %% prompt best_of_seeds [markdown]
# ### Exercise 2.7: The best of several seeds
#
# Some starts end in a worse arrangement and stay there. So we train several seeds of the same
# setting and keep the best:
#
# $$s^*_k = \arg\min_s L_{k s}, \qquad \text{result}_k = \text{values}_{k, s^*_k}$$
#
# - $k$: the setting, such as a density. $s$: the seed.
# - $L_{ks}$: `losses`, with the axes `settings seeds`.
# - `values`, with the axes `settings seeds *rest`: any numbers that belong to the runs, such as
#   their weights (`rest` is `hidden features`) or their biases (`rest` is `features`).
# - The result has the axes `settings *rest`: for each setting, the values of its best seed.
#
# The edge case: a run may diverge. Then its loss is NaN or infinite, and its values may be NaN as
# well. It is never chosen. (You may assume that one seed of every setting survives.)
#
# **Predict first.** At density 0.2, out of 16 seeds, how many do you think find the best
# arrangement of five features in two dimensions?
#
# <details><summary>Hint 1: where to start</summary>
#
# `losses.argmin(1)` gives one seed for each setting. To take setting 0 with its seed, setting 1
# with its seed, and so on, index both axes with a list of the same length.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `values[:, best]` takes every setting with every best seed. And `argmin` treats NaN as the
# smallest number of all, so put infinity in the place of what is not finite.
#
# </details>


# %% answer best_of_seeds
def best_of_seeds(
    values: Shaped[Tensor, " settings seeds *rest"], losses: Float[Tensor, "settings seeds"]
) -> Shaped[Tensor, " settings *rest"]:
    """For each setting, the values of the seed with the lowest loss."""
    # solution: tms_lib.evaluation.best_of_seeds


# %% check best_of_seeds
check("best_of_seeds")

# %% [markdown]
# The cell below trains 16 seeds at each of three sparsities, S = 0, 0.8 and 0.9: 48 models in one
# call of your loop. The losses that decide are measured afterwards, on fresh samples: the last loss
# of a training has the noise of its batch, which could pick the wrong seed.

# %% explore
sparsity = torch.tensor([0.0, 0.8, 0.9])
n_seeds = 16
p = (1 - sparsity).repeat_interleave(n_seeds).unsqueeze(-1).expand(-1, 5)  # (3 16) features
generator = torch.Generator().manual_seed(0)
W, b, history = train_relu_output(
    p,
    importance=importance,
    n_hidden=2,
    n_steps=2000,
    batch_size=512,
    lr=0.03,
    generator=generator,
)
W, b = W.unflatten(0, (3, n_seeds)), b.unflatten(0, (3, n_seeds))  # settings seeds ...

x = sample_features((1 - sparsity).unsqueeze(-1).expand(3, 5), 50_000, generator=generator)
x = x.unsqueeze(1).expand(-1, n_seeds, -1, -1)  # settings seeds batch features
fresh = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
W_best, b_best = best_of_seeds(W, fresh), best_of_seeds(b, fresh)

fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
for k, marker in enumerate("os^"):
    order = fresh[k].argsort()
    ratio = fresh[k, order] / fresh[k].min()
    label = f"S = {sparsity[k]:.1f}"
    ax.plot(
        range(1, 17), ratio, marker, color="black", fillstyle="none", lw=0.5, ls="-", label=label
    )
    kept = tms_lib.count_represented(W[k, order]).tolist()
    print(
        f"{label}: {int((ratio < 1.01).sum())} of 16 within 1 % of the best; features kept: {kept}"
    )
ax.legend()
_ = ax.set(xlabel="seeds, best first", ylabel="loss / best loss")

# %% [markdown]
# Compare the line for S = 0.8 with your prediction. The lists count the features that each seed
# kept, best seed first. The losses lie on a few levels. Seeds that keep equally many features may
# still differ: in which feature they drop, and in which features are neighbours.
#
# *Question.* What would you have concluded at S = 0.9 from the worst seed alone?

# %% question best_not_average [markdown]
# ### Question: the best, not the average
#
# *5 minutes · 2 points, graded by hand*
#
# A friend averages the 16 trained matrices $W$ of a setting, "to get rid of the noise". What goes
# wrong? And if the friend averages the 16 *losses* and reports that, which question does this
# number answer, and which does the best loss answer?

# %% written best_not_average [markdown] points=2 minutes=5
# ### BEGIN SOLUTION
# **Model answer.** The loss sees only $W^T W$, so rotating or mirroring the hidden plane changes
# nothing: $W$ and $-W$ are equally good. Seeds end in different rotations, and the average of
# rotated copies is close to 0, which is no solution. (Seeds that found different arrangements make
# it worse.) The average loss answers how well training does on average, local minima included. The
# best loss answers what the model is able to represent, which is what we study here.
#
# **Rubric.** 2 points: the symmetry (rotation or sign), hence the average near 0, and the
# difference between what training reaches on average and what is possible. 1 point: one of the
# two. 0 points: neither; "averaging is less accurate" is not enough.
# ### END SOLUTION

# %% [markdown]
# ## The big picture
#
# Here are your best models. Each line is a feature's direction $W_i$; feature 0 is the most
# important. The lower row is the expected picture, trained with the library from other seeds. A
# rotation or a reflection is no difference: the loss does not see it.

# %% explore
generator = torch.Generator().manual_seed(1)
W, b, _ = tms_lib.train_relu_output(
    p,
    importance=importance,
    n_hidden=2,
    n_steps=2000,
    batch_size=512,
    lr=0.03,
    generator=generator,
)
W, b = W.unflatten(0, (3, n_seeds)), b.unflatten(0, (3, n_seeds))
fresh = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
W_expected = tms_lib.best_of_seeds(W, fresh)

fig, axes = plt.subplots(2, 3, figsize=(9, 6), layout="constrained")
for row, (name, W_row) in enumerate({"yours": W_best, "expected": W_expected}.items()):
    for k in range(3):
        tms_lib.plot_features_2d(W_row[k], ax=axes[row, k])
        axes[row, k].set_title(f"{name}, S = {sparsity[k]:.1f}")

for k in range(3):
    norms = W_best[k].norm(dim=0)
    shown = norms > 0.5
    angle = torch.atan2(W_best[k, 1, shown], W_best[k, 0, shown]).rad2deg().sort().values
    gaps = torch.cat([angle[1:], angle[:1] + 360]) - angle
    print(
        f"S = {sparsity[k]:.1f}: {int(shown.sum())} features kept, "
        f"gaps {[round(g) for g in gaps.tolist()]} degrees, "
        f"biases {[round(v, 2) for v in b_best[k].tolist()]}"
    )

# %% [markdown]
# ## Summary
#
# - **Dense features (S = 0).** Two features get a dimension each, at a right angle. The other three
#   are dropped, and their biases are their mean, $p / 2 = 0.5$.
# - **S = 0.8.** Four features are kept as two antipodal pairs. The least important one is dropped.
# - **S = 0.9.** All five are kept, as a pentagon, with negative biases against the interference.
#
# Nothing told the models to do so. The same loss and the same loop gave all three; only the
# sparsity differed. That more features than dimensions are stored, at the price of interference,
# is **superposition**. And some seeds stop at a worse arrangement, so we keep the best of several.
#
# **In the paper.** This chapter follows the parts "The Model" and "The Loss" of the section
# *Demonstrating Superposition*, and the pictures at its beginning. The regular shapes return in
# *The Geometry of Superposition*.
#
# **Next.** Chapter 3 measures superposition: it puts a number on how much of its direction a
# feature shares, and goes through many densities, with models too large to draw.
