# %% [markdown]
# # Chapter 1: Sparse features
#
# The toy models of this course see made-up data. Each sample is a list of *features*, and most of
# them are 0. In this chapter you build that data, work out its statistics, and start the weights
# of many models at once. At the end you predict how many features are active in a sample, and
# your own sampler confirms it.
#
# **You will**
#
# - read and write tensors with an axis for *instances*, many models side by side;
# - keep density and sparsity apart, which much material on this topic mixes up;
# - write the sampler of sparse features, and find its moments on paper;
# - predict how many features are active at once, and how often two are active together;
# - start a model so that it does not matter how many others are trained beside it.
#
# **You need** Python, basic PyTorch (indexing, broadcasting, `@`), and probability: mean, variance,
# independence, the binomial law.
#
# **How it works:** run the cells from top to bottom, write your answer in place of
# `raise NotImplementedError()`, run the check below it, and read what it says. About 75 minutes.

# %% setup
# %load_ext jaxtyping
# %jaxtyping.typechecker beartype.beartype

import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

import tms_lib
from autograder import check
from tms_lib import FeatureMoments

# %% [markdown]
# ## Shapes and names
#
# A toy model is small, so we train many of them at once. Each is an *instance*. The axes always
# come in the same order:
#
# | tensor | axes | example |
# |---|---|---|
# | data `x` | instances, batch, features | 10 models, 1024 samples each: `(10, 1024, 5)` |
# | weights `W` | instances, hidden, features | 5 features in 2 dimensions: `(10, 2, 5)` |
# | density `feature_probability` | instances, features | `(10, 5)` |
#
# In the annotations, `*instances` stands for any number of leading axes. Mostly there is one. There
# may also be none: one model alone, with `x` of shape `(batch, features)`. Code that counts axes
# from the end (`dim=-1`, `.mT`, `"...bf"` in `einsum`) works for both.
#
# All answers keep to four rules, and the checks test them:
#
# 1. The arguments stay as they are. Work on new tensors.
# 2. float64 in, float64 out. Pass `dtype=` and `device=` of an argument when you make a new tensor.
# 3. An instance gets the same result as it would alone.
# 4. All randomness comes from the argument `generator`, as in `torch.rand(3, generator=generator)`.
#
# The annotations are enforced. A result with a wrong shape is reported by the names of its axes.

# %% [markdown]
# ## Density and sparsity
#
# A real input shows few of the things that a network knows about. An image shows a dog or a car,
# but hardly both, and almost never a violin. So a feature is mostly 0. The *sparsity* $S$ is the
# probability that it **is** 0. The *density* $p = 1 - S$ is the probability that it is not. Sparse
# means large $S$ and small $p$.

# %% prompt density [markdown]
# ### Exercise 1.1: Density
#
# Turn sparsities into densities:
#
# $$p = 1 - S$$
#
# - $S$ is `sparsity`, a tensor of any shape: how often a feature is **zero**.
# - $p$ is the result, in the same shape: how often it is **active**, that is, nonzero.
#
# Edge cases: $S = 0$ gives 1, always active. $S = 1$ gives 0, never active.
#
# **Predict first.** A feature has $S = 0.99$. In how many of 1000 samples do you expect to see it?
#
# <details><summary>Hint 1: where to start</summary>
#
# Python's `1 - tensor` works entry by entry and keeps shape and dtype.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Check the direction with $S = 0$. It is the dense case, so the density must be 1 there.
#
# </details>


# %% answer density
def density(sparsity: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """How often a feature is active: 1 - S."""
    # solution: tms_lib.features.density


# %% check density
check("density")

# %% explore
S = torch.tensor([0.0, 0.5, 0.9, 0.99, 0.999], dtype=torch.float64)
print("sparsity S   density p   1/p   active in 1000 samples")
for s, p in zip(S.tolist(), density(S).tolist(), strict=True):
    print(f"{s:10.3f}  {p:10.3f}  {1 / p:5.0f}  {1000 * p:10.0f}")

# %% [markdown]
# *Look.* A feature with $S = 0.99$ shows in 10 of 1000 samples. Plots in this course often have
# $1/(1 - S) = 1/p$ on their axis, so that sparser features lie farther to the right. A feature is
# then active once in that many samples. Where on that axis does $S = 0.5$ lie?
#
# From here on, code holds $p$ only, under the name `feature_probability`. When you read a paper or
# other code, look first which of the two it means. Many name one and use the other.

# %% [markdown]
# ## Many models at once
#
# A model with 5 features and 2 hidden dimensions must squeeze 5 numbers into 2. It does so with a
# matrix $W$: the hidden vector is $h = W x$. Column $W_i$ is the *direction* of feature $i$. It is
# the hidden vector that you get when feature $i$ is 1 and all others are 0.

# %% prompt embed [markdown]
# ### Exercise 1.2: Embed
#
# Compute the hidden vector of every sample, each instance with its own $W$:
#
# $$h = W x \qquad\text{that is}\qquad h_a = \sum_i W_{a i}\, x_i$$
#
# - $x_i$ is feature $i$ of a sample. `x` has shape `(*instances, batch, features)`.
# - $W_{a i}$ is row $a$, column $i$. `W` has shape `(*instances, hidden, features)`.
# - $h_a$ is hidden dimension $a$. The result has shape `(*instances, batch, hidden)`.
#
# Edge cases: one instance keeps its axis of size 1. No instance axis at all works too. Gradients
# reach `x` and `W`.
#
# **Predict first.** $W$ holds 5 directions in 2 dimensions. You embed the 5 samples in which one
# feature is 1 and the others are 0, in order. What is the result, in terms of $W$?
#
# <details><summary>Hint 1: where to start</summary>
#
# On paper $x$ is a column. In the tensor, samples are **rows**. Transposing $h = W x$ gives
# $h^T = x^T W^T$. `@` multiplies the last two axes and goes through all leading ones by itself.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `W.mT` swaps the last two axes. `W.T` turns around all axes, and `W.reshape(...)` only rereads
# the same row of numbers. With `einsum`, give `x` and `W` the same letter for the instances, or
# `...`, so that no instance meets another's weights.
#
# </details>


# %% answer embed
def embed(
    x: Float[Tensor, "*instances batch features"],
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances batch hidden"]:
    """The hidden vector h = W x of every sample, each instance with its own W."""
    # solution: tms_lib.models.embed


# %% check embed
check("embed")

# %% explore
angle = 2 * math.pi * torch.arange(5) / 5
pentagon = torch.stack([angle.cos(), angle.sin()])  # hidden features

figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
for ax, title in [(left, "one feature alone"), (right, "features 0 and 1 together")]:
    tms_lib.plot_features_2d(pentagon, ax=ax)
    ax.set_title(title)
alone = embed(torch.eye(5), pentagon)
together = embed(torch.tensor([[0.9, 0.6, 0.0, 0.0, 0.0]]), pentagon)
for ax, h in [(left, alone), (right, together)]:
    ax.plot(*h.T, "kx", ms=11, mew=2.5, label="your $h$")
    ax.legend(loc="lower left")

# %% [markdown]
# *Look.* Each line is a column of $W$. On the left, your $h$ sits on the tips: the result of the
# five samples is $W^T$, a direction in each row. On the right, $h$ is a sum of two directions, and
# it lies between them. Could you tell from that $h$ alone which features were active?

# %% prompt gram [markdown]
# ### Exercise 1.3: The Gram matrix
#
# How much do two features share a direction? Compute all dot products of columns of $W$:
#
# $$G = W^T W \qquad\text{that is}\qquad G_{i j} = W_i \cdot W_j$$
#
# - $W_i$ is column $i$, the direction of feature $i$. `W` has shape
#   `(*instances, hidden, features)`.
# - $G_{ij}$ is 0 where two directions are orthogonal, and negative where they point apart. The
#   diagonal holds the squared lengths. The result has shape `(*instances, features, features)`.
#
# Edge cases: as before, one instance keeps its axis, none works too, and gradients reach `W`.
# Lengths are kept: nothing is normalised.
#
# **Predict first.** Take the pentagon from the last picture, five unit vectors with equal angles.
# How many different numbers does $G$ hold, and which have a minus sign?
#
# <details><summary>Hint 1: where to start</summary>
#
# It is one matrix product. Which of `W @ W.mT` and `W.mT @ W` has the shape that you need?
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# $W W^T$ is hidden × hidden. It compares rows, that is hidden dimensions, not features. When both
# sizes are equal, no error tells you.
#
# </details>


# %% answer gram
def gram(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances features features"]:
    """All dot products of feature directions, W^T W: entry (i, j) is W_i . W_j."""
    # solution: tms_lib.models.gram


# %% check gram
check("gram")


# %% explore
def show_matrix(G: Tensor, *, title: str, limit: float, ax: plt.Axes) -> None:
    """A square matrix as a heat map with its numbers."""
    ax.imshow(G, cmap="RdBu", vmin=-limit, vmax=limit)
    for i, row in enumerate(G.tolist()):
        for j, value in enumerate(row):
            ink = "white" if abs(value) > 0.6 * limit else "black"
            ax.text(j, i, f"{value:.2f}", ha="center", va="center", color=ink, fontsize=9)
    ticks = range(len(G))
    ax.set(title=title, xlabel="feature $j$", ylabel="feature $i$", xticks=ticks, yticks=ticks)


figure, axes = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
show_matrix(gram(pentagon), title="your $W^T W$, pentagon", limit=1.2, ax=axes[0])
show_matrix(tms_lib.gram(pentagon), title="expected", limit=1.2, ax=axes[1])

# %% [markdown]
# *Look.* There are three numbers. The diagonal is 1. Neighbours have $\cos 72° = 0.31$, and the
# others $\cos 144° = -0.81$, the only ones with a minus sign. Five vectors in two dimensions cannot
# all be orthogonal, so some entries off the diagonal must be nonzero. That is the price of
# superposition, called *interference*. Which pairs interfere more strongly here, neighbours or the
# others?

# %% [markdown]
# ## A fair start
#
# Training starts from random weights. Their size matters: from too small a start, a model needs
# long to leave 0. A common rule is Glorot's, also called Xavier's. PyTorch has it as
# `torch.nn.init.xavier_normal_`. There is a trap. That function was made for one layer, not for a
# stack of models. It reads a tensor with three axes as a convolution's kernel, and takes the first
# axis, our instances, for a layer's number of outputs.

# %% prompt init_weights [markdown]
# ### Exercise 1.4: Start many models
#
# Draw the first weights of `n_instances` models. All entries are independent and normal, with
#
# $$\text{mean } 0 \quad\text{and standard deviation}\quad \sqrt{\frac{2}{m + n}}$$
#
# - $m$ is `n_hidden`, the number of hidden dimensions; $n$ is `n_features`, the number of features.
# - `generator` is the source of randomness.
# - The result has shape `(n_instances, n_hidden, n_features)` and PyTorch's usual dtype, float32.
#
# The number of instances is **not** in the formula: a model starts as it would alone. Each instance
# gets weights of its own, as each is a new attempt.
#
# **Predict first.** You start 100 models with `xavier_normal_` on the tensor of shape
# `(100, m, n)`. Are the weights larger or smaller than those of one model started the same way?
#
# <details><summary>Hint 1: where to start</summary>
#
# `torch.randn(..., generator=generator, device=generator.device)` has standard deviation 1.
# What happens to it when you multiply by a number?
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# $2/(m + n)$ is the variance. `torch.rand`, without an n at the end, is uniform and never negative.
#
# </details>


# %% answer init_weights
def init_weights(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Float[Tensor, "{n_instances} {n_hidden} {n_features}"]:
    """Glorot's start: normal with standard deviation sqrt(2 / (hidden + features))."""
    # solution: tms_lib.models.init_weights


# %% check init_weights
check("init_weights")

# %% explore
generator = torch.Generator().manual_seed(0)
counts = [1, 3, 10, 30, 100, 300, 1000]
yours, trap = [], []
for n_instances in counts:
    W = init_weights(n_instances=n_instances, n_hidden=20, n_features=50, generator=generator)
    yours.append(W.std().item())
    stack = torch.empty(n_instances, 20, 50)
    trap.append(torch.nn.init.xavier_normal_(stack, generator=generator).std().item())

figure, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
ax.axhline(math.sqrt(2 / (20 + 50)), color="0.6", lw=4, label=r"expected, $\sqrt{2/(m+n)}$")
ax.loglog(counts, yours, "ko-", label="your init_weights")
ax.loglog(counts, trap, "s--", color="C3", label="xavier_normal_ on three axes")
ax.set(xlabel="instances trained together", ylabel="standard deviation of the weights")
ax.set_ylim(1e-3, 1)
ax.legend(loc="lower left")
print(f"xavier_normal_: 1 instance {trap[0]:.4f}, 100 instances {trap[4]:.4f}")

# %% [markdown]
# *Look.* `xavier_normal_` gives smaller weights the more models you train together, and too small
# ones even for a single instance. An experiment with 1000 models would then differ from one with 10
# for a reason that has nothing to do with its question. Published notebooks contain this trap. How
# could you use `xavier_normal_` and still be fair?

# %% [markdown]
# ## Sparse features
#
# Now the data itself. A feature is 0 with probability $S = 1 - p$. Otherwise it has a value that is
# uniform on $[0, 1]$. Features know nothing of each other, nor do samples, nor do instances.

# %% prompt sample_features [markdown]
# ### Exercise 1.5: The sampler
#
# Draw a batch of samples for every instance. Independently for every entry,
#
# $$x_i = \begin{cases} \text{a draw from } U[0, 1] & \text{with probability } p_i \\
# 0 & \text{with probability } 1 - p_i \end{cases}$$
#
# - $p_i$ is the density of feature $i$. `feature_probability` has shape `(*instances, features)`.
#   Features and instances may all have different densities.
# - $U[0, 1]$ is the uniform law. A value does **not** depend on $p_i$; only its presence does.
# - `n_samples` is the batch size, `generator` the source of randomness.
# - The result has shape `(*instances, batch, features)`, and the dtype of `feature_probability`.
#
# Edge cases: $p = 0$ is never active, $p = 1$ always. There may be no instance axis. Any way of
# drawing is fine; the check compares statistics, not numbers.
#
# **Predict first.** A sample has 20 features with $p = 0.05$. How many of 1000 samples are
# entirely 0? (Almost none, about a third, or almost all?)
#
# <details><summary>Hint 1: where to start</summary>
#
# Two questions for each entry: is it there, and how large is it? For the first, `u < p` is true
# with probability $p$ if $u$ is uniform on $[0, 1)$. `p.unsqueeze(-2)` gives $p$ a batch axis of
# size 1, so that it broadcasts. `*instances, n_features = feature_probability.shape` takes the
# shape apart.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Suppose that the same $u$ is the mask (`u < p`) and the value. Whatever passes the mask is below
# $p$, so no value ever exceeds $p$. Draw the value afresh, or rescale it. Also compare the shapes
# that you draw with the shape of the result: an axis of size 1 means that entries share a draw.
#
# </details>


# %% answer sample_features
def sample_features(
    feature_probability: Float[Tensor, "*instances features"],
    n_samples: int,
    *,
    generator: torch.Generator,
) -> Float[Tensor, "*instances batch features"]:
    """Independent draws: each entry is 0 with probability 1 - p, else uniform on [0, 1]."""
    # solution: tms_lib.features.sample_features


# %% check sample_features
check("sample_features")

# %% explore
p = torch.tensor([1.0, 0.3, 0.05])
generator = torch.Generator().manual_seed(1)
x = sample_features(p.unsqueeze(-1).expand(3, 20), 1000, generator=generator)

figure, axes = plt.subplots(2, 3, figsize=(8, 5.4), layout="constrained", height_ratios=[2, 1])
for j in range(3):
    image = axes[0, j].imshow(x[j, :30], cmap="gray_r", vmin=0, vmax=1, aspect="auto")
    axes[0, j].set(title=f"p = {p[j]:g}", xlabel="feature", ylabel="sample" if j == 0 else "")
    active = x[j][x[j] != 0]
    axes[1, j].hist(active, bins=10, range=(0, 1), density=True, color="0.7", edgecolor="black")
    axes[1, j].axhline(1, color="black", ls="--")
    axes[1, j].set(ylim=(0, 1.6), xlabel="active values", ylabel="frequency" if j == 0 else "")
figure.colorbar(image, ax=axes[0, 2], label="value")
empty = (x == 0).all(-1).sum(-1).tolist()
print("samples of 1000 that are entirely 0, for each p:", *empty)
print(f"expected for p = 0.05: 1000 * 0.95^20 = {1000 * 0.95**20:.0f}")

# %% [markdown]
# *Look.* Above are 30 samples for each density, dark where the value is large. Below are the active
# values of all samples, flat at 1 up to chance for every density. At $p = 0.05$ about a third of
# the samples is empty: every feature must be 0, and that has probability $0.95^{20}$. What would
# the lower right histogram look like if one draw served as mask and value?

# %% [markdown]
# One uniform number is enough after all, if you rescale it. Given that $u < p$, the ratio $u / p$
# is uniform on $[0, 1)$ again. The library uses this: it draws once and takes $1 - u / p$.

# %% [markdown]
# ## Moments
#
# The losses of the coming chapters are means of squares. So three numbers of a feature will return
# again and again: its mean, the mean of its square, and its variance.

# %% prompt feature_moments [markdown]
# ### Exercise 1.6: The moments of a feature
#
# Let $x$ be 0 with probability $1 - p$ and uniform on $[0, 1]$ with probability $p$. Find on paper,
# then return, in this order:
#
# $$E[x], \qquad E[x^2], \qquad \mathrm{Var}[x] = E[x^2] - E[x]^2$$
#
# - $E$ is the mean over all samples, **zeros included**.
# - $p$ is `feature_probability`, a tensor of any shape.
# - The result is three tensors in the shape of $p$: the mean, the second moment and the variance.
#   Return `FeatureMoments(mean=..., second_moment=..., variance=...)`; it is a tuple whose parts
#   have names. A plain tuple will do too.
#
# Edge cases: $p = 0$ gives three zeros. $p = 1$ gives the moments of the uniform law.
#
# **Predict first.** For which $p$ is the variance largest: at 1/2, at 1, or between?
#
# <details><summary>Hint 1: where to start</summary>
#
# A mean over all samples is $p$ times the mean over the active ones, since zeros add nothing. For a
# uniform $u$ on $[0, 1]$, what are $\int_0^1 u\,du$ and $\int_0^1 u^2\,du$?
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# The uniform law has the variance 1/12, but $p/12$ is not the variance of $x$. It misses that $x$
# jumps between 0 and the active values. Use the formula, and square all of the mean, $p$ included.
#
# </details>


# %% answer feature_moments
def feature_moments(
    feature_probability: Float[Tensor, "*shape"],
) -> tuple[Float[Tensor, "*shape"], Float[Tensor, "*shape"], Float[Tensor, "*shape"]]:
    """Mean, second moment and variance of a feature that is U[0, 1] with probability p, else 0."""
    # solution: tms_lib.features.feature_moments


# %% check feature_moments
check("feature_moments")

# %% explore
generator = torch.Generator().manual_seed(2)
p = torch.linspace(0, 1, 13)
x = tms_lib.sample_features(p, 20_000, generator=generator)
sampled = x.mean(0), (x**2).mean(0), x.var(0)
fine = torch.linspace(0, 1, 301)
lines = feature_moments(fine)

figure, ax = plt.subplots(figsize=(6, 3.8), layout="constrained")
names = ["mean $E[x]$", "second moment $E[x^2]$", "variance"]
for i, name in enumerate(names):
    (drawn,) = ax.plot(fine, lines[i], ["-", "--", "-."][i], label=f"{name}, yours")
    color = drawn.get_color()
    ax.plot(p, sampled[i], "osD"[i], color=color, mfc="white", label=f"{name}, sampled")
ax.set(xlabel="density $p = 1 - S$", ylabel="moment")
ax.legend(fontsize=8)
highest = lines[2].argmax()
print(f"largest variance: {lines[2][highest]:.4f} at p = {fine[highest]:.3f}")

# %% [markdown]
# *Look.* The marks are measured in samples, the lines are your formulas. The variance is largest
# at $p = 2/3$, between 1/2 and 1. From there on, features become *less* variable as they become
# denser, because they are hardly ever 0. For small $p$ the variance is almost equal to the second
# moment. Why?

# %% [markdown]
# ## How many features at once
#
# A model can represent features badly and still do well, if the features that get in each other's
# way are rarely active together. So how many are active at once? Suppose that all $n$ features have
# the same density $p$.

# %% prompt active_count_probability [markdown]
# ### Exercise 1.7: The number of active features
#
# Compute the probability that exactly $k$ of $n$ independent features are active, for all $k$:
#
# $$P(k) = \binom{n}{k}\, p^k\, (1 - p)^{n - k}, \qquad k = 0, 1, \dots, n$$
#
# - $n$ is `n_features`. $\binom{n}{k} = \frac{n!}{k!\,(n - k)!}$ counts the sets of $k$ features.
# - $p^k$: these $k$ are active. $(1 - p)^{n - k}$: the others are not.
# - $p$ is `feature_probability`, of shape `(*instances,)`: one density per instance.
# - The result has shape `(*instances, n + 1)`: one entry for each $k$, from 0.
#
# Edge cases: $p = 0$ gives $P(0) = 1$, and $p = 1$ gives $P(n) = 1$, exactly. $n = 200$ works for
# float32 too: $\binom{200}{100}$ is about $9 \cdot 10^{58}$, too large for float32, so compute in
# float64 and convert the result back.
#
# **Predict first.** 20 features with $p = 0.05$ have one active feature on average. Is the
# probability of *exactly* one above or below 1/2?
#
# <details><summary>Hint 1: where to start</summary>
#
# $p$ needs a new last axis, `p.unsqueeze(-1)`, which broadcasts against
# `torch.arange(n + 1, device=p.device)`. `math.comb(n, k)` is the binomial coefficient, a Python
# integer of any size; make it a `float` before a tensor sees it. Or stay in logarithms, where
# `torch.lgamma(k + 1)` is $\log k!$ for a tensor $k$, and `math.lgamma(n + 1)` is $\log n!$ for a
# number $n$.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Both ends count: there are $n + 1$ entries, not $n$. With logarithms, $p = 0$ gives
# $0 \cdot \log 0$, which is NaN; `torch.xlogy(k, p)` is $k \log p$ and takes it as 0.
#
# </details>


# %% answer active_count_probability
def active_count_probability(
    feature_probability: Float[Tensor, "*instances"], n_features: int
) -> Float[Tensor, "*instances {n_features}+1"]:
    """Probability that k of n features are active at once, for k = 0, ..., n."""
    # solution: tms_lib.features.active_count_probability


# %% check active_count_probability
check("active_count_probability")

# %% explore
p = torch.tensor([0.5, 0.2, 0.05], dtype=torch.float64)
P = active_count_probability(p, 20)
k = torch.arange(21, dtype=torch.float64)
print("20 features: p   sum of P(k)   mean of k   P(0)    P(1)    P(2 or more)")
for density_, row in zip(p.tolist(), P, strict=True):
    print(
        f"{density_:16.2f} {row.sum():11.4f} {(k * row).sum():11.2f} "
        f"{row[0]:9.3f} {row[1]:7.3f} {row[2:].sum():9.3f}"
    )

# %% [markdown]
# *Look.* Each row adds up to 1, and the mean of $k$ is $n p$. At $p = 0.05$ exactly one feature is
# active with probability 0.38, below 1/2. About as often none is active, and in a quarter of the
# samples there are two or more. Only in those do active features meet. What is their share at
# $p = 0.5$?

# %% [markdown]
# ## Which features together
#
# The count does not say *which* features meet. In real data, some are always active together, and
# some never. To see that in a batch, count pairs.

# %% prompt cooccurrence [markdown]
# ### Exercise 1.8: Co-occurrence
#
# Compute for every pair of features the fraction of samples in which both are active:
#
# $$C_{i j} = \frac{1}{B} \sum_{s = 1}^{B} a_{s i}\, a_{s j}, \qquad
# a_{s i} = \begin{cases} 1 & \text{if } x_{s i} \neq 0 \\ 0 & \text{otherwise} \end{cases}$$
#
# - $x_{s i}$ is feature $i$ in sample $s$. `x` has shape `(*instances, batch, features)`.
# - $B$ is the batch size. $a_{s i}$ says whether the feature is active; its size plays no role.
# - The result has shape `(*instances, features, features)` and the dtype of `x`. Its diagonal is
#   how often each feature is active.
#
# Edge cases: negative values are active too. A feature that is never active has a row and a column
# of zeros. One instance keeps its axis, and none works too.
#
# **Predict first.** Two features have $p = 0.3$ each. How often are both active if they are
# independent? And if one mask decides for both?
#
# <details><summary>Hint 1: where to start</summary>
#
# Make the mask `x != 0`, turn it into numbers with `.to(x.dtype)`, and look at the sum over $s$: it
# has the form of Exercise 1.3.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# With the values instead of the mask you get the mean of $x_i x_j$, which is smaller. And `x > 0`
# misses negative values, as data on $[-1, 1]$ has them.
#
# </details>


# %% answer cooccurrence
def cooccurrence(
    x: Float[Tensor, "*instances batch features"],
) -> Float[Tensor, "*instances features features"]:
    """Fraction of the samples in which features i and j are active (nonzero) together."""
    # solution: tms_lib.features.cooccurrence


# %% check cooccurrence
check("cooccurrence")

# %% explore
generator = torch.Generator().manual_seed(3)
p = torch.tensor([0.8, 0.5, 0.3, 0.3])
independent = tms_lib.sample_features(p, 20_000, generator=generator)
paired = independent.clone()
paired[:, 3] = torch.rand(20_000, generator=generator) * (paired[:, 2] != 0)  # one mask for both
expected = torch.outer(p, p).fill_diagonal_(0) + torch.diag(p)

figure, axes = plt.subplots(1, 3, figsize=(9, 3.3), layout="constrained")
show_matrix(cooccurrence(independent), title="yours, independent", limit=1.2, ax=axes[0])
show_matrix(expected, title="expected, $p_i p_j$", limit=1.2, ax=axes[1])
show_matrix(cooccurrence(paired), title="yours, 2 and 3 paired", limit=1.2, ax=axes[2])

# %% [markdown]
# *Look.* Independent features with $p = 0.3$ meet in $0.3^2 = 0.09$ of the samples. With one mask
# for both it is 0.3. The diagonals of the two batches are nearly the same: how often each feature
# is active says nothing about how often they meet. Which entries would be 0 if features 2 and 3
# excluded each other?

# %% [markdown]
# ## Two questions in words

# %% question reductions [markdown]
# ### Question 1.9: Mean and sum
#
# *5 minutes · 2 points, graded by hand*
#
# In the next chapter, an instance's loss is the **mean** over its batch. Training then minimises
# the **sum** of the losses of all instances. Explain both choices. What would change for one
# instance if training took the mean over the instances, and the number of instances grew from 1 to
# 100?

# %% written reductions [markdown] points=2 minutes=5
# ### BEGIN SOLUTION
# **Model answer.** The loss we mean is an expectation over the data. The mean over the batch
# estimates it, and its size does not depend on the batch size. So a batch twice as large gives less
# noise, not a gradient twice as large, and the learning rate keeps its meaning.
#
# The instances are separate models. The loss of instance $a$ depends on its own weights only, so in
# the gradient of the sum, $\partial / \partial W^{(a)} \sum_b L^{(b)} = \partial L^{(a)} / \partial
# W^{(a)}$: each instance gets the gradient that it would get alone. With the mean over 100
# instances, this gradient is divided by 100. Gradient descent would then move every model 100 times
# more slowly, for no reason but the company that it is in. (Adam rescales gradients and would hide
# most of it, but not all.)
#
# **Rubric.** 2 points: the batch mean as an estimate whose scale does not depend on the batch size,
# *and* that the sum leaves each instance's gradient as it would be alone while the mean divides it
# by the number of instances. 1 point: one of the two, or both without a reason. 0 points: neither,
# or instances treated as samples of one model.
# ### END SOLUTION

# %% question collisions [markdown]
# ### Question 1.10: Why sparsity helps
#
# *5 minutes · 2 points, graded by hand*
#
# A model with one hidden dimension keeps two features in opposite directions, $W_j = -W_i$. A ReLU
# at its output tells the signs apart. So it gets a sample right if only one of the two is active.
# If both are, they cancel in part or wholly, and it gets the sample wrong. Both have density $p$
# and are independent.
#
# The density falls from 0.5 to 0.05. By which factor does the number of samples fall in which
# feature $i$ is active? By which factor the number in which both are? Conclude why it becomes worth
# while to share a dimension as features become sparse. What changes if $i$ and $j$ are always
# active together?

# %% written collisions [markdown] points=2 minutes=5
# ### BEGIN SOLUTION
# **Model answer.** Feature $i$ is active with probability $p$: from 0.5 to 0.05, 10 times more
# rarely. Both are active with probability $p^2$: from 0.25 to 0.0025, 100 times more rarely. What
# there is to gain from representing a feature falls like $p$. The harm from sharing falls like
# $p^2$. Harm over gain falls like $p$, so for small enough $p$ sharing costs less than it brings.
# If the two are always active together, that happens with probability $p$. The harm then falls no
# faster than the gain, and sparsity makes sharing no cheaper.
#
# **Rubric.** 2 points: the factors 10 and 100 (or $p$ and $p^2$), the comparison of gain and harm,
# *and* the case of features that are always together. 1 point: the factors, but no conclusion; or a
# right conclusion without the factors. 0 points: neither.
# ### END SOLUTION

# %% [markdown]
# ## The big picture
#
# Your sampler and your formula should agree. Take 20 features at three sparsities, draw 20 000
# samples, count the active features in each, and compare with $P(k)$.

# %% explore
sparsity = torch.tensor([0.5, 0.8, 0.95])
labels = [f"S = {s:g}" for s in sparsity.tolist()]
generator = torch.Generator().manual_seed(4)


def sampled_counts(x: Tensor) -> Tensor:
    """Fraction of the samples with k active features; instances counts."""
    n_active = (x != 0).sum(-1)
    return torch.stack([(n_active == k).float().mean(-1) for k in range(x.shape[-1] + 1)], dim=-1)


figure, axes = plt.subplots(2, 1, figsize=(8, 6.5), layout="constrained", sharex=True, sharey=True)
for ax, title, make_p, draw, predict in [
    (axes[0], "yours", density, sample_features, active_count_probability),
    (
        axes[1],
        "expected",
        tms_lib.density,
        tms_lib.sample_features,
        tms_lib.active_count_probability,
    ),
]:
    p = make_p(sparsity)
    x = draw(p.unsqueeze(-1).expand(3, 20), 20_000, generator=generator)
    tms_lib.plot_active_counts(predict(p, 20), sampled_counts(x), labels=labels, ax=ax)
    ax.set_title(f"{title}: active features out of 20")

# %% [markdown]
# The bars are samples, the marks are the formula. At $S = 0.5$ about ten features compete for the
# hidden dimensions in every sample. At $S = 0.95$ there is mostly one or none. A model with fewer
# dimensions than features then has room for all of them, as long as it does not need all of them at
# once. This is what the rest of the course is about.
#
# ## What you have now
#
# - Data is `(instances, batch, features)`, weights are `(instances, hidden, features)`, and
#   $h = W x$.
# - The density $p = 1 - S$ is how often a feature is active. It does not change how large it is
#   then.
# - $E[x] = p/2$, $E[x^2] = p/3$, $\mathrm{Var}[x] = p/3 - p^2/4$.
# - The number of active features is binomial. Two independent features meet with probability
#   $p_i p_j$.
# - Weights start at a scale that depends on the model's own sizes only.
#
# **In the paper.** Elhage et al. (2022), "Toy Models of Superposition", section *Demonstrating
# Superposition*: the features, their sparsity and importance, and the models that see them.
#
# **Next.** Chapter 2 builds the two models, their loss and their training, and watches five
# features find their places in two dimensions.
