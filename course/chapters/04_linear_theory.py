# %% [markdown]
# # Chapter 4: The linear model, exactly
#
# Chapter 3 drew a line that no linear model crosses: keep the $m$ most important features and
# answer the mean for the rest. Two things were left open. The losses were measured on samples, and
# some of them came out *below* the line. And that nothing is better was a theorem with a name, not
# a proof. In this chapter you compute the loss without samples, and you find out why nothing is
# better. Then it is clear what a ReLU has to change.
#
# **You will**
#
# - compute the expected loss of any linear model exactly, and its best bias;
# - split the loss into what the features lose and what they do to each other;
# - prove the bound in two steps: project, then share out $m$ units;
# - find the same answer in the principal components of the data;
# - see what is left open if all features are equally important.
#
# **You need** chapters 1 to 3: the moments of a feature, the linear model $x' = W^T W x + b$, the
# importance-weighted loss and the bound. From elsewhere: independent random variables, eigenvectors
# and orthogonal projections. The four rules for all answers in chapter 1 hold here too: arguments
# stay as they are, dtype and device are kept, instances do not mix, and all randomness comes from
# `generator`.
#
# **How it works:** run the cells from top to bottom, write your answer in place of
# `raise NotImplementedError()`, run the check below it, and read what it says. About 110 minutes.

# %% setup
# %load_ext jaxtyping
# %jaxtyping.typechecker beartype.beartype

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

import tms_lib
from autograder import check
from tms_lib import FeatureSampler, LinearModel, LossTerms, ReLUOutputModel, TrainConfig
from tms_lib import (
    feature_moments,
    feature_norm,
    geometric_importance,
    gram,
    sample_features,
    train,
)

# %% [markdown]
# ## Was the bound broken?
#
# We keep the numbers of chapter 3: $n = 20$ features, $m = 5$ hidden dimensions, importances
# $I_i = 0.7^i$ and seven densities from 1 to 0.001. The next cell takes the best linear model of
# each density, measures its loss on 16,384 samples, and divides by the bound. It does so twelve
# times. This model *is* on the bound, so every ratio should be 1.

# %% explore
densities = torch.tensor([1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001])
importance = geometric_importance(0.7, 20)
p = densities[:, None].expand(-1, 20)  # densities features
W_best, b_best = tms_lib.linear_optimum(p, importance=importance, n_hidden=5)
bound = tms_lib.linear_optimal_loss(p, importance=importance, n_hidden=5)

generator = torch.Generator().manual_seed(0)
measured = []
for _ in range(12):
    x = sample_features(p, 2**14, generator=generator)
    x_hat = tms_lib.linear_output(x, W=W_best, b=b_best)
    measured.append(tms_lib.weighted_mse(x, x_hat, importance=importance))
ratios = torch.stack(measured) / bound

figure, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
ax.semilogx(1 / densities, ratios.T, "o", color="0.3", ms=4, alpha=0.6)
ax.axhline(1, color="0.6", ls="--")
ax.set(xlabel="$1/p$", ylabel="measured loss / bound", ylim=(0.5, 1.5))
plt.show()
for k in (0, 3, 6):
    low, high = ratios[:, k].min(), ratios[:, k].max()
    print(f"p = {densities[k]:g}: between {low:.2f} and {high:.2f}")

# %% [markdown]
# Dense features give the same number each time. Sparse ones do not: most samples are all zero, and
# the few others decide. So a single measurement can lie well below a bound that nothing is below.
#
# More samples help slowly. For the linear model they are not needed at all. Its output is a sum of
# the features, so means and variances can be added up on paper.
#
# ## The loss without samples
#
# Write $G = W^T W$. The error of output $i$ is
#
# $$x_i - x'_i = \sum_j (\delta_{ij} - G_{ij})\, x_j - b_i,$$
#
# where $\delta_{ij}$ is 1 for $i = j$ and 0 otherwise. For any random number $e$,
#
# $$E[e^2] = \mathrm{Var}[e] + E[e]^2.$$
#
# The bias moves the mean of the error and not its variance. So the best bias is the one that makes
# the mean error 0.

# %% prompt linear_optimal_bias [markdown]
# ### Exercise 4.1: The best bias
#
# The weights are given and may be anything. Find the bias with the least loss:
#
# $$b_i = \mu_i - \sum_j G_{ij}\, \mu_j, \qquad G_{ij} = W_i \cdot W_j, \qquad
# \mu_j = E[x_j] = p_j/2$$
#
# - $W_i$ is column $i$ of `W`, which has shape `(*instances, hidden, features)`.
# - $j$ runs over all features, $i$ included.
# - $p_j$ is `feature_probability`. It has shape `(*instances, features)`; axes of size 1 broadcast,
#   and so do missing instance axes. So one `W` without instances may come with many densities.
# - The result has shape `(*instances, features)`.
#
# Edge cases: a zero column gives $b_i = \mu_i$. A feature with $p_i = 0$ still gets a bias: the
# others may reach its output.
#
# **Predict first.** Two features of the same density $p$ share one dimension, $W = (1, -1)$. What
# is the best bias? What does the model return for $x = (0, 0)$, and for $x = (1, 1)$?
#
# <details><summary>Hint 1: where to start</summary>
#
# `feature_moments(p).mean` gives $\mu$. Multiply $G$ by $\mu$ as a row, `mean.unsqueeze(-2)`, and
# sum over the last axis.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Chapter 3 had $b_i = p_i/2$ for ignored features and 0 for the others. That was the best bias of
# the *best* weights. Check yours on $W = (1, -1)$.
#
# </details>


# %% answer linear_optimal_bias
def linear_optimal_bias(
    W: Float[Tensor, "*#instances hidden features"],
    *,
    feature_probability: Float[Tensor, "*#instances #features"],
) -> Float[Tensor, "*instances features"]:
    """The bias that makes the mean error of every output 0."""
    # solution: tms_lib.theory.linear_optimal_bias


# %% check linear_optimal_bias
check("linear_optimal_bias")

# %% explore
pair = torch.tensor([[1.0, -1.0]])
print("the pair, p = 0.4:", linear_optimal_bias(pair, feature_probability=torch.tensor([0.4])))

generator = torch.Generator().manual_seed(2)
W_any = 0.6 * torch.randn(3, 6, generator=generator)
p_any = torch.tensor([1.0, 0.8, 0.6, 0.4, 0.2, 0.0])
x = sample_features(p_any, 50_000, generator=generator)
no_bias = tms_lib.linear_output(x, W=W_any, b=torch.zeros(6))
b = linear_optimal_bias(W_any, feature_probability=p_any)

figure, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
ax.bar(range(6), b, color="0.75", label="your bias")
ax.plot(range(6), (x - no_bias).mean(0), "kx", ms=9, label="expected: what is missing on average")
ax.axhline(0, color="0.6", lw=1)
ax.set(xlabel="feature $i$", ylabel="$b_i$", ylim=(-0.6, 0.7))
ax.legend(loc="upper left", fontsize=8)
plt.show()
for name, bias in {"none": torch.zeros(6), "p/2": p_any / 2, "yours": b}.items():
    x_hat = tms_lib.linear_output(x, W=W_any, b=bias)
    loss = tms_lib.weighted_mse(x, x_hat, importance=torch.ones(6))
    print(f"loss with bias {name:5}: {loss:.3f}")

# %% [markdown]
# *Look.* The prediction: $b = (p/2, p/2)$, as if nothing came through. For $x = (0, 0)$ and for
# $x = (1, 1)$ the hidden number is 0, so both return the bias. The pair tells the model how the two
# features *differ*, and nothing else.
#
# In the picture the crosses are measured: the mean of $x - W^T W x$ over samples. Three of them are
# negative, also that of feature 5, which is never active. What does a bias below 0 make up for at
# an output whose feature is never below 0?

# %% prompt linear_expected_loss [markdown]
# ### Exercise 4.2: The expected loss
#
# Now the whole loss, for any weights and any bias:
#
# $$L = \sum_i I_i \, \bigl( v_i + \bar e_i^{\,2} \bigr), \qquad
# v_i = \sum_j (\delta_{ij} - G_{ij})^2\, \sigma_j^2, \qquad
# \bar e_i = \mu_i - \sum_j G_{ij}\, \mu_j - b_i$$
#
# - $v_i$ is the variance of the error of output $i$, and $\bar e_i$ its mean.
# - $G_{ij} = W_i \cdot W_j$, and $\delta_{ij}$ is 1 for $i = j$, else 0.
# - $\mu_j = p_j/2$ and $\sigma_j^2 = p_j/3 - p_j^2/4$ are mean and variance of feature $j$. The
#   features are independent, so the variances of their parts add up.
# - $I_i$ is `importance`, $p_j$ is `feature_probability`, and `b` is any bias, not only the best.
# - `W` has shape `(*instances, hidden, features)`, the others `(*instances, features)`. Axes of
#   size 1 broadcast in `feature_probability` and `importance`, and missing instance axes in all.
# - The result has shape `(*instances)`.
#
# Edge cases: $I_i = 0$ adds nothing, however wrong output $i$ is. With $W = 0$ and $b = \mu$ the
# loss is $\sum_i I_i \sigma_i^2$.
#
# **Predict first.** The pair again, $W = (1, -1)$, with $p = 1$, importances 1 and $b = 0$. What is
# the error of output 0, as a function of $x_0$ and $x_1$? Which loss follows from it? And which
# with the best bias?
#
# <details><summary>Hint 1: where to start</summary>
#
# `gap = torch.eye(n, dtype=W.dtype, device=W.device) - W.mT @ W` holds $\delta_{ij} - G_{ij}$. Both
# inner sums run over its last axis. The mean error is also your last result minus $b_i$;
# `tms_lib.linear_optimal_bias` is there to use.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Variance, not second moment: `feature_moments(p)` gives both. And it is the variance of feature
# $j$, the one that arrives, with the importance of output $i$, where it arrives.
#
# </details>


# %% answer linear_expected_loss
def linear_expected_loss(
    W: Float[Tensor, "*#instances hidden features"],
    b: Float[Tensor, "*#instances features"],
    *,
    feature_probability: Float[Tensor, "*#instances #features"],
    importance: Float[Tensor, "*#instances #features"],
) -> Float[Tensor, "*instances"]:
    """The loss of a linear model on infinitely many samples."""
    # solution: tms_lib.theory.linear_expected_loss


# %% check linear_expected_loss
check("linear_expected_loss")

# %% explore
ones = torch.ones(2)
for bias in (0.0, 0.5):
    loss = linear_expected_loss(pair, bias * ones, feature_probability=ones, importance=ones)
    print(f"the pair with bias {bias}: {loss:.4f}")

sizes = 2 ** torch.arange(6, 17, 2)
figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained", sharey=True)
generator = torch.Generator().manual_seed(0)
for ax, k in zip(axes, (0, 4), strict=True):
    W, b = W_best[k], b_best[k]
    exact = linear_expected_loss(
        W, b, feature_probability=densities[k : k + 1], importance=importance
    )
    expected = bound[k]
    for size in sizes.tolist():
        x = sample_features(p[k].expand(10, 20), size, generator=generator)
        x_hat = x @ W.mT @ W + b
        loss = tms_lib.weighted_mse(x, x_hat, importance=importance)  # ten measurements
        ax.plot([size] * 10, (loss / exact - 1).abs(), "o", color="0.3", ms=4, alpha=0.6)
        per_sample = (importance * (x - x_hat) ** 2).sum(-1)
    spread = per_sample.std() / exact
    ax.plot(sizes, spread / sizes**0.5, "k--", label=r"spread of one sample / $\sqrt{N}$")
    ax.set(xscale="log", yscale="log", xlabel="samples $N$", title=f"$p$ = {densities[k]:g}")
    print(
        f"p = {densities[k]:g}: yours {exact:.6f}, expected {expected:.6f}; "
        f"an error of 1 % takes {(spread / 0.01) ** 2:,.0f} samples"
    )
axes[0].set(ylabel="|measured / yours - 1|", ylim=(3e-5, 3))
axes[0].legend(loc="lower left")
plt.show()

# %% [markdown]
# *Look.* The prediction: $x_0 - (x_0 - x_1) = x_1$. Output 0 is wrong by the *other* feature, and
# output 1 by feature 0. Each mean square is $1/3$, together $2/3$. The best bias takes the mean
# away and leaves two variances of $1/12$.
#
# The dots are measured losses, ten for each number of samples. Their distance from your number
# falls as $1/\sqrt N$. A hundred times more samples give one more digit. Your formula gives all
# digits at once, and it has a gradient.
#
# If your formula were 1 % too large, how would the dots on the left look?

# %% [markdown]
# ## What a feature gains, and what its neighbours pay
#
# Take the best bias, so that the mean error is 0. What is left are the variances. Split them: the
# terms $j = i$ are what is lost of a feature at its own output. The others are what features add at
# each other's outputs. The paper calls them **feature benefit** and **interference**.

# %% prompt linear_loss_terms [markdown]
# ### Exercise 4.3: Feature benefit and interference
#
# Return both parts of the loss at the best bias:
#
# $$\underbrace{\sum_i I_i\, \sigma_i^2\, (1 - \|W_i\|^2)^2}_{\text{feature benefit}}
# \qquad\text{and}\qquad
# \underbrace{\sum_i \sum_{j \neq i} I_i\, \sigma_j^2\, (W_i \cdot W_j)^2}_{\text{interference}}$$
#
# - $W_i$ is column $i$ of `W`, which has shape `(*instances, hidden, features)`.
# - $\sigma_j^2 = p_j/3 - p_j^2/4$ is the variance of feature $j$, and $p_j$ is
#   `feature_probability`.
# - $I_i$ is `importance`: of the output $i$ that is disturbed. $\sigma_j^2$ belongs to the feature
#   $j$ that disturbs it. Every pair counts twice, once in each role.
# - `feature_probability` and `importance` have shape `(*instances, features)` and broadcast as
#   before.
# - Each result has shape `(*instances)`. Return `LossTerms(feature_benefit=..., interference=...)`,
#   a tuple whose parts have names. A plain tuple will do too.
#
# The first name can mislead. The number is what is still **lost**. It falls as features are
# represented, and this fall is the benefit.
#
# Edge cases: a zero column has no interference and loses $I_i \sigma_i^2$. Orthonormal columns have
# neither.
#
# **Predict first.** Two equally important features of one density and one dimension. Compare three
# models: keep both as the pair $W = (1, -1)$; keep one, $W = (1, 0)$; keep none, $W = (0, 0)$.
# Order them by their loss.
#
# <details><summary>Hint 1: where to start</summary>
#
# The diagonal of $G$, `G.diagonal(dim1=-2, dim2=-1)`, has the $\|W_i\|^2$. For the second part,
# square $G$, remove the diagonal, multiply by $\sigma_j^2$ along the last axis and sum over it.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# The two must add up to your loss of exercise 4.2 at the bias of exercise 4.1. If they do not,
# look at the indices of $I$ and $\sigma^2$ in the second part.
#
# </details>


# %% answer linear_loss_terms
def linear_loss_terms(
    W: Float[Tensor, "*#instances hidden features"],
    *,
    feature_probability: Float[Tensor, "*#instances #features"],
    importance: Float[Tensor, "*#instances #features"],
) -> tuple[Float[Tensor, "*instances"], Float[Tensor, "*instances"]]:
    """Feature benefit and interference: the two parts of the loss at the best bias."""
    # solution: tms_lib.theory.linear_loss_terms


# %% check linear_loss_terms
check("linear_loss_terms")

# %% [markdown]
# Two features in one dimension have two weights, so the whole loss fits into a picture. The next
# cell draws it, in units of $\sigma^2$: once for importances 1 and 0.5, once for equal ones.

# %% explore
steps = torch.linspace(-1.4, 1.4, 141)
grid = torch.cartesian_prod(steps, steps).unsqueeze(-2)  # points hidden features
sparse = torch.tensor([0.1])
sigma2 = feature_moments(sparse).variance
models = {"pair": [1.0, -1.0], "keep one": [1.0, 0.0], "keep none": [0.0, 0.0]}

figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained", sharey=True)
for ax, weights in zip(axes, (torch.tensor([1.0, 0.5]), torch.tensor([1.0, 1.0])), strict=True):
    total = sum(linear_loss_terms(grid, feature_probability=sparse, importance=weights)) / sigma2
    levels = [0.55, 0.75, 1.02, 1.25, 1.5, 2, 3, 4]
    lines = ax.contour(steps, steps, total.view(141, 141).T, levels=levels, colors="0.5")
    ax.clabel(lines, fontsize=8)
    lowest = grid[total < total.min() + 1e-3, 0]  # within a thousandth of the best
    ax.plot(*lowest.T, "k.", ms=3, label="lowest, yours")
    ax.plot([1, -1], [-1, 1], "kx", ms=9, label="antipodal pair")
    ax.plot([1, -1], [0, 0], "ko", ms=11, mfc="none", label="expected: keep feature 0")
    ax.set(title=f"$I$ = {weights.tolist()}", xlabel="$W_0$", aspect="equal")
    print(f"importances {weights.tolist()}")
    for name, W in models.items():
        terms = linear_loss_terms(torch.tensor([W]), feature_probability=sparse, importance=weights)
        benefit, interference = (float(t / sigma2) for t in terms)
        print(f"  {name:9}: feature benefit {benefit:.2f} + interference {interference:.2f}")
axes[0].set(ylabel="$W_1$")
axes[0].legend(loc="lower left", fontsize=8)
plt.show()

# %% [markdown]
# *Look.* The prediction: one kept costs $\sigma^2$. The pair costs $2 \sigma^2$, exactly as much as
# keeping none, with other importances too. It represents both features in full and gains nothing,
# because each output is now wrong by the other feature instead of by its own.
#
# On the left there are two lowest points, $W = (\pm 1, 0)$: the more important feature alone. On
# the right there is a circle of them. Any direction will do. We come back to that.
#
# The density was 0.1. Which lines of these pictures would move at density 0.001? Look at the
# formula before you try.

# %% [markdown]
# ## Why nothing is better
#
# From here on all features share one density. Then $\sigma^2$ is a common factor, and the loss at
# the best bias is
#
# $$L = \sigma^2 \sum_i I_i\, \| e_i - G_i \|^2,$$
#
# where $e_i$ is the unit vector of feature $i$ and $G_i$ is row $i$ of $G = W^T W$.
#
# **Step 1: project.** Row $i$ of $W^T W$ is a combination of the rows of $W$. So all $G_i$ lie in
# the span of the rows of $W$. We call it the **hidden space**: what is orthogonal to it never
# reaches $h$. Which vector of this space is nearest to $e_i$? Its orthogonal projection, $P e_i$.
# One matrix $P$ gives all rows their nearest vector at once. And $P$ is the $W^T W$ of a model: of
# the one whose rows are an orthonormal basis of the same space.

# %% prompt row_space_projection [markdown]
# ### Exercise 4.4: The best use of a hidden space
#
# Compute the orthogonal projection onto the span of the rows of $W$:
#
# $$P = W^T (W W^T)^{-1} W$$
#
# - `W` has shape `(*instances, hidden, features)`. Its rows need not be orthogonal or have length
#   1.
# - The result has shape `(*instances, features, features)`.
# - $P$ is symmetric, $P P = P$, and $P W^T = W^T$: it leaves the rows of $W$ as they are.
#
# Edge case: some rows may depend on others, or be zero. Then $W W^T$ has no inverse, but the span
# is there all the same, with fewer dimensions. Use the pseudo-inverse $W^+$, for which $P = W^+ W$
# always holds. $W = 0$ gives $P = 0$. Scaling $W$ does not change $P$, so no number is small in
# itself.
#
# **Predict first.** $W$ has one row, $(3, 4)$. What is $P$? How much of feature 0 comes back at
# output 0, how much of feature 1 at output 1, and what is the sum of both shares?
#
# <details><summary>Hint 1: where to start</summary>
#
# `torch.linalg.pinv`, or an orthonormal basis $V$ of the span and $V^T V$.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# $W^T W$ is the projection only if the rows are orthonormal. Rows of length 1 alone are not enough:
# try two equal ones. And `W @ pinv(W)` has the wrong shape.
#
# </details>


# %% answer row_space_projection
def row_space_projection(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances features features"]:
    """The orthogonal projection onto the span of the rows of W."""
    # solution: tms_lib.theory.row_space_projection


# %% check row_space_projection
check("row_space_projection")

# %% [markdown]
# The next cell takes 300 random linear models and replaces each $G$ by the projection onto its
# hidden space. ($P$ itself can serve as weights for that, since $P^T P = P$.) On the right are the
# diagonals of three of the projections.

# %% explore
print("row (3, 4):", row_space_projection(torch.tensor([[3.0, 4.0]])))

generator = torch.Generator().manual_seed(0)
W = tms_lib.init_weights(n_instances=300, n_hidden=5, n_features=20, generator=generator)
P = row_space_projection(W)
shared = {"feature_probability": sparse, "importance": importance}
limit = tms_lib.linear_optimal_loss(sparse, importance=importance, n_hidden=5)
before = sum(tms_lib.linear_loss_terms(W, **shared)) / limit
after = sum(tms_lib.linear_loss_terms(P, **shared)) / limit
shares = P.diagonal(dim1=-2, dim2=-1)  # instances features

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
axes[0].plot(before, after, "o", color="0.3", ms=4, alpha=0.6, label="yours")
expected = sigma2 * (importance * (1 - shares)).sum(-1) / limit
axes[0].plot(
    before[:40], expected[:40], "kx", ms=7, label=r"expected: $\sigma^2 \sum I_i (1 - P_{ii})$"
)
axes[0].plot(1, 1, "k*", ms=11, label="the best model")
axes[0].axline((0, 0), slope=1, color="0.6", lw=1)
axes[0].set(xlabel="loss of $W$ / bound", ylabel="after projecting / bound")
axes[0].set(xlim=(0, 12), ylim=(0, 8))
axes[0].legend(fontsize=8, loc="upper right")
for k, (marker, style) in enumerate(zip("os^", ("-", "--", ":"), strict=True)):
    axes[1].plot(
        shares[k], style, marker=marker, color="0.3", ms=4, lw=1, label=f"sum {shares[k].sum():.3f}"
    )
axes[1].set(xlabel="feature $i$", ylabel="share $P_{ii}$", ylim=(0, 1), xticks=range(0, 20, 5))
axes[1].legend(fontsize=8)
plt.show()
print(f"shares lie between {shares.min():.3f} and {shares.max():.3f}")
print(f"best of the 300 after projecting: {after.min():.2f} times the bound")

# %% [markdown]
# *Look.* The prediction: $P$ has the rows $(0.36, 0.48)$ and $(0.48, 0.64)$. The shares are 0.36
# and 0.64 and add up to 1.
#
# On the left every point lies below the diagonal: projecting always helps. None comes near the
# star: a random space is a bad choice, however well it is used. On the right, each model has shares
# between 0 and 1, and they add up to $m = 5$.
#
# **Step 2: share out.** The squared length of $P e_i$ is $e_i^T P P\, e_i = P_{ii}$, so by
# Pythagoras $\| e_i - P e_i \|^2 = 1 - P_{ii}$. The trace of a projection is its rank. So after
# step 1
#
# $$L = \sigma^2 \sum_i I_i\, (1 - P_{ii}), \qquad 0 \le P_{ii} \le 1, \qquad
#   \sum_i P_{ii} = \text{rank of } P \le m.$$
#
# This is a simple game. You have $m$ units to give away, at most one to each feature. A unit saves
# $I_i \sigma^2$. So you give whole units to the $m$ most important features, and none to the rest.
# What remains is
#
# $$L^* = \sigma^2 \sum_{i > m} I_i \qquad \text{(features sorted by importance, counted from 1)}.$$
#
# No linear model is better, and this one exists: $W$ that selects the first $m$ features. The
# sparsity entered in one place only, the common factor $\sigma^2$. It cannot change who is kept.
#
# *Question.* A model gives each of 10 features half a unit, $P_{ii} = 1/2$. With falling
# importances, why is that worse than five whole units? And with equal ones?

# %% [markdown]
# ## Principal components
#
# People say that a linear model "does PCA". Here is the connection. Principal components are the
# directions in which data varies most. If they explain the most variance, they also leave the least
# behind, and what is left behind is a squared error.
#
# To count errors by importance, scale the features: $z_i = \sqrt{I_i}\, x_i$. They are
# independent, so their covariance matrix is diagonal, with the entries $I_i \sigma_i^2$. Its
# eigenvectors are the features themselves. The first $m$ components are the $m$ features with the
# largest $I_i \sigma_i^2$, just those that chapter 3 keeps. This holds also if every feature has a
# density of its own.

# %% prompt principal_projection [markdown]
# ### Exercise 4.5: The first principal components
#
# Project onto the first $m$ principal components of a batch of data:
#
# $$P = \sum_{k=1}^{m} u_k u_k^T, \qquad C = \frac{1}{B} \sum_x (x - \bar x)(x - \bar x)^T$$
#
# - `x` has shape `(*instances, batch, features)`. $B$ is the number of samples and $\bar x$ their
#   mean, one number for each feature.
# - $C$ is the covariance matrix. $u_1, \dots, u_m$ are its eigenvectors with the **largest**
#   eigenvalues, of length 1.
# - $m$ is `n_hidden`, from 1 to the number of features.
# - The result has shape `(*instances, features, features)`. Each instance has components of its
#   own.
#
# The components may be any directions, not only features. No check has equal eigenvalues where one
# is kept and the other is not.
#
# Edge cases: with $m$ = features, $P$ is the identity. There may be fewer samples than features,
# and then some components have no variance. With $m$ = features these are kept as well.
#
# **Predict first.** All features are dense ($p = 1$) and equally important. Somebody forgets to
# subtract the mean. In which direction will the first "component" point?
#
# <details><summary>Hint 1: where to start</summary>
#
# `torch.linalg.eigh` takes a symmetric matrix and returns eigenvalues in **rising** order, with the
# eigenvectors as columns. A factor in front of $C$ changes no eigenvector.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# With the chosen columns in a matrix $U$, the projection is $U U^T$. $U^T U$ is the identity of
# size $m$, and the eigenvalues do not belong into a projection.
#
# </details>


# %% answer principal_projection
def principal_projection(
    x: Float[Tensor, "*instances batch features"], *, n_hidden: int
) -> Float[Tensor, "*instances features features"]:
    """The projection onto the first n_hidden principal components of the data."""
    # solution: tms_lib.theory.principal_projection


# %% check principal_projection
check("principal_projection")

# %% explore
own_p = torch.tensor([0.05, 1.0, 0.1, 0.6, 0.02, 0.3, 0.8, 0.5, 0.9, 0.2])
own_importance = geometric_importance(0.8, 10)
cost = own_importance * feature_moments(own_p).variance
x = sample_features(own_p, 50_000, generator=torch.Generator().manual_seed(0))
z = own_importance.sqrt() * x
W, _ = tms_lib.linear_optimum(own_p, importance=own_importance, n_hidden=3)

figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
for ax, matrix, title in (
    (axes[0], principal_projection(z, n_hidden=3), "your projection, from samples"),
    (axes[1], gram(W), "expected: the best linear model"),
):
    image = ax.imshow(matrix, cmap="RdBu", vmin=-1, vmax=1)
    ax.set(title=title, xlabel="feature $j$", ylabel="feature $i$")
figure.colorbar(image, ax=axes[1])
axes[2].bar(range(10), cost, color="0.75", label=r"$I_i \sigma_i^2$")
axes[2].plot(range(10), z.var(0), "kx", label="variance of $z_i$, sampled")
axes[2].set(xlabel="feature $i$", title="what a feature costs if ignored")
axes[2].legend(fontsize=8)
plt.show()

x = sample_features(torch.ones(10), 10_000, generator=torch.Generator().manual_seed(0))
first = torch.linalg.eigh(x.mT @ x).eigenvectors[:, -1]
print("without centring, the first direction is", [round(v, 2) for v in first.abs().tolist()])
print("what the second moment counts for it:", round((x @ first).square().mean().item(), 2))
print("how much the data varies along it:   ", round((x @ first).var().item(), 3))

# %% [markdown]
# *Look.* The three dark entries are the three largest bars. Feature 0, the most important one, is
# not among them: it is almost always 0.
#
# The prediction: without centring the first direction is $(1, \dots, 1) / \sqrt n$, where all
# features grow together. It points to where the data *is*. Along it the data varies only as much as
# along any other direction. Subtracting the mean is the job of the bias: it takes away what is
# always the same, so that the $m$ dimensions are there for what varies.

# %% [markdown]
# ## If all features are equally important
#
# Step 2 gave $L = \sigma^2 \sum_i I_i (1 - P_{ii})$. Let all importances be 1. Then
#
# $$L = \sigma^2 \Bigl( n - \sum_i P_{ii} \Bigr) = \sigma^2\, (n - m).$$
#
# The projection has disappeared. *Every* hidden space of $m$ dimensions is as good as any other.
# To see what that means, draw some at random.

# %% prompt orthonormal_weights [markdown]
# ### Exercise 4.6: Random hidden spaces
#
# Draw weights with orthonormal rows,
#
# $$W W^T = 1,$$
#
# such that all hidden spaces of $m$ dimensions are equally likely.
#
# - `n_hidden` is $m$, `n_features` is $n$, and $m \le n$.
# - The result has shape `(n_instances, n_hidden, n_features)`. Each instance has a space of its
#   own.
# - All numbers come from `generator`.
#
# With orthonormal rows $W^T W$ is the projection $P$. "Equally likely" means: no direction is
# special. On average over many draws each feature has the share $m/n$, and the overlaps cancel.
# Which orthonormal rows span the space plays no role: the model sees only $W^T W$.
#
# Edge case: with $m = n$ there is only one space, and $W^T W = 1$ as well.
#
# The check draws 4,000 spaces and compares the mean of $P$, and of $P_{ii}^2$, with theory. A right
# answer fails with a probability below one in a million. It also looks whether any two instances
# have the same space.
#
# **Predict first.** Draw a space with $m = 10$ of $n = 20$ dimensions. How many of the 20 features
# will have a norm $\|W_i\|$ above 0.5?
#
# <details><summary>Hint 1: where to start</summary>
#
# Vectors of independent **normal** numbers prefer no direction, and neither does the space that
# they span. `torch.linalg.qr` turns the columns of a matrix into orthonormal ones with the same
# span.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# QR works on columns. So start from shape `(n_instances, n_features, n_hidden)` and transpose at
# the end. And `torch.rand` has positive numbers only: such spaces all lean to one side.
#
# </details>


# %% answer orthonormal_weights
def orthonormal_weights(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Float[Tensor, "{n_instances} {n_hidden} {n_features}"]:
    """Weights with orthonormal rows; all hidden spaces are equally likely."""
    # solution: tms_lib.theory.orthonormal_weights


# %% check orthonormal_weights
check("orthonormal_weights")

# %% explore
generator = torch.Generator().manual_seed(0)
W = orthonormal_weights(n_instances=300, n_hidden=10, n_features=20, generator=generator)

figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
for weights, label, style in (
    (torch.ones(20), "equal", {"color": "0.2"}),
    (geometric_importance(0.9, 20), "falling as 0.9^i", {"color": "0.7", "hatch": "//"}),
):
    settings = {"feature_probability": sparse, "importance": weights}
    terms = tms_lib.linear_loss_terms(W, **settings)
    limit = tms_lib.linear_optimal_loss(sparse, importance=weights, n_hidden=10)
    ratio = sum(terms) / limit
    axes[0].hist(ratio, bins=torch.arange(0.875, 2.3, 0.05), label=f"importances {label}", **style)
    share = (terms[1] / sum(terms)).mean()
    print(
        f"importances {label}: loss / bound between {ratio.min():.4f} and {ratio.max():.4f}, "
        f"of which interference {share:.0%}"
    )
axes[0].axvline(1, color="black", ls="--", label="expected if equal")
axes[0].set(xlabel="loss / bound", ylabel="of 300 hidden spaces")
axes[0].legend(fontsize=8)
axes[1].imshow(gram(W[0]), cmap="RdBu", vmin=-1, vmax=1)
axes[1].set(title="$W^T W$ of one of them", xlabel="feature $j$", ylabel="feature $i$")
axes[1].set(xticks=range(0, 20, 5), yticks=range(0, 20, 5))
axes[2].barh(range(20), feature_norm(W[0]), color="0.75")
axes[2].axvline(0.5, color="black", ls="--")
axes[2].set(title="its norms", xlabel=r"$\|W_i\|$", ylim=(19.5, -0.5), yticks=range(0, 20, 5))
plt.show()
count = tms_lib.count_represented(W).float()
print(f"features with a norm above 0.5: {count.mean():.1f} on average, at least {count.min():.0f}")
print(f"mean superposition of a feature: {tms_lib.superposition(W).mean():.2f}")

# %% [markdown]
# *Look.* With equal importances all 300 spaces lie on the bound, up to rounding. With falling ones
# none does. The norms answer the prediction: almost all features exceed 0.5, in ten dimensions.
#
# By the measures of chapter 3 this model represents nearly twice as many features as it has
# dimensions, and each of them shares its direction. But it is a *linear* model on the linear bound.

# %% question shared_for_free [markdown]
# ### Question 4.7: Is this superposition?
#
# *6 minutes · 2 points, graded by hand*
#
# Look at the random hidden space above: $n = 20$ equally important features, $m = 10$,
# $\|W_i\|^2$ about $1/2$.
#
# 1. How well does output $i$ reproduce feature $i$? Compare with a model that gives 10 features a
#    dimension each. What has the model gained by letting all 20 share?
# 2. Would you call it superposition? Say which quantity of this chapter or of chapter 3 you would
#    use to tell it from a model that does fit more features in than it has dimensions.

# %% written shared_for_free [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** Output $i$ returns $P_{ii} x_i \approx x_i / 2$ plus a mixture of the others.
# Its error has the variance $(1 - P_{ii}) \sigma^2 \approx \sigma^2 / 2$: half of the feature is
# lost. The other model loses nothing of 10 features and all of the other 10. The sums agree, $10
# \sigma^2$. Sharing spread the same loss evenly over all features and gained nothing. One has
# turned the hidden space, and with equal importances no direction of it is better than another. So
# it is not superposition in the sense that matters, more features than dimensions at a lower loss.
# Norm and superposition metric do not tell: they say that directions are shared, not that it pays.
# Quantities that do: the loss, which lies on the linear bound and not below it; or the sum of the
# shares, $\sum_i \|W_i\|^2 = m$, which says that no more than $m$ features' worth comes through.
#
# **Rubric.** 2 points: the same total loss, spread over all features (half of each is lost), *and*
# a criterion that tells the cases apart (loss against the bound, or the sum of the squared norms
# against $m$). 1 point: one of the two. 0 points: only that the columns are not orthogonal, or that
# the count exceeds $m$. Whether it is *called* superposition does not matter, if the reason is
# given.
# ### END SOLUTION

# %% [markdown]
# ## The big picture
#
# Now train linear models: seven densities, importances $0.7^i$ and equal ones, three seeds each, 42
# models in one call. First look at what single seeds found, two of either kind.

# %% explore
n_seeds = 3
p_all = densities.repeat_interleave(n_seeds)[:, None].expand(-1, 20).repeat(2, 1)
importance_all = torch.stack([importance, torch.ones(20)]).repeat_interleave(7 * n_seeds, dim=0)
generator = torch.Generator().manual_seed(0)
model = LinearModel(n_instances=42, n_features=20, n_hidden=5, generator=generator)
config = TrainConfig(n_steps=2000, batch_size=256)
train(model, FeatureSampler(p_all), importance=importance_all, generator=generator, config=config)
W_linear, b_linear = model.W.detach(), model.b.detach()

exact = linear_expected_loss(
    W_linear, b_linear, feature_probability=p_all, importance=importance_all
)
bounds = tms_lib.linear_optimal_loss(p_all, importance=importance_all, n_hidden=5)
above = (exact / bounds - 1).view(2, 7, n_seeds)
print(f"above the bound by at most {above.max():.2%}; lowest: {above.min():.4%}")

figure, axes = plt.subplots(1, 4, figsize=(12, 3.2), layout="constrained")
for ax, k in zip(axes, (6, 7, 27, 28), strict=True):
    ax.imshow(gram(W_linear[k]), cmap="RdBu", vmin=-1, vmax=1)
    kind = "$0.7^i$" if k < 21 else "equal"
    ax.set(title=f"{kind}, $p$ = {p_all[k, 0]:g}: {exact[k] / bounds[k]:.4f}", xlabel="feature $j$")
axes[0].set(ylabel="feature $i$")
figure.suptitle("$W^T W$ after training, and loss / bound")
plt.show()

# %% [markdown]
# *Look.* With falling importances every seed finds the same $W^T W$. With equal ones each seed
# finds another, and all are equally good. Training ends somewhere on a wide flat floor, like the
# circle of exercise 4.3. What a seed picks there says nothing about the features.
#
# Next, ReLU output models on the same features, and the picture that the chapter began with.

# %% explore
generator = torch.Generator().manual_seed(0)
p_relu = densities.repeat_interleave(2)[:, None].expand(-1, 20)
relu = ReLUOutputModel(n_instances=14, n_features=20, n_hidden=5, generator=generator)
sampler = FeatureSampler(p_relu)
train(relu, sampler, importance=importance, generator=generator, config=config)
relu_loss = tms_lib.expected_loss(
    relu, sampler, importance=importance, n_samples=2**15, generator=generator
)
relu_loss = relu_loss.view(7, 2).min(1).values  # the better of two seeds

x = sample_features(p_all, 2**14, generator=generator)
x_hat = tms_lib.linear_output(x, W=W_linear, b=b_linear)
on_samples = tms_lib.weighted_mse(x, x_hat, importance=importance_all)

figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
sparsity = (1 / p_all[:, 0]).view(2, -1)
for row, (label, marker) in enumerate((("$0.7^i$", "o"), ("equal", "s"))):
    ratio = (on_samples / bounds).view(2, -1)[row]
    axes[0].plot(sparsity[row], ratio, marker, color="0.6", ms=6, mfc="none",
                 label=f"on 16,384 samples, $I_i$ {label}")  # fmt: skip
    ratio = (exact / bounds).view(2, -1)[row]
    axes[0].plot(sparsity[row], ratio, "k+x"[1 + row], color="black", ms=7,
                 label=f"your formula, $I_i$ {label}")  # fmt: skip
    axes[1].plot(sparsity[row], ratio, marker, color="black", ms=4 + 4 * row, mfc="none",
                 label=f"linear, $I_i$ {label}")  # fmt: skip
axes[1].plot(1 / densities, relu_loss / bound, "^--", color="0.4", label="ReLU, $I_i$ $0.7^i$")
for ax, title in zip(
    axes, ("the loss of 42 trained linear models", "and with a ReLU"), strict=True
):
    ax.axhline(1, color="0.6", lw=1)
    ax.set(xscale="log", xlabel="$1/p$", ylabel="loss / linear bound", title=title)
axes[0].legend(fontsize=8)
axes[1].legend(fontsize=8, loc="center right")
axes[1].set(ylim=(0, 1.2))
plt.show()
print("ReLU loss / bound:", [f"{r:.2f}" for r in (relu_loss / bound).tolist()])

# %% [markdown]
# *Look.* On the left, the open marks scatter as they did at the beginning, and your formula puts
# every model on the bound. The scatter was in the samples, not in the models. On the right, the
# ReLU output model leaves the bound as features become sparse. So one of the steps above must fail
# for it.

# %% question where_the_proof_breaks [markdown]
# ### Question 4.8: What the ReLU changes
#
# *6 minutes · 2 points, graded by hand*
#
# Take two equally important features of density $p$ in one dimension, as the pair $W = (1, -1)$.
#
# 1. Let $b = 0$. When is output 0 of the *linear* pair wrong, and when is output 0 of the *ReLU*
#    pair wrong? How does the loss of each fall with $p$ when $p$ is small? Does the best bias
#    change that for the linear pair?
# 2. Name one sentence of the proof in this chapter that is no longer true with the ReLU.

# %% written where_the_proof_breaks [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** The linear pair returns $x_0 - x_1$ at output 0. The error is $x_1$, so it is
# wrong whenever feature 1 is active, which has probability $p$. Its loss is $2p/3$, and $2\sigma^2
# = 2p/3 - p^2/2$ at the best bias: both proportional to $p$ when $p$ is small, like the loss of
# ignoring features. Their ratio does not change with sparsity, so sharing never starts to pay. The
# ReLU turns $-x_1$ into 0. Output 0 is wrong only if both features are active, with probability
# $p^2$, and the loss is $p^2/3$ (chapter 2). If features are sparse enough, that is less than
# ignoring one of them costs, $\sigma^2 \approx p/3$. Sentences that fail, any one will do: the
# error is a sum of the features with fixed coefficients, so that variances add up; every overlap
# costs, whatever its sign; the nearest that output $i$ can come is the projection of $e_i$; the
# sparsity is only a common factor.
#
# **Rubric.** 2 points: wrong if *one* (the other) feature is active against wrong only if *both*
# are, hence $p$ against $p^2$, *and* one sentence of the proof that fails. 1 point: one of the two.
# 0 points: only "the ReLU is non-linear".
# ### END SOLUTION

# %% [markdown]
# ## What you have now
#
# - The loss of a linear model is a formula. Variances of the error plus its squared mean; the best
#   bias makes the mean 0.
# - At the best bias the loss is feature benefit plus interference. Every overlap costs, whatever
#   its sign. A linear pair is no better than nothing.
# - The bound in two steps: projecting onto the hidden space is best, and the shares $P_{ii}$ add up
#   to at most $m$. The best linear models keep the $m$ features with the largest $I_i \sigma_i^2$,
#   which are the first principal components of $\sqrt{I_i}\, x_i$.
# - With equal importances all hidden spaces tie. Norms and overlaps then say nothing about the
#   features.
# - Sparsity is a common factor of all that. This is what a ReLU breaks: a pair then fails only when
#   two features are active at once.
#
# **In the paper.** Elhage et al. (2022), "Toy Models of Superposition", the beginning of
# *Mathematical Understanding*, with the split into feature benefit and interference. It follows
# Saxe et al. (2014), "Exact solutions to the nonlinear dynamics of learning in deep linear neural
# networks", who describe how such models learn one feature after the other.
#
# **Further.** Eckart and Young (1936) proved the bound for matrices. Baldi and Hornik (1989) showed
# that linear autoencoders, with a decoder of their own, have no local minima but the best; here too
# every seed arrived. Kunin et al. (2019), "Loss Landscapes of Regularized Linear Autoencoders", ask
# what it takes to find the components themselves, and not only the space that they span.
#
# **Next.** Chapter 5 puts the ReLU back and computes what interference costs then, for one active
# feature at a time.
