# %% [markdown]
# # Chapter 9: Learning dynamics
#
# So far you looked at models that were done with learning. How did they get there? A loss curve
# looks smooth, and hides what the features do: they wait, and then they change places. In this
# chapter you record models while they train, find the changes, and ask what the loss has to do with
# them. At the end you watch six features unfold into an octahedron, one move after another.
#
# **You will**
#
# - record the weights of a model over its training, and predict the record by a formula;
# - smooth a loss without bending it, and find changes of level in noisy records;
# - ask how much of the loss falls while features change;
# - follow shapes through training: which features became antipodes, when, and from which form.
#
# **You need** chapter 4 (the linear model's expected loss and its best bias) and chapter 7
# (dimensionality $D_i$, its fractions, digons). Correlated sets of features are explained here;
# chapter 8 has more about them. The rules for all answers from chapter 1 hold: arguments stay as
# they are, dtype and device are kept, instances do not mix.
#
# **How it works:** run the cells from top to bottom, write your answer in place of
# `raise NotImplementedError()`, run the check below it, and read what it says. About two hours.

# %% setup
# %load_ext jaxtyping
# %jaxtyping.typechecker beartype.beartype

import math
from collections import Counter

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

import tms_lib
from autograder import check
from tms_lib import FeatureSampler, ReLUOutputModel, TrainConfig, WeightedRows
from tms_lib import dimensionality, feature_moments, geometric_importance, gram
from tms_lib import linear_expected_loss, linear_optimal_bias, nearest_fraction, train
from tms_lib import plot_features_3d

torch.set_num_threads(1)  # on a busy machine, threads that share small steps mostly wait


def draw_lines(values: Tensor, *, steps: Tensor, ax: plt.Axes) -> None:
    """Every feature's value over training; dark lines end high, light ones low."""
    order = values[-1].argsort(descending=True, stable=True).tolist()
    shades = plt.get_cmap("viridis")(torch.linspace(0, 0.85, len(order)).numpy())
    for feature, shade in zip(order, shades, strict=True):
        ax.plot(steps, values[:, feature], color=shade, lw=0.9)
    ax.set_xlabel("step")


# %% [markdown]
# ## A model whose learning is known
#
# We start with a model that cannot surprise us: the linear one. Its expected loss is known exactly
# (chapter 4), so that it can descend without drawing any data. What you record then has no noise,
# and every step that you see in it is real.

# %% prompt linear_descent [markdown]
# ### Exercise 9.1: Record a descent
#
# Let $W$ descend on the expected loss of the linear model, with the best bias at every moment:
#
# $$W \leftarrow W - \lambda \, \nabla_W L\bigl(W, b^*(W)\bigr)$$
#
# and keep snapshots of $W$ on the way.
#
# - `W` is the start, of shape `(*instances, hidden, features)`.
# - $L$ is `linear_expected_loss(W, b, feature_probability=..., importance=...)`, one number for
#   each instance. Add the instances before you differentiate: then each moves as it would alone.
# - $b^*(W)$ is `linear_optimal_bias(W, feature_probability=...)`. It changes with $W$.
# - `feature_probability` and `importance` have shape `(*instances, features)`; axes of size 1 and
#   missing instance axes broadcast. Both functions can deal with that.
# - $\lambda$ is `lr`, the same at each of the `n_steps` steps.
# - `every` is the number of steps from one snapshot to the next.
# - The result has shape `(snapshots, *instances, hidden, features)`: $W$ after 0, `every`,
#   2 `every`, ... steps, and no others. Cut it from the graph, since pictures will be made of it.
#
# Edge cases: if `every` does not divide `n_steps`, the last snapshot comes before the last step.
# With `n_steps = 0` the start is the only one. `W` itself must not change.
#
# **Predict first.** A model with 5 hidden dimensions and 8 features starts from tiny random
# weights. Importances fall from feature to feature. Will all features grow at once, or in turn?
#
# <details><summary>Hint 1: where to start</summary>
#
# In each step, make `W = W.detach().requires_grad_()`, compute the loss, and let
# `torch.autograd.grad(loss.sum(), W)` find the gradient: it returns a tuple with one tensor. At the
# end, `torch.stack` joins the snapshots along a new first axis.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# A list that holds `W` several times holds one tensor. If you then change it in place (`W -= ...`),
# all snapshots change with it. `W = W - ...` makes a new tensor. That one still hangs on the graph;
# `W.detach()` does not.
#
# </details>


# %% answer linear_descent
def linear_descent(
    W: Float[Tensor, "*instances hidden features"],
    *,
    feature_probability: Float[Tensor, "*#instances #features"],
    importance: Float[Tensor, "*#instances #features"],
    lr: float,
    n_steps: int,
    every: int,
) -> Float[Tensor, "snapshots *instances hidden features"]:
    """W at the start and after every so many steps of descent on the linear model's loss."""
    # solution: tms_lib.dynamics.linear_descent


# %% check linear_descent
check("linear_descent")

# %% explore
linear_p = torch.full((8,), 0.5)
linear_importance = geometric_importance(0.6, 8)  # 1, 0.6, 0.36, ...
start = 1e-4 * torch.randn(5, 8, generator=torch.Generator().manual_seed(0))

settings = {"feature_probability": linear_p, "importance": linear_importance}
record = linear_descent(start, **settings, lr=0.1, n_steps=2400, every=8)
expected = tms_lib.linear_descent(start, **settings, lr=0.1, n_steps=2400, every=8)
linear_steps = 8 * torch.arange(len(record))


def linear_loss(W: Tensor) -> Tensor:
    b = linear_optimal_bias(W, feature_probability=linear_p)
    return linear_expected_loss(W, b, **settings)


figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
axes[0].plot(linear_steps, linear_loss(record), color="0.6", lw=5, label="yours")
axes[0].plot(linear_steps, linear_loss(expected), "k--", lw=1, label="expected")
best = tms_lib.linear_optimal_loss(linear_p, importance=linear_importance, n_hidden=5)
axes[0].axhline(best, color="0.6", ls=":")
axes[0].set(xscale="log", xlim=(50, 2400), xlabel="step", ylabel="loss")
axes[0].legend()
draw_lines((record**2).sum(-2), steps=linear_steps, ax=axes[1])
axes[1].set(xscale="log", xlim=(50, 2400), ylabel=r"squared norm $\|W_i\|^2$")
plt.show()

# %% [markdown]
# *Look.* In turn. The loss is a staircase: flat, a step, flat, a step. At each step one feature
# goes from nothing to norm 1, the most important one first. The dotted line is the bound of
# chapter 4: once five features are learned, there is nothing left to gain.
#
# Nothing in the rule of descent jumps. Each step is `lr` times a gradient. Where do the flat parts
# come from, and why does the time axis have to be logarithmic to show the steps evenly?

# %% [markdown]
# ## The formula behind the staircase
#
# Let feature $i$ be alone: no other one overlaps it. Then its part of the loss is $c (1 - u)^2$
# with $u = \|W_i\|^2$ and $c = I_i \sigma_i^2$, the loss of ignoring it (chapter 4). The gradient
# is $-4 c (1 - u) W_i$. Small steps are nearly a flow in the time $t$ = steps times `lr`:
#
# $$\dot W_i = 4 c \,(1 - u)\, W_i
# \qquad\Longrightarrow\qquad
# \dot u = 2 \, W_i \cdot \dot W_i = 8 c \, u \,(1 - u)$$
#
# This is the logistic equation. While $u$ is small it grows exponentially; near 1 it stops.

# %% prompt learned_squared_norm [markdown]
# ### Exercise 9.2: The growth of a feature
#
# Solve it:
#
# $$u(t) = \frac{u_0}{u_0 + (1 - u_0) \, e^{-8 c t}}$$
#
# - $t$ is `time`, $u_0$ is `start`, the squared norm at $t = 0$, and $c$ is `cost`.
# - The three are tensors that broadcast against each other. The result has their common shape.
#
# Edge cases: $u_0 = 0$ stays 0 and $u_0 = 1$ stays 1. For long times the result is 1, not NaN. (No
# check has a start below 0 or above 1, or asks what a start of 0 is after a long time.)
#
# **Predict first.** A feature starts at $u_0 = 10^{-8}$. Which takes longer: to grow from there to
# 0.1, or from 0.1 to 0.9? By which factor, about?
#
# <details><summary>Hint 1: where to start</summary>
#
# It is the formula, in one line. `torch.exp` works entry by entry.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# There are other forms of the same fraction. One with $e^{+8 c t}$ above and below the line divides
# infinity by infinity for long times. One that divides by $u_0$ fails at 0.
#
# </details>


# %% answer learned_squared_norm
def learned_squared_norm(
    time: Float[Tensor, "*#shape"],
    *,
    start: Float[Tensor, "*#shape"],
    cost: Float[Tensor, "*#shape"],
) -> Float[Tensor, "*shape"]:
    """The squared norm of a feature that a linear model learns undisturbed."""
    # solution: tms_lib.theory.linear.learned_squared_norm


# %% check learned_squared_norm
check("learned_squared_norm")

# %% explore
record = tms_lib.linear_descent(start, **settings, lr=0.1, n_steps=2400, every=8)
recorded = (record**2).sum(-2)  # snapshots features
time = 0.1 * linear_steps.unsqueeze(-1)
cost = linear_importance * feature_moments(linear_p).variance
yours = learned_squared_norm(time, start=recorded[0], cost=cost)
expected = tms_lib.learned_squared_norm(time, start=recorded[0], cost=cost)

figure, ax = plt.subplots(figsize=(7.6, 3.6), layout="constrained")
for i in range(5):
    labels = ["recorded", "your formula", "expected"] if i == 0 else 3 * [None]
    ax.plot(linear_steps, recorded[:, i], color="0.6", lw=5, label=labels[0])
    ax.plot(linear_steps, yours[:, i], "k-", lw=1.5, label=labels[1])
    ax.plot(linear_steps[::10], expected[::10, i], "kx", ms=6, label=labels[2])
ax.set(xscale="log", xlim=(50, 2400), xlabel="step", ylabel=r"squared norm $\|W_i\|^2$")
ax.legend(loc="upper left")
plt.show()

print("feature, steps up to 0.1, steps from 0.1 to 0.9, recorded:")
for i in range(5):
    low, high = ((recorded[:, i] > level).long().argmax().item() for level in (0.1, 0.9))
    print(f"  {i}: {8 * low:5} {8 * (high - low):5}")

# %% [markdown]
# *Look.* From $10^{-8}$ to 0.1 it grows $10^7$-fold, in a time of about $\ln 10^7 / 8c = 16.1 /
# 8c$. From 0.1 to 0.9 takes $\ln 81 / 8c = 4.4 / 8c$. So the wait is nearly four times as long as
# the rise, whatever $c$ is. All times go with $1 / c$, and $c$ falls by the same factor from one
# feature to the next. That is why a logarithmic axis shows them evenly.
#
# And there is nothing sudden in the equation. Make the start smaller, and the wait gets longer
# while the rise stays as it was: the same rise then *looks* like a jump. Remember that when you
# see one.
#
# The first feature follows the formula closely, later ones come later than predicted. What does
# the formula not know about the features that were learned before? (A part of a later feature's
# start lies along directions that are taken by then. That part is lost, so that it really starts
# smaller.)

# %% [markdown]
# ## Features in superposition
#
# Now a ReLU model that must share: $n = 80$ features of equal importance in $m = 20$ dimensions,
# $p = 0.3$. Chapter 7 says where this ends: in digons, two features to a dimension, everyone else
# gone. We train two models slowly, with a constant learning rate, and keep a snapshot after every
# 25 steps. This takes from 5 to 30 seconds.

# %% explore
EVERY = 25
steps = torch.arange(0, 4001, EVERY)
generator = torch.Generator().manual_seed(0)
p = torch.full((2, 80), 0.3)
model = ReLUOutputModel(n_instances=2, n_features=80, n_hidden=20, generator=generator)
result = train(
    model,
    FeatureSampler(p),
    importance=torch.ones(80),
    generator=generator,
    config=TrainConfig(n_steps=4000, batch_size=256, lr=1e-3, schedule="constant"),
    snapshots=steps.tolist(),
)
W, b = result.snapshots["W"], result.snapshots["b"]
batch_loss = result.losses
print("W", tuple(W.shape), "is (snapshots, instances, hidden, features)")
print("losses", tuple(batch_loss.shape), "is (steps, instances)")

# %% prompt moving_average [markdown]
# ### Exercise 9.3: Smooth a loss
#
# The loss of a step is that of its own small batch, so that it is noisy. The usual cure is to
# average over neighbours in time:
#
# $$\bar v_t = \frac{1}{|N_t|} \sum_{s \in N_t} v_s
# \qquad\text{with}\qquad N_t = \{ s : |s - t| \le k, \; 0 \le s < T \}$$
#
# - $v_s$ is `values[s]`. `values` has shape `(steps, *series)`: the time comes first, and each
#   series is smoothed on its own. $T$ is the number of steps.
# - $k$ is `each_side`: that many steps before, that many after, and the step itself.
# - The result has the shape of `values`.
#
# Edge cases: near the ends there are fewer than $2k + 1$ steps. Average over those that exist, so
# that a constant stays what it is. $k = 0$ changes nothing, and $k$ may be larger than $T$.
#
# **Predict first.** A loss falls from 1 to 0 between two steps. What does it look like after
# smoothing with $k = 100$?
#
# <details><summary>Hint 1: where to start</summary>
#
# `values[max(0, t - k) : t + k + 1].mean(0)` is one entry; a slice may end beyond the end. A list
# of them and `torch.stack` will do. (The library's way is `F.avg_pool1d`, which is quicker.)
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `F.avg_pool1d` and convolutions count zeros beyond the ends, and the smooth curve dives there.
# `count_include_pad=False` stops that.
#
# </details>


# %% answer moving_average
def moving_average(
    values: Float[Tensor, " steps *series"], *, each_side: int
) -> Float[Tensor, " steps *series"]:
    """The mean over the steps around each step."""
    # solution: tms_lib.dynamics.moving_average


# %% check moving_average
check("moving_average")

# %% explore
figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
for ax, first in zip(axes, [0, 1000], strict=True):
    ax.plot(range(first, 4000), batch_loss[first:, 0], color="0.85", label="of each batch")
    for k, style, shade in [(25, "-", "0.5"), (250, "--", "0")]:
        smooth = moving_average(batch_loss, each_side=k)[first:, 0]
        ax.plot(range(first, 4000), smooth, style, color=shade, lw=1.5, label=f"yours, {k}")
        expected = tms_lib.moving_average(batch_loss, each_side=k)
        ax.plot(range(first, 4000, 250), expected[first::250, 0], "kx", ms=6)
    ax.set(xlabel="step", ylabel="loss")
axes[0].set_ylim(3.4, 6)
axes[1].set_ylim(3.4, 4.4)
axes[0].legend(title="crosses: expected")
plt.show()

# %% [markdown]
# *Look.* A step that is smoothed with $k = 100$ becomes a slope of 201 steps: smoothing cannot
# tell a jump from a slow change that is shorter than its window. With less smoothing, noise
# remains. From these curves nobody could say whether the loss has steps.
#
# There is a better way, since you have the snapshots: measure all of them on the *same* fresh
# samples. Their noise is then common to all, and differences between snapshots stay visible.

# %% explore
x = tms_lib.sample_features(p[:1], 2048, generator=torch.Generator().manual_seed(1))
x = x.expand(2, -1, -1)  # the same samples for both models
loss = torch.stack(
    [
        tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W[t], b=b[t]), importance=torch.ones(80))
        for t in range(len(steps))
    ]
)  # snapshots instances
D = dimensionality(W)  # snapshots instances features

figure, axes = plt.subplots(2, 2, figsize=(11, 5), dpi=80, layout="constrained", sharex=True)
for k in range(2):
    draw_lines(D[:, k], steps=steps, ax=axes[0, k])
    for share in (1 / 4, 1 / 2):
        axes[0, k].axhline(share, color="0.6", ls=":", lw=1)
    axes[0, k].set(title=f"model {k}", xlabel="", ylabel="dimensionality $D_i$", ylim=(-0.02, 0.6))
    above_end = loss[:, k] - loss[-20:, k].mean()
    axes[1, k].plot(steps, above_end.clamp(min=1e-4), color="black")
    axes[1, k].set(yscale="log", ylim=(1e-3, 4), xlabel="step", ylabel="loss above its end")
plt.show()

# %% [markdown]
# Above: every feature's share of a dimension, over time. At first they lie on both sides of
# $m / n = 1/4$, what each would have if all had the same. Then features take sides, one after
# another: up to 1/2 or down to 0. Some stay undecided for a thousand steps.
#
# Below: the loss on the same samples, above what it is in the end, on a logarithmic scale. Most
# of the noise is gone, and you see where it falls fast and where slowly.

# %% [markdown]
# ## Finding the changes
#
# Give each share its level, with chapter 7's `nearest_fraction`: 0, 1/4, 1/2 or, between them, none
# (NaN). A change is then an arrival at *another level than the last one*. That excludes two things
# that a simple threshold would report: the arrival at the first level, when there was none before,
# and a value that leaves its level for a moment and comes back.

# %% prompt level_changes [markdown]
# ### Exercise 9.4: Changes of level
#
# For each entry at each snapshot $t$:
#
# $$\text{result}_t = \begin{cases} t - s & \text{if there is a level at } t,
# \text{ and it differs from the one at } s \\ 0 & \text{else} \end{cases}$$
#
# where $s < t$ is the last snapshot before $t$ at which the entry was at a level, if there is one.
#
# - `level` has shape `(snapshots, *shape)`: the time comes first, and every other entry has a
#   history of its own. NaN is no level.
# - The result has the same shape, with whole numbers. It says when a change arrives, and how many
#   snapshots it took.
#
# Edge cases: a jump from one snapshot to the next takes 1. The first level of an entry is no
# change, and coming back to the same level is none.
#
# **Predict first.** What is the result for the levels NaN, 1/4, 1/4, NaN, NaN, 1/2, 1/2, NaN, 1/2,
# 0?
#
# <details><summary>Hint 1: where to start</summary>
#
# Go through the snapshots with two tensors that remember, for each entry: the last level (NaN at
# first), and the number of snapshots since then. At each snapshot decide first, with `torch.where`,
# then update both.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# NaN differs from everything, even from NaN: `a != b` is True if one of them is NaN. Ask `.isnan()`
# of both before you compare.
#
# </details>


# %% answer level_changes
def level_changes(
    level: Float[Tensor, " snapshots *shape"],
) -> Int[Tensor, " snapshots *shape"]:
    """When a value arrives at another level than its last one, and how long that took."""
    # solution: tms_lib.dynamics.level_changes


# %% check level_changes
check("level_changes")

# %% explore
nan = torch.nan
story = torch.tensor([nan, 0.25, 0.25, nan, nan, 0.5, 0.5, nan, 0.5, 0.0])
print("the story:", level_changes(story).tolist())

levels = torch.tensor([0, 1 / 4, 1 / 2])
level = nearest_fraction(D, levels, tolerance=0.08)  # snapshots instances features
yours, expected = level_changes(level), tms_lib.level_changes(level)

figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained", sharex=True, sharey=True)
for k, ax in enumerate(axes):
    for changes, style, label in [(yours, "o", "yours"), (expected, "kx", "expected")]:
        arrival, feature = changes[:, k].nonzero().T
        duration = EVERY * changes[arrival, k, feature]
        size = {"ms": 9, "color": "0.7"} if label == "yours" else {"ms": 5}
        ax.plot(steps[arrival], duration, style, **size, label=label)
    ax.set(title=f"model {k}", xlabel="step of arrival", ylabel="steps that the change took")
    ax.set(ylim=(0, None), xlim=(0, 4000))
    took = EVERY * yours[:, k][yours[:, k] > 0].float()
    low, middle, high = took.quantile(torch.tensor([0.1, 0.5, 0.9])).tolist()
    to = Counter(level[:, k][yours[:, k] > 0].tolist())
    arrivals = {f"{where:g}": n for where, n in sorted(to.items())}
    print(f"model {k}: {len(took)} changes, by the level where they arrive: {arrivals}")
    print(f"  steps that a change took: median {middle:.0f}; from {low:.0f} to {high:.0f} for 80 %")
axes[0].legend()
plt.show()

# %% [markdown]
# *Look.* The story gives 0, 0, 0, 0, 0, 3, 0, 0, 0, 1.
#
# About as many features go up as down. The median change takes three to four hundred of 4000
# steps. That is quick compared with the spread of the arrivals, over fifteen hundred steps and
# more. But with a snapshot every 25 steps, it is no jump: you can watch it happen. In the paper's
# figure the changes look sharper. It does not say how long it trained, and as you saw, how sharp a
# change looks depends on how long one waits for it.
#
# Some of the 80 features are missing here. They went to 1/2 or 0 without ever being near 1/4.

# %% prompt share_of_fall [markdown]
# ### Exercise 9.5: The share of the fall
#
# Does the loss fall *when* features change? Mark the times at which something moves, and add up the
# falls there:
#
# $$\text{share} = \frac{\sum_t m_t \, (L_t - L_{t+1})}{L_0 - L_T}$$
#
# - $L_t$ is `loss[t]`. `loss` has shape `(snapshots, *instances)`, and $L_T$ is its last entry.
# - $m_t$ is `moves[t]`, True or False, and stands for the time from snapshot $t$ to $t + 1$.
#   `moves` has one snapshot less than `loss`: `(snapshots - 1, *instances)`.
# - The result has shape `(*instances)`.
#
# Edge cases: where the loss rises, its fall is negative and counts so. Hence the share can exceed
# 1. Where the loss ends higher than it began, the whole fall is negative, and the formula holds as
# it stands. (No check has a loss that ends as high as it began.)
#
# **Predict first.** The losses are 6, 3, 2, 1.5, 1, and something moves in the first and in the
# last of the four times. What is the share? With which number must you compare it?
#
# <details><summary>Hint 1: where to start</summary>
#
# `loss[:-1] - loss[1:]` has all falls. Multiplied with `moves`, those at rest become 0.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# The falls add up to $L_0 - L_T$, also if the loss rises in between. The sum of the positive ones
# is larger.
#
# </details>


# %% answer share_of_fall
def share_of_fall(
    loss: Float[Tensor, " snapshots *instances"], *, moves: Bool[Tensor, " snapshots-1 *instances"]
) -> Float[Tensor, "*instances"]:
    """The part of a loss's fall that happens between the snapshots chosen."""
    # solution: tms_lib.dynamics.share_of_fall


# %% check share_of_fall
check("share_of_fall")

# %% explore
example = torch.tensor([6.0, 3.0, 2.0, 1.5, 1.0])
print("example:", share_of_fall(example, moves=torch.tensor([True, False, False, True])).item())

between = level.isnan().any(-1)  # snapshots instances: is a feature on its way?
moves = between[:-1] | between[1:]
print("from step on | share of the fall while a feature is on its way (expected) | of the time")
for first in (0, 1000, 1500):
    late = slice(first // EVERY, None)
    yours = share_of_fall(loss[late], moves=moves[late])
    expected = tms_lib.share_of_fall(loss[late], moves=moves[late])
    for k in range(2):
        shares = f"{yours[k]:6.3f} ({expected[k]:.3f})"
        print(f"  {first:5}, model {k} | {shares} | {moves[late, k].float().mean():.2f}")

# %% [markdown]
# *Look.* The share is $3.5 / 5 = 0.7$, and the share of the time, $2/4$, is what it would be if the
# loss fell evenly.
#
# From step 1000 on, more than nine tenths of the fall happen while a feature is on its way, though
# that is only about a half or a third of the time. While all features rest at their levels, the
# loss rests too.
#
# Two things that this does not prove. Both, movement and fall, are strong early and weak late; a
# share above the time's share may come from that alone. And a loss can only fall if the weights
# move. The stronger statement is the other one: when features are settled, nothing falls.

# %% question what_is_a_jump [markdown]
# ### Question: what is a jump?
#
# *6 minutes · 2 points, graded by hand*
#
# Someone shows you a figure: the dimensionality of a feature goes from 0 to 1/2 within one pixel of
# the time axis. "A discrete jump," they say, "learning is not gradual."
#
# What evidence would distinguish a jump from a smooth change that is only fast? Name two things
# that you would ask for or measure. And what do exercises 9.2 and 9.4 tell you to expect?

# %% written what_is_a_jump [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** Ask for more snapshots: does the change spread over several if one records ten
# times as often? In 9.4 most changes span ten snapshots or more, so it is resolved, and smooth.
# Ask how the duration depends on the rest: in 9.2 the rise takes $\ln 81 / 8c$ whatever the start,
# while the wait grows with $\ln(1 / u_0)$. A change that gets slower in step with a smaller
# learning rate is smooth in $t$ = steps times learning rate; a true jump would stay within one
# step. One can also look at the curve in between: a logistic curve has a shape that can be fitted,
# a jump has nothing in between. Smoothing must be excluded first, and so must thinned out
# snapshots: the first hides jumps, the second makes them up. What to expect: gradient descent with
# small steps is continuous, so the change is fast only compared with the waiting before it.
# "Sudden" is a ratio of two times.
#
# **Rubric.** 2 points: two pieces of evidence of which at least one concerns time resolution or
# scaling (finer snapshots, other learning rates or starts, the shape in between), *and* that a
# fast change need not be discontinuous, with the wait as the yardstick. 1 point: one of the two. 0
# points: trusts the look of the figure, or only says that descent is continuous.
# ### END SOLUTION

# %% [markdown]
# ## Learning as geometric moves
#
# Six features in three dimensions form an octahedron, three digons at right angles. How does it
# come about? As in the paper, the features are two sets of three. A set is present or not, with
# probability $p = 0.05$, and then all of its three features are: they are *correlated*. Their
# values are independent of each other, uniform on $[0, 1]$.
#
# Four patterns are possible: set A, set B, both, none. So we need not wait for chance. The sampler
# below draws 64 rows of each of the first three patterns and one empty row, and gives each the
# weight that its pattern has. `train` takes such weighted rows.
#
# We start from small weights, as in exercise 9.1: a tenth of the usual ones. Three models, 8000
# steps, from 5 to 20 seconds.


# %% explore
class TwoSets:
    """Two sets of three features, all patterns of presence with their exact weights."""

    def __init__(self, n_instances: int, *, p: float) -> None:
        self.n_instances = n_instances
        self.pattern_weight = torch.tensor([p * (1 - p), p * (1 - p), p * p])

    def __call__(self, n_rows: int, /, *, generator: torch.Generator) -> WeightedRows:
        each = (n_rows - 1) // 3
        x = torch.rand(self.n_instances, 3, each, 6, generator=generator)
        x[:, 0, :, 3:] = 0  # set A alone
        x[:, 1, :, :3] = 0  # set B alone
        x = F.pad(x.flatten(1, 2), (0, 0, 0, 1))  # and one empty row
        weight = (self.pattern_weight / each).repeat_interleave(each)
        weight = torch.cat([weight, 1 - weight.sum(0, keepdim=True)])
        return WeightedRows(x=x, weight=weight.expand(self.n_instances, -1))


shape_steps = torch.arange(0, 8001, 40)
generator = torch.Generator().manual_seed(0)
sets_model = ReLUOutputModel(n_instances=3, n_features=6, n_hidden=3, generator=generator)
with torch.no_grad():
    sets_model.W.mul_(0.1)
result = train(
    sets_model,
    TwoSets(3, p=0.05),
    importance=torch.ones(6),
    generator=generator,
    config=TrainConfig(n_steps=8000, batch_size=193, lr=1e-3, schedule="constant"),
    snapshots=shape_steps.tolist(),
)
shapes, shape_b = result.snapshots["W"], result.snapshots["b"]  # snapshots instances ...

x, weight = TwoSets(1, p=0.05)(3001, generator=torch.Generator().manual_seed(1))
x = x.expand(3, -1, -1)
outputs = [tms_lib.relu_output(x, W=w, b=c) for w, c in zip(shapes, shape_b, strict=True)]
shape_loss = torch.stack([(weight * ((x - y) ** 2).sum(-1)).sum(-1) for y in outputs])

figure, axes = plt.subplots(1, 3, figsize=(12, 3.2), layout="constrained", sharey=True)
for k, ax in enumerate(axes):
    ax.plot(shape_steps, shape_loss[:, k], color="black")
    ax.set(yscale="log", title=f"model {k}", xlabel="step")
axes[0].set_ylabel("loss")
plt.show()

# %% [markdown]
# These losses have steps. What did the features do at each? For six features in three dimensions,
# angles say everything. First: which features are antipodes?

# %% prompt antipodal_partner [markdown]
# ### Exercise 9.6: Antipodes
#
# For each feature, find the one that points the other way:
#
# $$j^* = \arg\min_j \cos(W_i, W_j), \qquad
# \text{result}_i = \begin{cases} j^* & \text{if } \cos(W_i, W_{j^*}) < -\text{threshold} \\
# -1 & \text{else} \end{cases}$$
#
# - $W_i$ is column $i$ of `W`, which has shape `(*instances, hidden, features)`. Snapshots are
#   instances too.
# - $\cos(W_i, W_j) = \hat W_i \cdot \hat W_j$, with unit vectors. How long the columns are does not
#   matter.
# - The result is an integer tensor of shape `(*instances, features)`.
#
# Edge case: a zero column has no direction, and gets -1. (No check has a cosine at the threshold,
# or two partners that are equally good.)
#
# **Predict first.** Is your partner's partner always yourself?
#
# <details><summary>Hint 1: where to start</summary>
#
# `F.normalize(W, dim=-2)` makes unit columns and leaves zero columns at zero. `gram` of that has
# all cosines. `.min(-1)` gives the lowest of each row and where it is.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `gram(W)` itself depends on the lengths: a long feature at 120 degrees can have a lower product
# than a short one at 180.
#
# </details>


# %% answer antipodal_partner
def antipodal_partner(
    W: Float[Tensor, "*instances hidden features"], *, threshold: float = 0.9
) -> Int[Tensor, "*instances features"]:
    """The feature that points the other way from each feature, or -1 if none does."""
    # solution: tms_lib.geometry.antipodal_partner


# %% check antipodal_partner
check("antipodal_partner")

# %% explore
print("partners of model 0, step by step (expected):")
for t in range(0, len(shape_steps), 25):
    yours = antipodal_partner(shapes[t, 0]).tolist()
    print(f"  {shape_steps[t]:5}: {yours} ({tms_lib.antipodal_partner(shapes[t, 0]).tolist()})")
print("in the end, model by model:", antipodal_partner(shapes[-1]).tolist())

# %% [markdown]
# *Look.* Not always: if 0 is opposite to 2, and 3 points nearly the same way as 0, both have the
# partner 2, which has only one.
#
# In the end all three models are octahedra, and antipodes lie *across* the sets: each of the
# features 0, 1, 2 is opposite to one of 3, 4, 5. Within a set, features are often present
# together; there, sharing a direction would cost most.
#
# On the way there are partners that do not last.

# %% prompt settled_since [markdown]
# ### Exercise 9.7: Settled since when?
#
# When was the final state reached for good? Given whether something holds at each snapshot, return
# the first snapshot from which on it holds until the end:
#
# $$\text{result} = \min \{\, t : h_s \text{ is True for all } s \ge t \,\}$$
#
# - $h_s$ is `holds[s]`. `holds` is a bool tensor of shape `(snapshots, *shape)`; every entry has a
#   history of its own.
# - The result is an integer tensor of shape `(*shape)`.
#
# Edge cases: what always holds is settled since 0. What does not hold at the last snapshot gets the
# number of snapshots.
#
# **Predict first.** What is the result for True, False, True, True, True? And for True, True,
# False?
#
# <details><summary>Hint 1: where to start</summary>
#
# Turn the record around, `holds.flip(0)`, and count how long it stays True from there. A running
# product, `cumprod(0)` of zeros and ones, is 1 up to the first 0.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `holds.long().argmax(0)` finds the *first* time at which it holds. It may fail again.
#
# </details>


# %% answer settled_since
def settled_since(holds: Bool[Tensor, " snapshots *shape"]) -> Int[Tensor, "*shape"]:
    """The first snapshot from which on something holds until the end."""
    # solution: tms_lib.dynamics.settled_since


# %% check settled_since
check("settled_since")

# %% explore
cosine = gram(F.normalize(shapes, dim=-2))  # snapshots instances features features
first, second = torch.triu_indices(6, 6, offset=1)
same_set = first // 3 == second // 3
within = cosine[..., first[same_set], second[same_set]]  # snapshots instances pairs
across = cosine[..., first[~same_set], second[~same_set]]
partner = tms_lib.antipodal_partner(shapes)
facts = {
    "the sets have opened: cosines within them below 0.9": (within < 0.9).all(-1),
    "within the sets all are at right angles, within 0.1": (within.abs() < 0.1).all(-1),
    "all D_i are 1/2, within 0.01": ((dimensionality(shapes) - 0.5).abs() < 0.01).all(-1),
    "all six have their final antipode": (partner == partner[-1]).all(-1),
}
print("steps since which this holds, model by model (expected):")
for fact, holds in facts.items():
    yours, expected = 40 * settled_since(holds), 40 * tms_lib.settled_since(holds)
    print(f"  {fact}: {yours.tolist()} ({expected.tolist()})")

# %% [markdown]
# *Look.* 2, and 3, the number of snapshots.
#
# The first three come in the same order in all models, at nearly the same steps. At first each set
# is closed: two or three of its features point the same way. Then it opens. Then its features
# stand at right angles, and all shares are 1/2.
#
# The last line differs. In one model the antipodes are there as soon as the right angles. In the
# others they come thousands of steps later: all $D_i$ were 1/2, and there was no octahedron. A
# question at the end asks about that time.

# %% [markdown]
# ## Seeing the moves
#
# Two models with the same angles are the same model: rotations and reflections of the hidden space
# leave $W^T W$ as it is. But pictures and distances change. To compare two shapes, first lay one as
# well as possible on the other.

# %% prompt align_weights [markdown]
# ### Exercise 9.8: Lay one shape on another
#
# Turn $W$ towards a target $T$, without bending it:
#
# $$R W \qquad\text{with}\qquad R = \arg\min_{R^T R = 1} \| R W - T \|_F$$
#
# The minimum is known (Schönemann, 1966). Since $R$ keeps lengths,
# $\|R W - T\|^2 = \|W\|^2 + \|T\|^2 - 2 \operatorname{tr}(R W T^T)$, so that the trace should be as
# large as it can be. With the singular value decomposition $T W^T = U \Sigma V^T$ it is largest for
#
# $$R = U V^T$$
#
# - `W` has shape `(*instances, hidden, features)`. `target` has the same, or fewer instance axes:
#   one target for all.
# - The result is $R W$, of the shape of `W`. Each instance has an $R$ of its own.
# - Reflections are allowed, since they too leave $W^T W$ as it is.
#
# **Predict first.** A pentagon is laid on the same pentagon with its corners numbered the other way
# around. How far do they stay apart?
#
# <details><summary>Hint 1: where to start</summary>
#
# `target @ W.mT` is $T W^T$ for every instance, and `torch.linalg.svd` takes a stack of matrices.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# The third thing that `torch.linalg.svd` returns is $V^T$, not $V$.
#
# </details>


# %% answer align_weights
def align_weights(
    W: Float[Tensor, "*instances hidden features"],
    target: Float[Tensor, "*#instances hidden features"],
) -> Float[Tensor, "*instances hidden features"]:
    """W turned, and reflected if that helps, to lie as near as possible to `target`."""
    # solution: tms_lib.geometry.align_weights


# %% check align_weights
check("align_weights")

# %% explore
angle = 2 * math.pi * torch.arange(5) / 5
pentagon = torch.stack([angle.cos(), angle.sin()])
print(
    f"pentagons stay apart by {(align_weights(pentagon.flip(-1), pentagon) - pentagon).norm():.3f}"
)

directions = F.normalize(shapes, dim=-2)
figure, ax = plt.subplots(figsize=(7.6, 3.6), layout="constrained")
for k, style in enumerate(["-", "--", ":"]):
    target = directions[-1, k]
    for align, color, width in [(align_weights, "0.6", 5), (tms_lib.align_weights, "black", 1.5)]:
        apart = (align(directions[:, k], target) - target).norm(dim=(-2, -1)) / math.sqrt(6)
        label = f"model {k}, {'yours' if width == 5 else 'expected'}"
        ax.plot(shape_steps, apart, color=color, lw=width, ls=style, label=label)
ax.set(xlabel="step", ylabel="distance from the final shape", ylim=(0, None))
ax.legend(ncols=3, fontsize=8)
plt.show()

# %% [markdown]
# *Look.* The pentagons lie on each other exactly: a reflection does it.
#
# Each curve is the distance of a shape from what it will be, per feature, the best rotation taken
# out. What remains is bending. At first the distance grows: the features of each set gather in one
# direction. Then it shrinks while the loss falls. Two models rest at a distance of about 0.4, far
# from the final shape, and bend again thousands of steps later. Does the loss tell?

# %% [markdown]
# ## The big picture
#
# Above, the two records: left the many features, right the six. In the middle their shares, below
# the loss. At the bottom the moves of model 0, every shape laid on the last one by your function.
# Thick lines join neighbours. Features 0, 1, 2 are one set, and 3, 4, 5 the other.

# %% explore
figure = plt.figure(figsize=(13, 10), dpi=80, layout="constrained")
grid = figure.add_gridspec(3, 10, height_ratios=[1, 1, 1.1])
left = [figure.add_subplot(grid[row, :5]) for row in range(2)]
right = [figure.add_subplot(grid[row, 5:]) for row in range(2)]

draw_lines(D[:, 0], steps=steps, ax=left[0])
arrival, feature = level_changes(level[:, 0]).nonzero().T
left[0].plot(steps[arrival], D[arrival, 0, feature], "kx", ms=5)
left[0].set(title="80 features in 20 dimensions (crosses: a change arrives)", ylim=(-0.02, 0.8))
left[1].plot(steps, (loss[:, 0] - loss[-20:, 0].mean()).clamp(min=1e-4), color="black")
left[1].set(yscale="log", ylim=(1e-3, 4), ylabel="loss above its end")

draw_lines(dimensionality(shapes[:, 0]), steps=shape_steps, ax=right[0])
right[0].set(title="two sets of three features in 3 dimensions", ylim=(-0.02, 0.8))
right[1].plot(shape_steps, shape_loss[:, 0], color="black")
right[1].set(yscale="log", ylabel="loss")
for shares, common in ((left[0], 1 / 4), (right[0], 1 / 3)):
    for share in (common, 1 / 2):
        shares.axhline(share, color="0.6", ls=":", lw=1)
    shares.set(xlabel="", ylabel="dimensionality $D_i$")
for ax in (left[1], right[1]):
    ax.set_xlabel("step")

aligned = align_weights(shapes[:, 0], shapes[-1, 0])
for column, step in enumerate([800, 1600, 2400, 4000, 8000]):
    ax = figure.add_subplot(grid[2, 2 * column : 2 * column + 2], projection="3d")
    plot_features_3d(aligned[step // 40], ax=ax)
    ax.set(xlabel="", ylabel="", zlabel="")
    ax.set_title(f"step {step}", y=1.05)
    for step_axis in right:
        step_axis.axvline(step, color="0.7", lw=1)
plt.show()

# %% [markdown]
# *Look.* On the left everyone starts with about a quarter of a dimension and takes a side. On the
# right, step by step of the bottom row:
#
# - **Two sticks** (step 800). Each set lies nearly in one direction, and the two are apart. Three
#   features that share a direction have a third each: that is the first level of the shares. The
#   model knows which set is present, and nothing about its members. The loss rests.
# - **The sets open** (1600 and 2400). One feature of a set leaves the other two, and has more than
#   half a dimension for a while. Then these two part as well. The loss falls by most of what is
#   left.
# - **Two triangles** (4000). Each set stands at right angles now. The two triangles face each
#   other, not yet turned as in an octahedron. All shares are 1/2.
# - **The turn** (to 8000). One triangle turns against the other, slowly, and the loss hardly falls.
#   At the end every feature has an antipode in the other set: an octahedron is two triangles, one
#   of them turned by 60 degrees.
#
# The paper tells the same story in a figure of its own: a loss with plateaus, each with its shape.
# With weights that start ten times larger, the first plateau is gone: the sets begin half open.
# Change `mul_(0.1)` above, and see.

# %% question hidden_move [markdown]
# ### Question: the move that nobody saw
#
# *6 minutes · 2 points, graded by hand*
#
# In the last part of the training of the six features, all $D_i$ are 1/2 and the loss hardly falls.
# Yet the shape still moves, until every feature has its antipode.
#
# At that time the features of each set are at right angles, with equal norms. Show that then
# $D_i = 1/2$, whatever the angles between the two sets are. Which quantity of this chapter sees the
# move? And what follows for someone who watches only the loss and the dimensionalities?

# %% written hidden_move [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** Three columns of norm $r$ at right angles in three dimensions have $\sum_i W_i
# W_i^T = r^2 \mathbb{1}$. Two such sets give $S = W W^T = 2 r^2 \mathbb{1}$, so that $D_i =
# \|W_i\|^4 / (W_i^T S W_i) = r^4 / (2 r^4) = 1/2$, however one set is turned against the other.
# The cosines across the sets see the move: `antipodal_partner`, the time at which it settles, and
# the distance after alignment. Who watches only $D_i$ and the loss thinks that learning is over
# when thousands of steps of rearrangement are still to come, and may take two crossed frames for
# an octahedron. Numbers that summarise a shape can miss a change of shape; a flat loss does not
# mean that nothing changes.
#
# **Rubric.** 2 points: the argument for 1/2 (from $W W^T$ being a multiple of the identity, or
# from each set adding $r^2$ to the sum below the line) *and* a quantity that sees the move
# (cosines across the sets, partners, aligned distance). 1 point: one of the two. 0 points:
# neither.
# ### END SOLUTION

# %% [markdown]
# ## What you have now
#
# - A snapshot must be a copy. A record has the time as its first axis.
# - A linear model from a small start learns one feature after another. Each grows logistically:
#   $\ln(1/u_0) / 8c$ of waiting, $\ln 81 / 8c$ of rising. Steps in a loss curve need no
#   discontinuity; they need a wait.
# - Smoothing hides jumps. Measuring all snapshots on the same samples hides nothing.
# - In superposition features leave a common level and take sides, each at its own time. While they
#   are on their way the loss falls, and when they rest it rests.
# - Learning can be a sequence of geometric moves: two sticks, two sets that open, two triangles, an
#   octahedron. The loss shows the first moves and hardly the last.
#
# **In the paper.** Elhage et al. (2022), "Toy Models of Superposition", section *Superposition and
# Learning Dynamics*: its two phenomena are the jumps of the $D_i$ between levels and learning as
# geometric transformations.
#
# **Later work.** Saxe et al. (2014), "Exact Solutions to the Nonlinear Dynamics of Learning in
# Deep Linear Neural Networks", has the staircase and its formula. Jacot et al. (2021),
# "Saddle-to-Saddle Dynamics in Deep Linear Networks", explain the waits: training from a small
# start passes from saddle to saddle. Chen et al. (2023), "Dynamical versus Bayesian Phase
# Transitions in a Toy Model of Superposition", study such moves in the models of this course.
#
# **Next.** Chapter 10 asks what superposition costs when someone wants to do harm: adversarial
# examples.
