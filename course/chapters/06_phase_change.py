# %% [markdown]
# # Chapter 6: A phase change
#
# There is one feature too many. Two features want one dimension, or three want two. What becomes of
# the extra one? It can be left out. It can push another feature out. Or it can share a dimension.
# In this chapter you work out what each of these costs, draw the map of which one is cheapest, and
# train models to see whether they agree. The borders on this map are sharp. A model does not slide
# from one solution into another; it jumps.
#
# **You will**
#
# - derive the losses of the candidate solutions, and the boundaries between them;
# - draw the theoretical phase diagram over density and relative importance;
# - write the exact expected loss of two features for *any* weights and biases;
# - tell which solution trained weights are, although $W$ and $-W$ are the same solution;
# - train a whole grid of models on the exact loss, without sampling noise;
# - find out where theory and experiment differ, and why.
#
# **You need** chapters 1 to 3: density and moments of a feature, the ReLU output model, its loss,
# why one keeps the best of several seeds, and that an ignored feature is answered by its mean. From
# chapter 5 you need what one active feature costs at its own output and at another one; both
# are repeated here. The four rules for all answers in chapter 1 hold here too: arguments stay as
# they are, dtype and device are kept, instances do not mix, and all randomness comes from
# `generator`.
#
# **How it works:** run the cells from top to bottom, write your answer in place of
# `raise NotImplementedError()`, run the check below it, and read what it says. About 130 minutes.

# %% setup
# %load_ext jaxtyping
# %jaxtyping.typechecker beartype.beartype

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

import tms_lib
from autograder import check
from tms_lib import FeatureSampler, Phase, ReLUOutputModel, TrainConfig, best_of_seeds
from tms_lib import both_active_error, dedicated_loss, expected_loss, interference_error
from tms_lib import minimise, own_error, phase_optimum, plot_phase_diagram, plot_phase_map
from tms_lib import relu_output, sample_features, train, weighted_mse

torch.set_num_threads(1)  # steps are too small to share, and waiting threads slow them down

# %% [markdown]
# ## Three ways to use one dimension
#
# Begin with two features and one hidden dimension. The model is $x' = \mathrm{ReLU}(W^T W x + b)$
# with $W = (w_0, w_1)$. Both features have the density $p$. Feature 0 has importance 1. Feature 1
# is the **extra feature** and has the **relative importance** $r$: less important than the other if
# $r < 1$, more important if $r > 1$.
#
# Here are three solutions that you could write down by hand:
#
# | number | name | $W$ | $b$ | the extra feature |
# |---|---|---|---|---|
# | 0 | ignored | $(1, 0)$ | $(0, p/2)$ | is left out |
# | 1 | dedicated | $(0, 1)$ | $(p/2, 0)$ | has the dimension to itself |
# | 2 | superposed | $(1, -1)$ | $(0, 0)$ | shares it, as an antipodal pair |
#
# They are called **candidates**. Which of them is best depends on two numbers only, $p$ and $r$.

# %% prompt ignored_loss [markdown]
# ### Exercise 6.1: The price of ignoring
#
# What does it cost to leave the extra feature out? Feature 0 comes back exactly. The output of the
# extra feature is a constant, its bias, whatever the input is. The best constant is the mean, so
# the variance is lost:
#
# $$L_\text{ignored} = r \, \sigma^2, \qquad \sigma^2 = \mathrm{Var}[x_1]$$
#
# - $p$ is `feature_probability`, the density $1 - S$ of both features. A feature is 0 with
#   probability $1 - p$ and uniform on $[0, 1]$ otherwise.
# - $r$ is `relative_importance`, the importance of the extra feature.
# - $\sigma^2$ is the variance of one feature. Work it out from $p$: chapter 1 has the mean $p/2$
#   and the mean square $p/3$.
# - Both arguments broadcast, and the result has the shape they broadcast to. Densities of shape
#   `(densities, 1)` and importances of shape `(importances)` give a whole grid,
#   `(densities, importances)`.
#
# Edge cases: at $p = 0$ and at $r = 0$ ignoring costs nothing. A single point has no axes.
#
# **Predict first.** A feature that is never active costs nothing to ignore. Is it most expensive
# to ignore a feature that is always active?
#
# <details><summary>Hint 1: where to start</summary>
#
# Variance is the mean square minus the square of the mean. `tms_lib.feature_moments(p)` has all
# three as `.mean`, `.second_moment` and `.variance`.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# $p/3$ is the price of answering 0. Answering the mean is cheaper. And the mean is over all inputs,
# the zeros included.
#
# </details>


# %% answer ignored_loss
def ignored_loss(
    feature_probability: Float[Tensor, "*#grid"], relative_importance: Float[Tensor, "*#grid"]
) -> Float[Tensor, "*grid"]:
    """The loss if the extra feature is ignored and answered by its mean."""
    # solution: tms_lib.theory.phase_change.ignored_loss


# %% check ignored_loss
check("ignored_loss")


# %% explore
def sampled_loss(W, b, p, r, n_samples=200_000):
    """The loss of one model, measured on samples."""
    x = sample_features(torch.full((2,), p), n_samples, generator=torch.Generator().manual_seed(0))
    x_hat = relu_output(x, W=torch.tensor(W), b=torch.tensor(b))
    return weighted_mse(x, x_hat, importance=torch.tensor([1.0, r])).item()


p = torch.linspace(0, 1, 101)
few = [0.1, 0.3, 0.5, 2 / 3, 0.8, 1.0]
figure, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
for r, style in [(1.0, "-"), (0.5, "--")]:
    ax.plot(p, ignored_loss(p, torch.tensor(r)), style, color="0.4", label=f"yours, $r$ = {r}")
    measured = [sampled_loss([[1.0, 0.0]], [0.0, q / 2], q, r) for q in few]
    ax.plot(few, measured, "kx", ms=8, label="expected: samples" if r == 1 else None)
ax.set(xlabel="density $p$", ylabel="loss if ignored", ylim=(0, None))
ax.legend()
plt.show()
costly = ignored_loss(p, torch.tensor(1.0)).argmax()
print(f"largest at p = {p[costly]:.2f}")

# %% [markdown]
# *Look.* The curve has its top at $p = 2/3$, not at 1. A feature that is always active is easier
# to guess: it is uniform, and 1/2 is a fair answer. At $p = 2/3$ the guess also has to make do with
# the zeros.
#
# For small $p$ the curve is almost the straight line $r p / 3$. Why does the bias hardly help
# there?
#
# The second candidate needs no work. If the extra feature pushes the *other* one out, the same
# variance is lost, at importance 1: $L_\text{dedicated} = \sigma^2$, whatever $r$ is.

# %% prompt antipodal_loss [markdown]
# ### Exercise 6.2: The price of sharing
#
# Now both features use the dimension, with opposite signs: $W = (1, -1)$ and $b = 0$. The hidden
# number is $x_0 - x_1$, and the two outputs are $\mathrm{ReLU}(x_0 - x_1)$ and
# $\mathrm{ReLU}(x_1 - x_0)$. Write $L_\text{superposed}$, the expected loss
# $E[(x_0 - x_0')^2] + r \, E[(x_1 - x_1')^2]$ of this pair, as a formula in $p$ and $r$.
#
# Go through the four cases:
#
# - no feature is active: both outputs are 0;
# - one feature is active: what does each output show?
# - both are active, with values $u$ and $v$ that are independent and uniform on $[0, 1]$: by how
#   much does each output miss? You will need $E[\min(u, v)^2]$.
#
# Then add them up, weighted with their probabilities.
#
# - $p$ is `feature_probability`; each feature is active with probability $p$, independently.
# - $r$ is `relative_importance`. Feature 0 has importance 1.
# - Both broadcast as in exercise 6.1.
#
# Edge case: at $r = 0$ the output of feature 0 still errs.
#
# **Predict first.** As $p$ goes to 0, which falls faster: the price of ignoring or the price of
# sharing?
#
# <details><summary>Hint 1: where to start</summary>
#
# Let $u > v$. Then output 0 shows $u - v$ where $u$ was needed, and output 1 shows 0 where $v$ was
# needed. Both miss by the same number.
#
# </details>
#
# <details><summary>Hint 2: the mean of the squared minimum</summary>
#
# $\min(u, v) > t$ has the probability $(1 - t)^2$. For any variable between 0 and 1,
# $E[Z^2] = \int_0^1 2t \, P(Z > t) \, dt$. And beware of the mean of $\min(u, v)$ itself, which is
# $1/3$: its square is not what you need.
#
# </details>


# %% answer antipodal_loss
def antipodal_loss(
    feature_probability: Float[Tensor, "*#grid"], relative_importance: Float[Tensor, "*#grid"]
) -> Float[Tensor, "*grid"]:
    """The loss if both features share the dimension as W = [1, -1] without bias."""
    # solution: tms_lib.theory.phase_change.antipodal_loss


# %% check antipodal_loss
check("antipodal_loss")

# %% explore
r = 0.5
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for ax in axes:
    ax.plot(p, tms_lib.ignored_loss(p, torch.tensor(r)), "--", color="0.4", label="ignored")
    ax.plot(p, antipodal_loss(p, torch.tensor(r)), "-", color="0.1", label="superposed: yours")
    measured = [sampled_loss([[1.0, -1.0]], [0.0, 0.0], q, r) for q in few]
    ax.plot(few, measured, "kx", ms=8, label="superposed, expected: samples")
    ax.set(xlabel="density $p$", ylabel=f"loss at $r$ = {r}")
axes[0].legend()
axes[1].set(xscale="log", yscale="log", xlim=(0.02, 1.1), ylim=(1e-4, 0.4))
plt.show()

# %% [markdown]
# *Look.* The pair is exact until both features are active at once. That has probability $p^2$, so
# its loss falls with the square of $p$; ignoring costs about $r p / 3$. On the log axes, right,
# this is the steeper line. However small $r$ is, the pair wins once the features are sparse enough.
#
# Read off where the lines cross. You will compute that point soon. Which way does it move if $r$
# gets smaller?

# %% [markdown]
# ## One feature too many, again
#
# With three features and two dimensions there is also one feature too many. Let features 0 and 1
# have importance 1; feature 2 is the extra one and has importance $r$. The three candidates from
# above still exist. Each of them uses one dimension as before, and the third feature has the
# other dimension to itself. And there is a fourth: the two *others* share a dimension, and the
# extra feature gets one alone.

# %% prompt phase_losses [markdown]
# ### Exercise 6.3: All candidates
#
# Give the losses of all candidates, stacked along a new last axis, in this order:
#
# | number | name | what happens | for $n = 2$ | for $n = 3$ |
# |---|---|---|---|---|
# | 0 | ignored | the extra feature is left out | yes | yes |
# | 1 | dedicated | **one** of the others is left out | yes | yes |
# | 2 | superposed | the extra feature and **one** other are an antipodal pair | yes | yes |
# | 3 | others superposed | the two others are an antipodal pair | no | yes |
#
# - $n$ is `n_features`, 2 or 3. The number of dimensions is $n - 1$.
# - $p$ is `feature_probability`, the density of every feature. $r$ is `relative_importance`, the
#   importance of the extra feature; all others have importance 1. Both broadcast to a grid.
# - A feature that is left out costs its importance times its variance. A pair costs
#   $(I_i + I_j) \, p^2 / 6$. A feature alone in its dimension costs nothing.
# - The result has the shape `(*grid, phases)`: three numbers for each point if $n = 2$, four if
#   $n = 3$.
#
# You may use `tms_lib.ignored_loss`, `tms_lib.dedicated_loss` and `tms_lib.antipodal_loss`, which
# take `(p, r)`.
#
# Edge case: candidates 1 and 3 do not depend on $r$, but their numbers still fill the whole grid.
#
# **Predict first.** Three features with $r = 5$. Will the extra feature be in a pair?
#
# <details><summary>Hint 1: where to start</summary>
#
# `torch.stack([...], dim=-1)` wants tensors of one shape. The pair of the two others is an
# antipodal pair with relative importance 1.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# There is one feature too many, not two. With $n = 3$ candidate 1 leaves out one of the others and
# keeps the second.
#
# </details>


# %% answer phase_losses
def phase_losses(
    feature_probability: Float[Tensor, "*#grid"],
    relative_importance: Float[Tensor, "*#grid"],
    *,
    n_features: int,
) -> Float[Tensor, "*grid phases"]:
    """The losses of all candidates: three of them for two features, four for three."""
    # solution: tms_lib.theory.phase_change.phase_losses


# %% check phase_losses
check("phase_losses")

# %% explore
names = ["ignored", "dedicated", "superposed", "others superposed"]
r = torch.logspace(-1, 1, 81)
figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained", sharey=True)
for ax, density in zip(axes, (0.8, 0.3), strict=True):
    losses = phase_losses(torch.tensor(density), r, n_features=3)
    for k, style in enumerate(["--", ":", "-", "-."]):
        ax.loglog(r, losses[:, k], style, color="0.3", label=names[k])
    expected = tms_lib.phase_losses(torch.tensor(density), r, n_features=3).amin(-1)
    ax.loglog(r, expected, color="0.8", lw=7, zorder=0, label="least, expected")
    ax.set(xlabel="relative importance $r$", title=f"three features, $p$ = {density}")
axes[0].set(ylabel="loss")
axes[0].legend(fontsize=8)
plt.show()

# %% [markdown]
# *Look.* The grey band is the least loss, by the library. It should always lie on the lowest of
# your lines. With dense features, left, nobody shares. With sparser ones, right, the extra feature
# is left out only while $r$ is small. Then it shares with one of the others, and from $r = 1$ on
# the two others share: the more important feature keeps a dimension for itself. So with $r = 5$ the
# extra feature is never in a pair.
#
# The least loss is continuous, but it has corners. What happens to the best *weights* at a corner?

# %% prompt theoretical_phase [markdown]
# ### Exercise 6.4: The phase diagram
#
# At each point of the grid, give the number of the cheapest candidate:
#
# $$\text{phase}(p, r) = \arg\min_k L_k(p, r)$$
#
# - $L_k$ is the loss of candidate $k$, with the numbers of exercise 6.3. You may use
#   `tms_lib.phase_losses(p, r, n_features=...)`.
# - `feature_probability`, `relative_importance` and `n_features` are as before.
# - The result is an integer tensor of the shape of the grid.
#
# Edge case: where several candidates cost the same, the first of them counts. At $p = 0$ that is
# number 0.
#
# **Predict first.** Draw a square on paper, with $r$ from 0.1 to 10 to the right and $p$ from 0.01
# at the bottom to 1 at the top. Sketch the regions for two features.
#
# <details><summary>Hint 1: where to start</summary>
#
# Over which axis of the losses do the candidates run?
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `argmin()` without an axis gives one number for the whole grid. And `min` gives the loss, not the
# number of the candidate.
#
# </details>


# %% answer theoretical_phase
def theoretical_phase(
    feature_probability: Float[Tensor, "*#grid"],
    relative_importance: Float[Tensor, "*#grid"],
    *,
    n_features: int,
) -> Int[Tensor, "*grid"]:
    """The number of the candidate with the least loss; where several have it, the first."""
    # solution: tms_lib.theory.phase_change.theoretical_phase


# %% check theoretical_phase
check("theoretical_phase")

# %% explore
densities, importances = torch.logspace(-2, 0, 60), torch.logspace(-1, 1, 60)
axes_of_grid = {"feature_probability": densities, "importance": importances}
figure, axes = plt.subplots(1, 2, figsize=(9, 4.4), layout="constrained")
for ax, n in zip(axes, (2, 3), strict=True):
    yours = theoretical_phase(densities[:, None], importances, n_features=n)
    expected = tms_lib.theoretical_phase(densities[:, None], importances, n_features=n)
    plot_phase_diagram(yours, **axes_of_grid, labels=names[: n + 1], ax=ax)
    print(f"n = {n}: {int((yours == expected).sum())} of {expected.numel()} points as expected")
plt.show()

# %% [markdown]
# *Look.* Left, two features in one dimension; right, three in two. Dense is on top. The more
# important feature is kept there. Below, features share. With two features the region of the pair
# is highest at $r = 1$ and gets lower to both sides, as a mirror image. With three features the
# right side is different: there the pair consists of the two others.
#
# Why does the border on the right not depend on $r$ any more? What does a model do with the extra
# feature at $r = 10$ and $p = 0.3$, with two features and with three?

# %% prompt superposition_boundary [markdown]
# ### Exercise 6.5: The boundary
#
# The diagram has a curve below which superposition is cheapest. Give this density $p^*(r)$ as a
# formula:
#
# $$\min(L_\text{ignored}, L_\text{dedicated}) = L_\text{cheapest pair}
# \quad\text{at}\quad p = p^*$$
#
# - $r$ is `relative_importance`, of any shape. The result has the same shape.
# - $n$ is `n_features`, 2 or 3. For $n = 3$ the cheapest pair is candidate 2 or candidate 3.
# - The losses are those of exercise 6.3, with $\sigma^2 = p/3 - p^2/4$.
#
# Do it in three steps, with pencil and paper. Take $n = 2$ and $r < 1$ first: which of the first
# two candidates is cheaper? Set it equal to the pair's loss, divide by $p$, and solve for $p$. Then
# do $n = 2$ and $r > 1$. Then ask what changes with $n = 3$.
#
# Edge cases: $p^*(0) = 0$. At $r = 1$ all your formulas should agree; every phase meets there.
#
# **Predict first.** Two features, the extra one ten times *more* important. Is $p^*$ the same as
# for ten times *less* important?
#
# <details><summary>Hint 1: where to start</summary>
#
# For $n = 2$ and $r < 1$: $\; r \left(\frac{p}{3} - \frac{p^2}{4}\right) = (1 + r) \frac{p^2}{6}$.
# Multiply by 12 and divide by $p$. `torch.where(r < 1, ..., ...)` puts two formulas together.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# The two sides of $r = 1$ need different formulas, since the feature that would be left out is not
# the same. With $n = 3$ and $r > 1$, the price of the cheapest pair does not contain $r$.
#
# </details>


# %% answer superposition_boundary
def superposition_boundary(
    relative_importance: Float[Tensor, "*grid"], *, n_features: int
) -> Float[Tensor, "*grid"]:
    """The density below which a pair is the cheapest candidate."""
    # solution: tms_lib.theory.phase_change.superposition_boundary


# %% check superposition_boundary
check("superposition_boundary")

# %% explore
figure, axes = plt.subplots(1, 2, figsize=(9, 4.4), layout="constrained")
for ax, n in zip(axes, (2, 3), strict=True):
    expected = tms_lib.theoretical_phase(densities[:, None], importances, n_features=n)
    plot_phase_diagram(expected, **axes_of_grid, labels=names[: n + 1], ax=ax)
    ax.plot(importances, superposition_boundary(importances, n_features=n), "w--", lw=2)
plt.show()
tenth_and_ten = superposition_boundary(torch.tensor([0.1, 0.5, 1.0, 10.0]), n_features=2)
print("p* at r = 0.1, 0.5, 1, 10:", [round(v, 3) for v in tenth_and_ten.tolist()])

# %% [markdown]
# *Look.* Your dashed curve should run along the border of the expected diagram. With two features
# it is the same for $r$ and $1/r$: exchanging the features exchanges their importances, and
# dividing all importances by $r$ changes no choice. The highest point is $p^* = 4/7 \approx 0.571$
# at $r = 1$.
#
# Compare $p^*(0.5)$ with the crossing that you read off in exercise 6.2.

# %% [markdown]
# ## Any weights, any bias
#
# So far we compared three solutions that we made up. Perhaps there are better ones. To find out, we
# need the loss of *any* $W$ and $b$. One could sample, but the differences are small. For two
# features we can do better: there are only four patterns of activity, and the mean of each is an
# integral that can be solved.
#
# Look at output $i$, and call the other feature $j$. The output shows
# $[\,\|W_i\|^2 x_i + W_i \cdot W_j \, x_j + b_i\,]$, where $[z] = \max(z, 0)$. The **gains**
# $g = \|W_i\|^2$ and $g' = W_i \cdot W_j$ say how strongly either feature gets there.
#
# | active | probability | mean squared error at output $i$ |
# |---|---|---|
# | both | $p_i \, p_j$ | $Q_i = \int_0^1 \! \int_0^1 (x - [g x + g' y + b_i])^2 \, dx \, dy$ |
# | $i$ only | $p_i (1 - p_j)$ | $A_i = \int_0^1 (x - [g x + b_i])^2 \, dx$ |
# | $j$ only | $(1 - p_i) \, p_j$ | $B_i = \int_0^1 [g' y + b_i]^2 \, dy$ |
# | none | $(1 - p_i)(1 - p_j)$ | $[b_i]^2$ |
#
# The library has the three integrals: $Q$ is `both_active_error(g, g', bias=b)`, $A$ is
# `own_error(g, b)`, and $B$ is `interference_error(g', b)`. They work elementwise on tensors, and
# gradients flow through them.

# %% prompt two_feature_loss [markdown]
# ### Exercise 6.6: The exact loss
#
# Put the four patterns together. For two features and any number of hidden dimensions,
#
# $$L = \sum_{i} I_i \Bigl\{ p_i p_j \, Q_i + p_i (1 - p_j) \, A_i + (1 - p_i) \, p_j \, B_i
# + (1 - p_i)(1 - p_j) \, [b_i]^2 \Bigr\}$$
#
# - $i$ runs over both features, and $j$ is the other one.
# - $p_i$ is `feature_probability`. The two features may have **different** densities.
# - $I_i$ is `importance`, and counts for the error at output $i$.
# - $Q_i$, $A_i$, $B_i$ are the errors of the table, with the gains of output $i$ and the bias
#   $b_i$. Use `tms_lib.both_active_error`, `tms_lib.own_error` and `tms_lib.interference_error`.
# - `W` has the axes `*instances hidden 2` and `b` has `*instances 2`. `feature_probability` and
#   `importance` have `*instances 2`. All of them broadcast: missing instance axes, and a last axis
#   of size 1 that stands for both features.
# - The result has the axes `*instances`. Gradients must flow to `W` and `b`, since you will train
#   on this loss.
#
# Edge cases: $p = 0$, $p = 1$, and columns of $W$ that are zero need no special treatment.
#
# **Predict first.** What must your function give for $W = (1, -1)$, $b = 0$? You have a formula for
# it.
#
# <details><summary>Hint 1: where to start</summary>
#
# `gain = W.mT @ W` holds all dot products, 2 by 2. The own gains are its diagonal:
# `gain.diagonal(dim1=-2, dim2=-1)`. The gain from the other feature is the same number for both
# outputs. For the density of the other feature, `.flip(-1)` exchanges the two.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# "$i$ only" contains the factor $1 - p_j$: the other one must be absent. A negative bias costs
# nothing on the empty input, because of the ReLU: use `b.clamp(min=0)`.
#
# </details>


# %% answer two_feature_loss
def two_feature_loss(
    W: Float[Tensor, "*#instances hidden 2"],
    b: Float[Tensor, "*#instances 2"],
    *,
    feature_probability: Float[Tensor, "*#instances #2"],
    importance: Float[Tensor, "*#instances #2"],
) -> Float[Tensor, "*instances"]:
    """The expected loss for two features: a sum over which of them are active."""
    # solution: tms_lib.theory.relu_loss.two_feature_loss


# %% check two_feature_loss
check("two_feature_loss")

# %% explore
one_density, equal = torch.tensor([0.3]), torch.ones(2)
pair = torch.tensor([[1.0, -1.0]])
exact = two_feature_loss(pair, torch.zeros(2), feature_probability=one_density, importance=equal)
print(f"the pair at p = 0.3: {exact.item():.4f}, by exercise 6.2: {0.3**2 / 3:.4f}")

common = torch.linspace(0, 0.2, 201)  # the same bias at both outputs
figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
for density, style in [(0.1, ":"), (0.3, "--"), (0.5, "-")]:
    loss = two_feature_loss(
        pair,
        common[:, None].expand(-1, 2),
        feature_probability=torch.tensor([density]),
        importance=equal,
    )
    relative = loss / loss[0]
    axes[0].plot(common, relative, style, color="0.3", label=f"$p$ = {density}")
    axes[0].plot(common[loss.argmin()], relative.min(), "ko")
    rule = density**2 / (6 * (1 - density))
    print(f"p = {density}: best bias {common[loss.argmin()]:.3f}, p^2 / (6 (1 - p)) = {rule:.3f}")
axes[0].set(xlabel="bias of both outputs", ylabel="loss / loss at $b = 0$", ylim=(0.9, 1.1))
axes[0].set_title("the pair $W = (1, -1)$: your loss")
axes[0].legend()

x = sample_features(torch.full((40, 2), 0.4), 20_000, generator=torch.Generator().manual_seed(0))
noise = torch.Generator().manual_seed(1)
W = torch.randn(40, 1, 2, generator=noise)
b = 0.3 * torch.randn(40, 2, generator=noise)
measured = weighted_mse(x, relu_output(x, W=W, b=b), importance=equal)
exact = two_feature_loss(W, b, feature_probability=torch.tensor([0.4]), importance=equal)
axes[1].loglog(exact, measured, "ko", ms=4, fillstyle="none")
axes[1].loglog([0.1, 20], [0.1, 20], color="0.6", label="expected: equal")
axes[1].set(xlabel="your exact loss", ylabel="loss of 20,000 samples", title="40 random models")
axes[1].legend()
plt.show()

# %% [markdown]
# *Look.* On the right, every model should lie on the line. On the left, the dots mark the best bias
# of the pair. It is not 0. If both features are active, both outputs of the pair are too low, and a
# positive bias makes up for a part. Its price is an error whenever nothing is there to be answered.
# For sparse features the best bias is close to $p^2 / (6 (1 - p))$: tiny at $p = 0.1$, and
# noticeable at $p = 0.5$.
#
# So the candidate "superposed" was not quite the best pair. The other two candidates cannot be
# improved in this way: $p/2$ is already the best bias for them. What follows for the boundary?

# %% [markdown]
# ### Sliding or jumping
#
# Can a model slide from "ignored" to "superposed"? Take the weights $W = (1, -t)$. At $t = 0$ the
# extra feature is ignored; at $t = 1$ it is in a pair. For each $t$, the cell below searches the
# best two biases on a grid, with the exact loss.

# %% explore
t = torch.linspace(0, 1.2, 61)
path = torch.stack([torch.ones_like(t), -t], dim=-1).reshape(61, 1, 1, 2)
grid_of_b = torch.cartesian_prod(torch.linspace(0, 0.1, 11), torch.linspace(0, 0.4, 41))
figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
for density, style in [(0.3, ":"), (0.48, "-"), (0.7, "--")]:
    loss = tms_lib.two_feature_loss(
        path,
        grid_of_b,
        feature_probability=torch.tensor([density]),
        importance=torch.tensor([1.0, 0.5]),
    ).amin(-1)
    axes[0].plot(t, loss / loss[0], style, color="0.3", label=f"$p$ = {density}")
    if density == 0.48:
        ridge = loss[: int(loss.argmin())].max()
        print(f"p = 0.48: the ridge is {ridge / loss[0] - 1:.1%} higher than t = 0,")
        print(f"and the second valley is {1 - loss.min() / loss[0]:.1%} lower")
axes[0].set(xlabel="$t$ in $W = (1, -t)$", ylabel="loss / loss at $t = 0$", ylim=(0.9, 1.1))
axes[0].set_title("from ignored to superposed, $r$ = 0.5")
axes[0].legend()

line = torch.linspace(0.3, 0.7, 81)
first, extra = phase_optimum(line, torch.tensor(0.5)).W[:, 0].abs().T
axes[1].plot(line, first, "s", ms=4, color="0.7", label="feature 0")
axes[1].plot(line, extra, ".", ms=4, color="0.1", label="the extra feature")
print(
    f"best |w| of the extra feature: {extra[extra > 0.1].min():.2f} or more, else {extra.min():.2f}"
)
axes[1].set(xlabel="density $p$", ylabel="$|w|$ of the best model", title="the best weights")
axes[1].legend()
plt.show()

# %% [markdown]
# *Look.* At $p = 0.3$ the way leads downhill to the pair, and at $p = 0.7$ uphill. At $p = 0.48$,
# near the border, both ends are valleys, and a ridge lies between them. It is low, but it is there:
# the model in between is worse than both. So as $p$ falls, the best model changes from one valley
# to the other all at once. The right picture shows the jump, from 0 to about 0.8.
#
# What would the right picture look like, if there were a single valley that moves?

# %% question first_order [markdown]
# ### Question: a jump
#
# *6 minutes · 2 points, graded by hand*
#
# Physicists call a phase change *first order* if the best state jumps at the border, while its
# energy stays continuous. Read the loss as the energy and the weights as the state.
#
# 1. Is the change from "ignored" to "superposed" of first order? Say what the pictures above show
#    about the least loss, about its slope, and about the best weights.
# 2. A model is trained at a density just below the border. It started near "ignored". What may
#    happen, and what does that mean for how we run experiments?

# %% written first_order [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** It is of first order. At the border the losses of both solutions are equal, so
# the least loss is continuous. Its slope is not: different candidates are cheapest on the two
# sides, and their losses cross at an angle (the corners in exercise 6.3). The best weights jump:
# $|w_1|$ goes from 0 to about 0.8 at $r = 0.5$. Between the two solutions there is a ridge, so both
# are local minima at the border. A model that starts near "ignored" may therefore stay there,
# although the pair is better: gradient descent does not climb ridges. So one trains several seeds
# and keeps the best, and does not average them.
#
# **Rubric.** 2 points: continuous loss but a jump of the weights, *and* that a model may be stuck
# in the worse local minimum, hence several seeds. 1 point: one of the two. 0 points: neither, or
# only "it changes quickly".
# ### END SOLUTION

# %% [markdown]
# ## Which solution is it?
#
# Before we train a grid of models, we need a way to say what each of them has become. Weights never
# come out as exactly $(1, -1)$. They may be $(-1.02, 0.97)$, which is the same solution: the loss
# sees only $W^T W$, and $W$ and $-W$ give the same. With two hidden dimensions, any rotation of $W$
# gives the same.
#
# A neat way around all this is to ask what $W$ does *not* see. With one dimension too few there is
# one direction $v$ of the input with $W v = 0$. A model that ignores feature 1 does not see
# $v = (0, 1)$. The pair $(1, -1)$ does not see $v = (1, 1)$: if both features go up together,
# the hidden number stays the same. Rotating $W$ does not change $v$.

# %% prompt classify_solution [markdown]
# ### Exercise 6.7: Classify a solution
#
# Give the number of the candidate that trained weights are closest to:
#
# $$\text{phase}(W) = \text{phase of the } d \text{ with the largest } |\cos(v, d)|,
# \qquad W v = 0, \; v \neq 0$$
#
# | phase | what is not seen, $n = 2$ | what is not seen, $n = 3$ |
# |---|---|---|
# | 0 ignored | $(0, 1)$ | $(0, 0, 1)$ |
# | 1 dedicated | $(1, 0)$ | $(1, 0, 0)$ or $(0, 1, 0)$ |
# | 2 superposed | $(1, 1)$ | $(1, 0, 1)$ or $(0, 1, 1)$ |
# | 3 others superposed | | $(1, 1, 0)$ |
#
# - $v$ is the direction that $W$ does not see. Its length and its sign are arbitrary.
# - $d$ runs over all directions in the column of the table for your number of features. The last
#   feature is the extra one. The other features are equal to each other, hence the "or".
# - $\cos(v, d) = v \cdot d / (\|v\| \|d\|)$.
# - `W` has the axes `*instances hidden features`, either 1 by 2 or 2 by 3. The result is an integer
#   tensor with the axes `*instances`. You may use the names `Phase.IGNORED` (0),
#   `Phase.DEDICATED` (1), `Phase.SUPERPOSED` (2) and `Phase.OTHERS_SUPERPOSED` (3), which are
#   integers.
#
# Edge cases: $-W$, $2 W$ and rotations of $W$ belong to the same phase as $W$. No check has a $W$
# that misses more than one direction, or ties.
#
# **Predict first.** What does $W = (0.6, 0.5)$ not see? Which phase is it, and is it a good
# solution?
#
# <details><summary>Hint 1: where to start</summary>
#
# `torch.linalg.svd(W, full_matrices=True).Vh` has one row per feature, all of length 1 and at right
# angles to each other. The last row, `Vh[..., -1, :]`, is $v$. Write the directions $d$ as rows of
# a matrix, and their phases as a list of the same length.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# The directions of the table have different lengths: divide by them, for instance with
# `F.normalize(..., dim=-1)`. And take the absolute value of the whole cosine, not of the entries of
# $v$.
#
# </details>


# %% answer classify_solution
def classify_solution(
    W: Float[Tensor, "*instances hidden features"],
) -> Int[Tensor, "*instances"]:
    """The number of the candidate that weights are closest to, for two features or three."""
    # solution: tms_lib.theory.phase_optimum.classify_solution


# %% check classify_solution
check("classify_solution")

# %% explore
angle = torch.linspace(0, torch.pi, 721)
around = torch.stack([angle.cos(), angle.sin()], dim=-1).unsqueeze(-2)  # instances 1 2
figure, ax = plt.subplots(figsize=(7, 2.8), layout="constrained")
ax.step(angle.rad2deg(), tms_lib.classify_solution(around), color="0.8", lw=7, label="expected")
ax.step(angle.rad2deg(), classify_solution(around), color="0.1", label="yours")
for degrees, name in [(0, "(1, 0)"), (90, "(0, 1)"), (135, "(-1, 1)"), (180, "(-1, 0)")]:
    ax.axvline(degrees, color="0.6", ls=":")
    ax.text(degrees, 2.3, name, ha="center", va="bottom")
ax.set(xlabel="angle of $W$ in degrees", yticks=[0, 1, 2], xticks=range(0, 181, 45))
ax.set_yticklabels(["0 ignored", "1 dedicated", "2 superposed"])
ax.set_ylim(-0.3, 2.9)
ax.legend(loc="center left")
plt.show()
half_pair = torch.tensor([[0.6, 0.5]])
print("(0.6, 0.5) is phase", classify_solution(half_pair).item())

# %% [markdown]
# *Look.* $W$ turns from $(1, 0)$ to $(-1, 0)$, and both ends are the same phase. Both lines should
# lie on each other.
#
# $W = (0.6, 0.5)$ does not see $(-0.5, 0.6)$. This is between $(1, 0)$ and $(0, 1)$ and a bit
# closer to the latter, so it is phase 0. It is no pair, since its weights do not have opposite
# signs: both features push the hidden number the same way, and neither output can tell them apart.
# A classifier has to answer something even so.
#
# Where does the phase change along the axis, and why is it 22.5 degrees from $(-1, 1)$?

# %% [markdown]
# ## The experiment
#
# The paper trained ten models at each point of a grid. You will do the same, but on the exact loss:
# no batches, no noise. Randomness only enters through the start.

# %% prompt train_phase_grid [markdown]
# ### Exercise 6.8: Train a grid
#
# Train `n_seeds` models of two features in one dimension at every point of the grid, all in one
# call of `minimise`, and keep the best one of each point.
#
# 1. Lay the models out as instances: $D \cdot R \cdot K$ of them, for $D$ densities, $R$
#    importances and $K$ = `n_seeds`. Every instance has its own $p$ and its own importances
#    $(1, r)$.
# 2. Make the model with `ReLUOutputModel(n_instances=..., n_features=2, n_hidden=1,
#    generator=generator)`. Its parameters are `model.W` and `model.b`.
# 3. Write a function `losses()` without arguments that returns the exact loss of every instance,
#    with `tms_lib.two_feature_loss(W, b, feature_probability=..., importance=...)`.
# 4. Call `minimise(model, losses, generator=generator, config=config)` with `config =
#    TrainConfig(n_steps=n_steps, lr=lr)`. It calls `losses()` at every step, adds the losses up,
#    and moves the parameters with Adam.
# 5. Compute the losses once more. At each point keep the seed with the least.
#
# - `feature_probability` has shape `(densities)` and `relative_importance` has shape
#   `(importances)`. Here they are two lists, not yet a grid.
# - The result is the tuple `(W, b, losses)` of shapes `(densities, importances, 1, 2)`,
#   `(densities, importances, 2)` and `(densities, importances)`: the best model of each point and
#   its loss. Entry `[i, j]` belongs to density `i` and importance `j`.
# - Cut all three from the graph with `.detach()`.
#
# `tms_lib.best_of_seeds(values, losses)` takes `values` with the axes `settings seeds *rest` and
# `losses` with `settings seeds`, and gives `settings *rest`. The edge case: one density, one
# importance or one seed still have their axes where the result has them.
#
# The check trains a small grid and compares losses with the optimum. No check looks at the weights
# that one seed happens to give. It takes some seconds.
#
# **Predict first.** What share of single seeds, do you think, ends in the best solution for its
# point?
#
# <details><summary>Hint 1: where to start</summary>
#
# `torch.meshgrid(p, r, indexing="ij")` gives $p$ and $r$ of every point, both with the axes
# `densities importances`. Then `.flatten().repeat_interleave(n_seeds)` gives one number for each
# instance, the seeds of a point side by side. At the end, `.unflatten(0, (-1, n_seeds))` makes
# points and seeds from instances.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `repeat` and `repeat_interleave` give different orders, and no shape error tells you. Feature 0
# has importance 1 and feature 1 has $r$: `torch.stack([torch.ones_like(r), r], dim=-1)`. For the
# density, $p$ needs a last axis: `p.unsqueeze(-1)`.
#
# </details>


# %% answer train_phase_grid
def train_phase_grid(
    feature_probability: Float[Tensor, " densities"],
    relative_importance: Float[Tensor, " importances"],
    *,
    n_seeds: int,
    n_steps: int,
    lr: float,
    generator: torch.Generator,
) -> tuple[
    Float[Tensor, "densities importances 1 2"],
    Float[Tensor, "densities importances 2"],
    Float[Tensor, "densities importances"],
]:
    """The best of `n_seeds` models, trained on the exact loss, at each point of a grid."""
    # solution: tms_lib.phase_grid.train_phase_grid


# %% check train_phase_grid
check("train_phase_grid")

# %% explore
densities, importances = torch.logspace(-1.3, 0, 16), torch.logspace(-1, 1, 16)
axes_of_grid = {"feature_probability": densities, "importance": importances}
optimum = phase_optimum(densities[:, None], importances)
best_phase = tms_lib.classify_solution(optimum.W)

figure, axes = plt.subplots(1, 3, figsize=(13, 4.4), layout="constrained")
for ax, n_seeds in zip(axes, (1, 8), strict=False):
    W_grid, b_grid, losses_grid = train_phase_grid(
        densities,
        importances,
        n_seeds=n_seeds,
        n_steps=300,
        lr=0.1,
        generator=torch.Generator().manual_seed(0),
    )
    trained_phase = tms_lib.classify_solution(W_grid)
    plot_phase_diagram(trained_phase, **axes_of_grid, labels=names[:3], ax=ax)
    ax.set_title(f"yours, best of {n_seeds}" if n_seeds > 1 else "yours, a single seed", pad=45)
    good = (losses_grid < 1.02 * optimum.loss).float().mean()
    print(f"best of {n_seeds}: within 2 % of the optimum at {good:.0%} of the points")
plot_phase_diagram(best_phase, **axes_of_grid, labels=names[:3], ax=axes[2])
axes[2].set_title("expected: the optimum", pad=45)
plt.show()

# %% [markdown]
# *Look.* A single seed is a matter of luck: it stays in the valley that it reaches first. The best
# of eight looks like the expected picture, apart from a point here and there. The optimum on the
# right comes from the library. It improves each of the three candidates with the exact loss, and
# takes the best.
#
# In which region are single seeds most often wrong? Which wrong solution do they end in?

# %% [markdown]
# ## Theory and optimum
#
# The candidates of exercise 6.3 are simplifications. The optimum may choose any $W$ and $b$. By how
# much does the boundary move, and what moves it? The cell compares three boundaries: your formula
# from exercise 6.5, the pair $(1, -1)$ with its best common bias, and the optimum over all $W$
# and $b$.

# %% explore
some = torch.tensor([0.1, 0.2, 0.4, 0.7, 0.9])
line = torch.linspace(0.1, 0.8, 141)  # in steps of 0.005
common = torch.linspace(0, 0.3, 301)
pair_losses = tms_lib.two_feature_loss(
    pair,
    common[:, None].expand(-1, 2),
    feature_probability=line.reshape(-1, 1, 1),
    importance=equal / 2,
).amin(-1)  # of the best bias, per unit of importance
ignoring = tms_lib.ignored_loss(line[:, None], some)
with_bias = (1 + some) * pair_losses[:, None] < ignoring
free = phase_optimum(line[:, None], some)
shared = tms_lib.classify_solution(free.W) == Phase.SUPERPOSED

formula = superposition_boundary(some, n_features=2)
print("    r   formula   best bias   best W and b   lengths of the columns there")
for k, r in enumerate(some.tolist()):
    last = shared[:, k].nonzero().max()
    bias_only, everything = line[with_bias[:, k]].max(), line[last]
    lengths = [round(v, 2) for v in free.W[last, k, 0].abs().tolist()]
    print(f"{r:5.1f} {formula[k]:9.3f} {bias_only:11.3f} {everything:14.3f}   {lengths}")

# %% [markdown]
# Two things help the pair. Near $r = 1$ the bias does much of it. There the border lies at high
# densities, where both features are often active together and the outputs of the pair are too low.
# For small $r$ the bias hardly matters, and the border still moves. There the two columns get
# *different lengths*: the less important feature gets the shorter one, so that it disturbs the
# important one less. The price is that it comes back too small itself.
#
# The last row is a special case: its second column is very short. At $r = 0.9$ the best model does
# not jump from the pair to "ignored". At about $p = 0.63$ it jumps to a *mixture*: a long and a
# short column of opposite signs, with biases that let the ReLU cut off little. That is nearly a
# linear model, and a linear model may mix equally important features as it likes (chapter 4). From
# there the short column fades as $p$ grows. `classify_solution` knows no mixtures: down to 0.41
# times the long column it says "superposed", and then "ignored". At stake is little. At
# $p = 0.65$ the mixture costs 1.5 % less than ignoring.

# %% question moved_boundary [markdown]
# ### Question: the moved boundary
#
# *6 minutes · 2 points, graded by hand*
#
# Use the table above and the pictures of exercise 6.6.
#
# 1. In which direction does the true boundary differ from the formula: is there more superposition
#    or less? Explain why it has to be this direction, from which of the candidates can be improved
#    and which cannot.
# 2. What does a positive bias do for an antipodal pair, and what does it cost? Why is the best bias
#    nearly 0 for sparse features?

# %% written moved_boundary [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** There is more superposition: the boundary lies at higher densities than the
# formula says. "Ignored" and "dedicated" have their best bias, $p/2$, and their best weight
# already, so their losses stay. The pair $(1, -1)$ with $b = 0$ can be improved, by a bias and by
# columns of different lengths. Its loss falls, so it also wins at points where it was a little more
# expensive before. If both features are active, both outputs of the pair are too low, by the
# smaller of the two values. A positive bias lifts both. It costs an error of about $b^2$ at each
# output in all other cases: nothing active, or one feature alone. Both active has the probability
# $p^2$, and the other cases nearly 1. The gain is proportional to $p^2 b$ and the price to $b^2$,
# so the best bias is proportional to $p^2$.
#
# **Rubric.** 2 points: more superposition, because only the pair can be improved, *and* what the
# bias gains (both active) and costs (the other inputs), with the weights $p^2$ and about 1. 1
# point: one of the two. 0 points: neither.
# ### END SOLUTION

# %% [markdown]
# ## Three features in two dimensions
#
# For three features the library's training on samples will do. The next cell trains six seeds at
# each point, keeps the best, and asks your `classify_solution` what became of them.

# %% explore
n_seeds, side = 6, 12
coarse_p, coarse_r = torch.logspace(-1.3, 0, side), torch.logspace(-1, 1, side)
p_all, r_all = torch.meshgrid(coarse_p, coarse_r, indexing="ij")
p_all, r_all = (v.flatten().repeat_interleave(n_seeds) for v in (p_all, r_all))
importance = torch.stack([torch.ones_like(r_all), torch.ones_like(r_all), r_all], dim=-1)
generator = torch.Generator().manual_seed(0)
model = ReLUOutputModel(n_instances=len(p_all), n_features=3, n_hidden=2, generator=generator)
sample = FeatureSampler(p_all[:, None].expand(-1, 3).contiguous())
config = TrainConfig(n_steps=500, batch_size=128, lr=0.05)
train(model, sample, importance=importance, generator=generator, config=config)
measured = expected_loss(
    model, sample, importance=importance, n_samples=8192, generator=generator
).unflatten(0, (-1, n_seeds))
W_three = best_of_seeds(model.W.detach().unflatten(0, (-1, n_seeds)), measured)
phase_three = classify_solution(W_three).unflatten(0, (side, side))

figure, axes = plt.subplots(1, 2, figsize=(9, 4.6), layout="constrained")
coarse = {"feature_probability": coarse_p, "importance": coarse_r}
fine_r = torch.logspace(-1, 1, 200)
expected = tms_lib.theoretical_phase(coarse_p[:, None], coarse_r, n_features=3)
for ax, phase, title in zip(
    axes, (phase_three, expected), ("trained, classified by you", "expected: theory"), strict=True
):
    plot_phase_diagram(phase, **coarse, labels=names, ax=ax)
    ax.plot(fine_r, superposition_boundary(fine_r, n_features=3), "w--")
    ax.set_title(title, pad=45)
plt.show()

equals = phase_optimum(torch.tensor([0.55, 0.65, 0.75, 0.9]), torch.tensor(1.0)).loss
variance = tms_lib.feature_moments(torch.tensor([0.55, 0.65, 0.75, 0.9])).variance
print("two equal features in one dimension, least loss / loss of ignoring one")
print("at p = 0.55, 0.65, 0.75, 0.9:", [round(v, 3) for v in (equals / variance).tolist()])

# %% [markdown]
# *Look.* The four regions are there. The largest difference is on the right, above the dashed line.
# Theory says that one of the two others is left out there; many trained models show a pair of them.
# The two others are equally important, so for them it is the line $r = 1$ of the first diagram. The
# printed numbers belong to this line. Just above $4/7$, the optimum is clearly better than leaving
# one out: there the improved pair wins. Towards $p = 1$ the advantage all but vanishes.
# Two equal dense features can then share a dimension in almost any mixture (chapter 3 met this in
# the linear model), and the seed decides.
#
# Does the extra feature itself care which of these a model chooses?

# %% [markdown]
# ## The big picture
#
# Theory, experiment and difference, all with your own functions: two features, one dimension.

# %% explore
theory = theoretical_phase(densities[:, None], importances, n_features=2)
candidates = phase_losses(densities[:, None], importances, n_features=2)
trained_phase = classify_solution(W_grid)  # the best of 8 from exercise 6.8

figure, axes = plt.subplots(1, 3, figsize=(14, 4.8), layout="constrained")
plot_phase_diagram(theory, **axes_of_grid, labels=names[:3], ax=axes[0])
plot_phase_diagram(trained_phase, **axes_of_grid, labels=names[:3], ax=axes[1])
ratio = losses_grid / candidates.amin(-1)
plot_phase_map(
    ratio.clamp(max=1.02), **axes_of_grid, label="trained loss / loss in theory", ax=axes[2]
)
row, column = (trained_phase != theory).nonzero().T
axes[2].plot(importances[column], densities[row], "x", color="white", ms=7, mew=2)
for ax, title in zip(axes, ("theory", "experiment", "difference (x: another phase)"), strict=True):
    ax.plot(fine_r, superposition_boundary(fine_r, n_features=2), "w--", lw=1.5)
    ax.set(title=None, xlabel="relative importance $r$ of the extra feature")
    ax.set_title(title, pad=45)
plt.show()

two_best = candidates.topk(2, largest=False).values
clear = two_best[..., 1] > 1.05 * two_best[..., 0]
agree = trained_phase == theory
print(f"same phase at {agree.float().mean():.0%} of all points,")
print(f"and at {agree[clear].float().mean():.0%} of those where theory's two best differ by 5 %")
print(f"trained loss / loss in theory: from {ratio.min():.2f}; median {ratio.median():.3f}")

# %% [markdown]
# *Look.* The first two panels look alike. In the third, dark points are models that beat every
# candidate. They lie along the boundary, most of all around $r = 1$. The crosses are points where
# the trained model is in another phase than theory says. Nearly all of them lie just *above* the
# dashed line, where the improved pair already wins. A lone cross elsewhere would be a point at
# which all eight seeds missed.
#
# ## What you have now
#
# - With one feature too many, a model ignores it, dedicates a dimension to it, or stores it in
#   superposition. Density and relative importance decide.
# - Ignoring costs $r \sigma^2$, about $r p / 3$ for sparse features. An antipodal pair costs
#   $(1 + r) p^2 / 6$. So sparse features always end up in superposition, and
#   $p^* = 4r / (2 + 5r)$ for $r \le 1$ says how sparse they must be.
# - It is a phase change of first order: two valleys with a ridge between them. The least loss is
#   continuous, and the weights jump.
# - A model may be stuck in the wrong valley. So we keep the best of several seeds, and never
#   average weights: $W$ and $-W$ are the same solution.
# - The exact loss moves the border to somewhat higher densities, because the pair can still be
#   improved, by its bias and by unequal lengths, and the other candidates cannot.
#
# **In the paper.** Elhage et al. (2022), "Toy Models of Superposition", section *Superposition as a
# Phase Change*: both diagrams, theoretical and empirical. Its candidates have no bias for the pair,
# as ours in exercise 6.2.
#
# **Next.** What do pairs become, if there are many features and all are equally important? Chapter
# 7 measures how much of a dimension each feature gets, and finds regular polytopes.
