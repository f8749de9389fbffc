# %% [markdown]
# # Chapter 3: Superposition
#
# A model with 5 hidden dimensions gets 20 features. A linear model keeps 5 of them, whatever you
# do. Put a ReLU at the output and make the features sparse, and the model keeps more than it has
# dimensions. In this chapter you measure that, prove what the linear model must do, and draw the
# paper's first result with your own functions.
#
# **You will**
#
# - measure how strongly a model represents each feature, and how much others share its direction;
# - tell ignored, dedicated and superposed features apart, and count them;
# - build a best linear model by hand, and find the loss that no linear model can beat;
# - train models at several densities at once and compare them with that bound;
# - read $W^T W$ and $b$, and say what the bias is for.
#
# **You need** chapters 1 and 2: the axes of $W$, density and sparsity, $W^T W$, the two models,
# their loss, and why one keeps the best of several seeds. The four rules for all answers in chapter
# 1 hold here too: arguments stay as they are, dtype and device are kept, instances do not mix, and
# all randomness comes from `generator`.
#
# **How it works:** run the cells from top to bottom, write your answer in place of
# `raise NotImplementedError()`, run the check below it, and read what it says. About 100 minutes.

# %% setup
# %load_ext jaxtyping
# %jaxtyping.typechecker beartype.beartype

import math
from functools import partial

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

import tms_lib
from autograder import check
from tms_lib import FeatureKind, LinearModel, ReLUOutputModel, TrainConfig, best_of_seeds
from tms_lib import expected_loss, feature_moments, geometric_importance, gram
from tms_lib import plot_feature_norms, plot_weights, sample_features, train

# %% [markdown]
# ## The models to look at
#
# All features of a model share one density $p = 1 - S$. Remember that $S$, the sparsity, is the
# probability that a feature is **zero**. We take the paper's numbers: $n = 20$ features, $m = 5$
# hidden dimensions, importances $I_i = 0.7^i$, and seven densities from 1 to 0.001.
#
# The next cell trains ReLU output models with the library, two seeds at each density, and keeps the
# better one. It takes some seconds. You use `W_relu` and `b_relu` until you train your own.

# %% explore
densities = torch.tensor([1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001])
labels = [f"{p:g}" for p in densities.tolist()]
importance = geometric_importance(0.7, 20)

W_seeds, b_seeds, loss_seeds = tms_lib.train_over_densities(
    densities,
    importance=importance,
    n_hidden=5,
    n_seeds=2,
    relu=True,
    n_steps=1500,
    batch_size=512,
    n_test=2**16,
    generator=torch.Generator().manual_seed(2),
)
W_relu = best_of_seeds(W_seeds, loss_seeds)  # densities hidden features
b_relu = best_of_seeds(b_seeds, loss_seeds)  # densities features
loss_relu = loss_seeds.min(1).values  # densities
print("W_relu", tuple(W_relu.shape), " b_relu", tuple(b_relu.shape))

# %% [markdown]
# The first axis of `W_relu` is the density. It is an *instance* axis like any other: your functions
# below treat all seven models in one call.

# %% prompt feature_norm [markdown]
# ### Exercise 3.1: Feature norm
#
# How strongly does a model represent a feature? Measure the length of its direction:
#
# $$\|W_i\| = \sqrt{\textstyle\sum_a W_{a i}^2}$$
#
# - $W_{a i}$ is row $a$, column $i$ of `W`, which has shape `(*instances, hidden, features)`.
# - $W_i$ is column $i$, the direction of feature $i$, and $a$ runs over the hidden dimensions.
# - The result has shape `(*instances, features)`.
#
# A norm of 0 means that the model ignores the feature: nothing of it reaches $h$. A norm of 1 means
# that it comes back at its full size, since $W^T W$ has $\|W_i\|^2$ on its diagonal.
#
# Edge cases: one instance keeps its axis of size 1, and no instance axis at all works too.
#
# **Predict first.** $W$ has two rows, $(3, 0, 1)$ and $(4, 2, 1)$. How many numbers do you get, and
# which?
#
# <details><summary>Hint 1: where to start</summary>
#
# Square, sum over one axis, take the root. Count the axis from the end. Or look for
# `torch.linalg.vector_norm`.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Features are columns. To measure a column you sum over the rows, and that is `dim=-2`.
#
# </details>


# %% answer feature_norm
def feature_norm(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances features"]:
    """How strongly each feature is represented: the length of its column."""
    # solution: tms_lib.metrics.feature_norm


# %% check feature_norm
check("feature_norm")

# %% explore
figure, axes = plt.subplots(1, 4, figsize=(10, 3.6), layout="constrained", sharey=True, sharex=True)
for ax, k in zip(axes, [0, 1, 2, 6], strict=True):
    ax.barh(range(20), feature_norm(W_relu[k]), color="0.75", label="yours")
    ax.plot(tms_lib.feature_norm(W_relu[k]), range(20), "k|", ms=8, label="expected")
    ax.set(title=f"$p$ = {labels[k]}", xlabel=r"norm $\|W_i\|$")
axes[0].legend(loc="lower right")
axes[0].set(ylabel="feature $i$", ylim=(19.5, -0.5), yticks=range(0, 20, 5))
plt.show()

# %% [markdown]
# *Look.* The prediction: three numbers, one for each column, 5, 2 and $\sqrt 2$.
#
# Feature 0, the most important, is on top. The dense model on the left represents the first five
# features and nothing else. As features become sparse, bars grow downwards. Are there more bars
# than hidden dimensions on the right? Which features are still missing there?

# %% prompt count_represented [markdown]
# ### Exercise 3.2: How many features are represented?
#
# Count the features whose norm exceeds a threshold:
#
# $$\#\{\, i : \|W_i\| > t \,\}$$
#
# - $\|W_i\|$ is the norm of column $i$ of `W`, which has shape `(*instances, hidden, features)`.
# - $t$ is `threshold`, 0.5 unless the caller says otherwise.
# - The result is an integer tensor of shape `(*instances)`: one count per model.
#
# Edge case: a norm that equals the threshold does not count.
#
# `tms_lib.feature_norm` is there to use, so that this exercise does not depend on your last one.
#
# **Predict first.** A model has $m = 5$ hidden dimensions. What is the largest count that you
# think possible?
#
# <details><summary>Hint 1: where to start</summary>
#
# A comparison gives a bool tensor. Its `.sum(-1)` counts True as 1 and gives integers.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `.sum()` without an axis adds the instances. And a threshold on the *squared* norm is another one:
# 0.6 exceeds 0.5, its square does not.
#
# </details>


# %% answer count_represented
def count_represented(
    W: Float[Tensor, "*instances hidden features"], *, threshold: float = 0.5
) -> Int[Tensor, "*instances"]:
    """The number of features whose norm exceeds `threshold`."""
    # solution: tms_lib.metrics.count_represented


# %% check count_represented
check("count_represented")

# %% explore
figure, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
ax.plot(1 / densities, count_represented(W_relu), "o-", color="0.3", label="yours")
ax.plot(1 / densities, tms_lib.count_represented(W_relu), "kx", ms=9, label="expected")
ax.axhline(5, color="0.6", ls="--", label="hidden dimensions")
ax.set(xscale="log", xlabel="$1/p$", ylabel="features with norm > 0.5", yticks=range(0, 21, 5))
ax.legend(loc="lower right")
norms = tms_lib.feature_norm(W_relu)
between = ((norms > 0.3) & (norms < 0.7)).float().mean().item()
print(f"norms between 0.3 and 0.7: {between:.0%} of all")

# %% [markdown]
# *Look.* Nothing limits the count: even 20 nonzero columns fit into 5 dimensions. What is limited
# is the number of columns that are *orthogonal*. So any model above the dashed line must have
# columns that are not. This is superposition.
#
# The printed number says how much depends on the threshold: few norms lie near it. At which density
# does the count first exceed 5?

# %% [markdown]
# ## Who shares a direction?
#
# The count says that some features must share. It does not say which. For that we ask, feature by
# feature: how much of the others lies along my direction?

# %% prompt superposition [markdown]
# ### Exercise 3.3: The superposition metric
#
# Project all other columns onto the direction of $W_i$, square, and add:
#
# $$\sum_{j \neq i} \bigl(\hat W_i \cdot W_j\bigr)^2 \qquad\text{with}\qquad
# \hat W_i = W_i / \|W_i\|$$
#
# - $W_i$ is column $i$ of `W`, which has shape `(*instances, hidden, features)`.
# - $\hat W_i$ is the unit vector in its direction. Only feature $i$'s column is normalised. The
#   others keep their lengths: a long neighbour disturbs more than a short one.
# - $j$ runs over all features but $i$.
# - The result has shape `(*instances, features)`: one value for each feature $i$.
#
# 0 means that feature $i$ has its direction to itself. 1 means that the others, if all were on,
# would weigh as much on this direction as one more feature of norm 1.
#
# Edge case: a zero column has no direction. It gets 0, not NaN. The other columns must stay exact:
# do not add a small number to their norms.
#
# **Predict first.** Two features live in one dimension, with $W_0 = 1$ and $W_1 = 2$. What does
# each get? And what does each corner of a regular pentagon with unit vectors get: less than 1, 1,
# or more?
#
# <details><summary>Hint 1: where to start</summary>
#
# First a matrix of all $\hat W_i \cdot W_j$, with $i$ in the rows. `F.normalize(W, dim=-2)` makes
# unit columns and leaves a zero column at zero. Then square, remove the diagonal, and sum over $j$.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# The matrix is not symmetric. Normalise the feature that *receives*, $i$, and sum over the ones
# that send, $j$. The case $W_0 = 1$, $W_1 = 2$ tells both apart.
#
# </details>


# %% answer superposition
def superposition(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances features"]:
    """How much every other feature projects onto feature i's direction."""
    # solution: tms_lib.metrics.superposition


# %% check superposition
check("superposition")

# %% explore
angle = 2 * math.pi * torch.arange(5) / 5
pentagon = torch.stack([angle.cos(), angle.sin()])  # hidden features
print("one dimension, 1 and 2:", superposition(torch.tensor([[1.0, 2.0]])))
print("pentagon:", superposition(pentagon))


def norm_bars(norms: Tensor, shared: Tensor, *, ax: plt.Axes) -> None:
    """Norms as bars. Dark: a direction of its own. Light: shared."""
    colors = plt.get_cmap("viridis")(shared.clamp(max=1).numpy())
    n = len(norms)
    ax.barh(range(n), norms, height=0.85 if n <= 20 else 1, color=colors)
    ax.set(ylim=(n - 0.5, -0.5), yticks=range(0, n, n // 4))
    ax.set(xlabel=r"norm $\|W_i\|$", ylabel="feature $i$")


figure, axes = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained", sharex=True)
norm_bars(tms_lib.feature_norm(W_relu[1]), superposition(W_relu[1]), ax=axes[0])
axes[0].set_title("your superposition, $p$ = 0.3")
plot_feature_norms(W_relu[1], ax=axes[1])
axes[1].set(title="expected", yticks=range(0, 20, 5))
plt.show()

# %% [markdown]
# *Look.* The prediction: feature 0 receives $2^2 = 4$ and feature 1 receives $1^2 = 1$. The
# pentagon gives 1.5 to each corner, more than 1.
#
# Now the trained model at $p = 0.3$. Dark bars have a dimension to themselves, light ones share.
# The most important features stay alone. Superposition starts further down. How many light bars are
# there, and how many dimensions are left for them? What arrangement does that suggest?

# %% [markdown]
# ## Three fates of a feature
#
# Two numbers per feature make three kinds:
#
# | kind | norm | superposition | what the model does with it |
# |---|---|---|---|
# | ignored | small | any | leaves it out |
# | dedicated | large | small | gives it a dimension of its own |
# | superposed | large | large | lets it share |
#
# Both thresholds are our choice. The paper shows the two numbers and draws no line.

# %% prompt classify_features [markdown]
# ### Exercise 3.4: Ignored, dedicated, superposed
#
# Say for every feature which kind it is:
#
# $$\text{kind}_i = \begin{cases} 0 & \text{if } \|W_i\| \le t_n & \text{(ignored)} \\
# 2 & \text{else, if } s_i > t_s & \text{(superposed)} \\
# 1 & \text{else} & \text{(dedicated)} \end{cases}$$
#
# - $\|W_i\|$ is the norm of column $i$, and $s_i$ is its superposition.
# - $t_n$ is `norm_threshold` and $t_s$ is `superposition_threshold`.
# - `W` has shape `(*instances, hidden, features)`. The result is an integer tensor of shape
#   `(*instances, features)`. You may use the names `FeatureKind.IGNORED` (0),
#   `FeatureKind.DEDICATED` (1) and `FeatureKind.SUPERPOSED` (2), which are integers.
#
# Edge cases: a norm at $t_n$ does not exceed it, so the feature is ignored. A superposition at
# $t_s$ does not exceed it either. A zero column is ignored.
#
# You may use `tms_lib.feature_norm` and `tms_lib.superposition`.
#
# **Predict first.** A column has norm 0.1 and is orthogonal to all others. Its superposition is 0.
# Which kind is it?
#
# <details><summary>Hint 1: where to start</summary>
#
# `torch.where(condition, a, b)` takes numbers for `a` and `b`. Nest two of them.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# An ignored feature has a direction too, which may be anywhere. So the norm decides first.
#
# </details>


# %% answer classify_features
def classify_features(
    W: Float[Tensor, "*instances hidden features"],
    *,
    norm_threshold: float = 0.5,
    superposition_threshold: float = 0.5,
) -> Int[Tensor, "*instances features"]:
    """The kind of every feature: 0 ignored, 1 dedicated, 2 superposed."""
    # solution: tms_lib.metrics.classify_features


# %% check classify_features
check("classify_features")

# %% explore
yours, expected = classify_features(W_relu), tms_lib.classify_features(W_relu)
print("density   ignored  dedicated  superposed     expected")
for k, label in enumerate(labels):
    mine = [int((yours[k] == kind).sum()) for kind in FeatureKind]
    theirs = [int((expected[k] == kind).sum()) for kind in FeatureKind]
    print(f"{label:>7}   {mine[0]:7d}  {mine[1]:9d}  {mine[2]:10d}     {theirs}")

# %% [markdown]
# *Look.* The short orthogonal column of the prediction is ignored. Read the table from top to
# bottom. First all dimensions are dedicated. Then the dedicated ones disappear, and the superposed
# ones take their dimensions over. Which column falls all the time?
#
# These are single trained models, the better of two seeds. Another seed can move a count by one
# or two. What does not depend on the seed is the order of events.

# %% [markdown]
# ## What a linear model does
#
# Take the ReLU away: $x' = W^T W x + b$. Write $G = W^T W$. Both $W$ and $b$ can be chosen freely,
# so let us find the best.
#
# First the bias. It can make the mean error of every output 0, and that is the best it can do. What
# remains are the *variances* of the errors. The features are independent, with
# $\sigma_j^2 = \mathrm{Var}[x_j] = p_j/3 - p_j^2/4$ (chapter 1), so
#
# $$L = \sum_i I_i \Bigl[ (1 - G_{ii})^2 \sigma_i^2 + \sum_{j \neq i} G_{ij}^2 \sigma_j^2 \Bigr].$$
#
# The first part falls as a feature is represented. The second one is interference, and in a linear
# model *every* overlap costs, whatever its sign. Two features that share a dimension always disturb
# each other. It never pays.
#
# A feature with $G_{ii} = 1$ and no overlap costs nothing. An ignored one costs $I_i \sigma_i^2$.
# There is room for $m$ features. So keep those that would cost most.
#
# (That no mixture is better is a theorem of Eckart and Young: $L$ is the squared distance of a
# diagonal matrix from one of rank at most $m$. It is also what principal components do. The scaled
# features $\sqrt{I_i}\, x_i$ have a diagonal covariance matrix, and its largest entries are the
# variances of its first principal components.)

# %% prompt linear_optimum [markdown]
# ### Exercise 3.5: A best linear model
#
# Build $W$ and $b$ of a linear model with the least possible loss.
#
# $$G_{ii} = 1,\; b_i = 0 \;\text{ for kept features}, \qquad
# G_{ii} = 0,\; b_i = E[x_i] = p_i/2 \;\text{ for ignored ones}, \qquad
# G_{ij} = 0 \;\text{ for } i \neq j$$
#
# - $G = W^T W$, and $m$ is `n_hidden`.
# - Kept are the $m$ features with the largest cost $I_i \sigma_i^2$, where $I_i$ is `importance`
#   and $\sigma_i^2 = p_i/3 - p_i^2/4$ is the variance of feature $i$.
# - $p_i$ is `feature_probability`. It and `importance` have shape `(*instances, features)`; axes of
#   size 1 broadcast, and so do missing instance axes.
# - The result is the tuple `(W, b)`, of shapes `(*instances, hidden, features)` and
#   `(*instances, features)`, in the dtype and on the device of the arguments.
#
# Any rotation of $W$ is as good, and the check accepts it: it compares $W^T W$ and $b$. The
# features need not be sorted. No check has equal costs where one is kept and the other ignored.
#
# Edge cases: with $p_i = 0$ a feature costs nothing. With $m = n$ nothing is ignored.
#
# **Predict first.** There is room for one of two equally important features. One is always active,
# one half of the time. Which one does the best linear model keep?
#
# <details><summary>Hint 1: where to start</summary>
#
# `feature_moments(p)` gives `.mean` and `.variance`. Sort the costs with
# `torch.argsort(..., descending=True)`. `F.one_hot` turns the indices of the kept features into
# rows of $W$: one feature, one dimension. It gives integers, so convert them with `.to(p.dtype)`.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# The cost of ignoring $x_i$ is its variance, not $E[x_i^2]$: the bias already answers the mean. And
# a kept feature comes back exactly, so it needs no bias.
#
# </details>


# %% answer linear_optimum
def linear_optimum(
    feature_probability: Float[Tensor, "*#instances #features"],
    *,
    importance: Float[Tensor, "*#instances #features"],
    n_hidden: int,
) -> tuple[Float[Tensor, "*instances {n_hidden} features"], Float[Tensor, "*instances features"]]:
    """Weights W and biases b of a best linear model, x' = W^T W x + b."""
    # solution: tms_lib.theory.linear_optimum


# %% check linear_optimum
check("linear_optimum")

# %% explore
W_linear, b_linear, _ = tms_lib.train_over_densities(
    densities[:1],
    importance=importance,
    n_hidden=5,
    n_seeds=1,
    relu=False,
    n_steps=1500,
    batch_size=512,
    n_test=1,
    generator=torch.Generator().manual_seed(0),
)
W_best, b_best = linear_optimum(torch.ones(20), importance=importance, n_hidden=5)

figure, axes = plt.subplots(1, 2, figsize=(9, 3.9), layout="constrained")
plot_weights(W_best, b_best, ax=axes[0])
axes[0].set_title("your linear optimum, $p$ = 1")
plot_weights(W_linear[0, 0], b_linear[0, 0], ax=axes[1])
axes[1].set_title("trained linear model")
print("variance at p = 1 and p = 0.5:", feature_moments(torch.tensor([1.0, 0.5])).variance)
print("first column of W, yours:  ", W_best[:, 0])
print("first column of W, trained:", W_linear[0, 0, :, 0])

# %% [markdown]
# *Look.* The prediction: the one that is active half of the time. It varies more, and only what
# varies has to be represented. The bias takes care of the rest.
#
# Training found the same $W^T W$ and the same $b$. The last two lines show that $W$ itself differs.
# Why is that no contradiction?
#
# With one density for all features, $\sigma^2$ is a common factor. So the features that are kept do
# not depend on the density. And if the importances are equal too, any $m$ features are as good as
# any other, and so are mixtures of them.

# %% prompt linear_optimal_loss [markdown]
# ### Exercise 3.6: The bound
#
# Give the loss of that best model. No linear model can go below it:
#
# $$L^* = \sum_{i \,\text{ignored}} I_i \, \sigma_i^2$$
#
# - The ignored features are the $n - m$ with the smallest $I_i \sigma_i^2$; $n$ is the number of
#   features and $m$ is `n_hidden`.
# - $I_i$ is `importance` and $\sigma_i^2 = p_i/3 - p_i^2/4$ with `feature_probability` $p_i$.
#   Shapes are as in exercise 3.5.
# - The result has shape `(*instances)`. It is a sum over features, without a factor $1/n$, as our
#   loss is.
#
# Edge case: with $m = n$ the loss is 0.
#
# **Predict first.** ReLU models are trained at density 1 and at density 0.001. By how much do you
# expect each to beat this bound?
#
# <details><summary>Hint 1: where to start</summary>
#
# Sort the costs along the last axis and add up all but the $m$ largest.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Sort by cost, not by importance. They agree only if all features share one density. And do not
# rely on the order in which the features come.
#
# </details>


# %% answer linear_optimal_loss
def linear_optimal_loss(
    feature_probability: Float[Tensor, "*#instances #features"],
    *,
    importance: Float[Tensor, "*#instances #features"],
    n_hidden: int,
) -> Float[Tensor, "*instances"]:
    """The least loss that a linear model can have."""
    # solution: tms_lib.theory.linear_optimal_loss


# %% check linear_optimal_loss
check("linear_optimal_loss")

# %% explore
bound = linear_optimal_loss(densities[:, None], importance=importance, n_hidden=5)
expected = tms_lib.linear_optimal_loss(densities[:, None], importance=importance, n_hidden=5)
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
axes[0].loglog(1 / densities, bound, "-", color="0.5", label="your bound")
axes[0].loglog(1 / densities, expected, "kx", ms=8, label="expected bound")
axes[0].loglog(1 / densities, loss_relu, "o", color="0.3", label="ReLU models")
axes[0].set(xlabel="$1/p$", ylabel="loss")
axes[0].legend()
axes[1].semilogx(1 / densities, loss_relu / bound, "o-", color="0.3")
axes[1].axhline(1, color="0.6", ls="--")
axes[1].set(xlabel="$1/p$", ylabel="loss of ReLU model / your bound", ylim=(0, 1.2))
print("loss / bound:", [f"{r:.2f}" for r in (loss_relu / bound).tolist()])

# %% [markdown]
# *Look.* At density 1 the ReLU model is no better than the best linear one, and it keeps the same
# five features. The sparser the features, the more it wins, since it need not leave features out.
# In the left picture all losses fall with the density: there is less to reconstruct. Only the ratio
# on the right compares models across densities.
#
# Losses are measured on fresh samples. At $p = 0.001$ most samples hold no feature at all, so these
# are the noisiest points. Where do you expect the ratio to go as $p$ falls further?

# %% question invertible [markdown]
# ### Question 3.7: A definition
#
# *6 minutes · 2 points, graded by hand*
#
# One can read this definition: *a model is in superposition if $W^T W$ is not invertible.* The idea
# behind it: an invertible $W^T W$ lets the features be recovered exactly.
#
# Apply it to the linear model from exercise 3.5, with $n = 20$ and $m = 5$. Does it say what we
# mean by superposition? Suggest a better criterion in terms of quantities of this chapter, and
# check it on the linear model and on an antipodal pair.

# %% written invertible [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** $W$ has $m$ rows, so $W^T W$ has rank at most $m$. For $m < n$ it is *never*
# invertible. The best linear model with 5 dedicated features would be in superposition by that
# definition, though its kept features are orthogonal and the others are not represented at all. The
# definition is true of every model of this chapter and tells none of them apart. Better: more
# features are represented than there are dimensions, `count_represented(W) > m`; or: some
# represented feature has superposition clearly above 0. The linear model has 5 represented features
# in 5 dimensions and superposition 0, so it is not in superposition. The antipodal pair has 2 in 1
# and superposition 1, so it is. (One may also restrict the definition to represented features: the
# columns with nonzero norm are linearly dependent.)
#
# **Rubric.** 2 points: says that the rank is at most $m < n$, so that the definition holds always
# or for the linear model too, *and* gives a criterion that tells the two examples apart. 1 point:
# one of the two. 0 points: neither.
# ### END SOLUTION

# %% [markdown]
# ## Your own experiment
#
# So far the library trained. Now you put the experiment together. The parts are there: sampler,
# models, training, loss on fresh samples. What is left is the part where experiments go wrong:
# which model belongs to which density and seed.

# %% prompt train_over_densities [markdown]
# ### Exercise 3.8: Train over densities
#
# Train `n_seeds` models at each density, all in one call of `train`, and measure the loss of each
# afterwards.
#
# 1. Lay the models out as instances: $D \cdot K$ of them, for $D$ densities and $K$ = `n_seeds`.
#    All features of a model share its density.
# 2. Make a `ReLUOutputModel` if `relu`, else a `LinearModel`.
# 3. Train it with `TrainConfig(n_steps=n_steps, batch_size=batch_size)`.
# 4. Measure each model's loss with `expected_loss` on `n_test` fresh samples of its own density.
#
# What the parts take:
#
# - `sample_features(p, n_samples, generator=...)` with `p` of shape `(instances, features)`;
# - `LinearModel(n_instances=..., n_features=..., n_hidden=..., generator=...)`, and the same for
#   `ReLUOutputModel`; their weights are `model.W` and `model.b`;
# - `train(model, sample, importance=..., generator=..., config=...)` and `expected_loss(model,
#   sample, importance=..., n_samples=..., generator=...)`, where `sample` is a sampler that already
#   knows `p`: `partial(sample_features, p)`.
#
# `densities` has shape `(densities)` and `importance` `(features)`. The result is the tuple
# `(W, b, losses)` of shapes `(densities, seeds, hidden, features)`, `(densities, seeds, features)`
# and `(densities, seeds)`. Entry `[d, k]` belongs to density `d`. Cut `W` and `b` from the graph
# with `.detach()`, or the plots below refuse them.
#
# Edge case: one density and one seed still have their axes.
#
# The check trains small models, and compares their losses with the bound from exercise 3.6: linear
# models must come near it, sparse ReLU models must beat it. No check looks at the weights that one
# seed happens to give. It takes some seconds.
#
# **Predict first.** Which models will have more represented features at $p = 0.001$ than at $p =
# 1$: the linear ones, the ReLU ones, or both?
#
# <details><summary>Hint 1: where to start</summary>
#
# `densities.repeat_interleave(n_seeds)` gives each density `n_seeds` times in a row. Add an axis
# for the features and `expand` it. At the end, `tensor.unflatten(0, (a, b))` splits the first axis.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `repeat` gives $d_0 d_1 d_0 d_1$, `repeat_interleave` gives $d_0 d_0 d_1 d_1$. Only one of them
# fits `unflatten(0, (densities, seeds))`. No shape error tells you which.
#
# </details>


# %% answer train_over_densities
def train_over_densities(
    densities: Float[Tensor, " densities"],
    *,
    importance: Float[Tensor, " features"],
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[
    Float[Tensor, "densities {n_seeds} {n_hidden} features"],
    Float[Tensor, "densities {n_seeds} features"],
    Float[Tensor, "densities {n_seeds}"],
]:
    """Train `n_seeds` models at each density, all at once, and measure their losses afterwards."""
    # solution: tms_lib.recipes.train_over_densities


# %% check train_over_densities
check("train_over_densities")

# %% explore
settings = {"importance": importance, "n_hidden": 5, "n_steps": 1500, "batch_size": 512}
trained = {}
for name, relu, n_seeds in [("linear", False, 1), ("ReLU", True, 2)]:
    W, b, losses = train_over_densities(
        densities,
        **settings,
        n_seeds=n_seeds,
        relu=relu,
        n_test=2**16,
        generator=torch.Generator().manual_seed(1),
    )
    trained[name] = best_of_seeds(W, losses), best_of_seeds(b, losses), losses.min(1).values

bound = tms_lib.linear_optimal_loss(densities[:, None], importance=importance, n_hidden=5)
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for (name, (W, _, loss)), style in zip(trained.items(), ["s--", "o-"], strict=True):
    axes[0].semilogx(1 / densities, loss / bound, style, color="0.3", label=f"your {name} models")
    count = tms_lib.count_represented(W)
    axes[1].semilogx(1 / densities, count, style, color="0.3", label=f"your {name} models")
count = tms_lib.count_represented(W_relu)
axes[0].semilogx(1 / densities, loss_relu / bound, "kx", ms=9, label="the first ReLU models")
axes[1].semilogx(1 / densities, count, "kx", ms=9, label="the first ReLU models")
axes[0].set(xlabel="$1/p$", ylabel="loss / linear bound", ylim=(0, 1.3))
axes[1].set(xlabel="$1/p$", ylabel="represented features", yticks=range(0, 21, 5))
axes[0].legend(loc="center right")
plt.show()

# %% [markdown]
# *Look.* Only the ReLU models represent more as features become sparse. The linear ones stay at 5
# features and at a ratio of about 1: the best solution does not depend on the density. (Their ratio
# scatters where features are sparse. The true loss cannot be below the bound; a loss measured on
# finitely many samples can.)
#
# The crosses are the models from the beginning, with other seeds. Where do the two runs agree
# exactly, and where do they differ?

# %% question biases [markdown]
# ### Question 3.9: What the bias is for
#
# *5 minutes · 2 points, graded by hand*
#
# Run the cell below your answer, or look at the big picture further down. Compare $b$ of the linear
# model, of the ReLU model at $p = 0.1$ and of the ReLU model at $p = 0.001$. Say what the bias does
# for the loss in each case. For which features is it positive, about zero, negative, and why?

# %% written biases [markdown] points=2 minutes=5
# ### BEGIN SOLUTION
# **Model answer.** Linear model: an ignored feature is answered by its mean, $b_i = p/2$, so that
# only its variance costs; kept features come back exactly and have $b_i = 0$. ReLU model at $p =
# 0.1$: represented features sit in antipodal pairs. Interference within a pair is negative, the
# ReLU removes it, and their bias is about 0. Ignored features still have the positive mean. ReLU
# model at $p = 0.001$: more features share a dimension, and some overlaps are positive. A positive
# overlap makes an output active though its feature is not. A negative bias pushes such small noise
# below 0, where the ReLU cuts it off. The price is that the feature itself comes back too small,
# which a norm above 1 makes up for.
#
# **Rubric.** 2 points: the mean for ignored features *and* the negative bias as a threshold against
# positive interference. 1 point: one of the two. 0 points: only describes the numbers.
# ### END SOLUTION

# %% explore
figure, ax = plt.subplots(figsize=(8, 3.4), layout="constrained")
for name, b, style in [
    ("linear, $p$ = 0.1", trained["linear"][1][2], "s:"),
    ("ReLU, $p$ = 0.1", trained["ReLU"][1][2], "o-"),
    ("ReLU, $p$ = 0.001", trained["ReLU"][1][6], "^--"),
]:
    ax.plot(b, style, ms=5, label=name)
ax.axhline(0, color="0.6", lw=1)
ax.axhline(0.05, color="0.6", lw=1, ls=":")
ax.text(0, 0.06, "$p/2$ for $p$ = 0.1", va="bottom", fontsize=9)
ax.set(xlabel="feature $i$", ylabel="bias $b_i$", xticks=range(0, 20, 5), ylim=(-0.4, 0.12))
ax.legend(loc="lower right", ncols=3)
plt.show()

# %% [markdown]
# ## The big picture
#
# Now the figure of the paper: the linear model and the ReLU models at seven densities. Above,
# $W^T W$ with $b$ beside it. Below, the norms as bars, dark where a feature has its direction to
# itself and light where it shares. Models, norms and superposition in the first figure are
# yours.


# %% explore
def figure_rows(panels: list[tuple[str, Tensor, Tensor]], *, own: bool, title: str) -> None:
    """A column for each model: W^T W and b, and below them the norms, coloured."""
    figure, axes = plt.subplots(2, len(panels), figsize=(16, 4.6), dpi=80, layout="constrained")
    figure.suptitle(title)
    for k, (name, W, b) in enumerate(panels):
        plot_weights(W, b, ax=axes[0, k])
        if own:
            norm_bars(feature_norm(W), superposition(W), ax=axes[1, k])
        else:
            plot_feature_norms(W, ax=axes[1, k])
        axes[0, k].set_title(name)
        axes[1, k].set_xlim(0, 1.4)
        for ax in axes[:, k]:
            if k < len(panels) - 1:
                for bar in ax.child_axes:  # one colour bar at the end of a row will do
                    bar.remove()
            if k > 0:
                ax.set(ylabel="", yticks=[])


names = ["linear"] + [f"ReLU, $p$ = {label}" for label in labels]
linear = trained["linear"][0][0], trained["linear"][1][0]  # trained at p = 1
relu = list(zip(*trained["ReLU"][:2], strict=True))
panels = [(name, *model) for name, model in zip(names, [linear, *relu], strict=True)]
figure_rows(panels, own=True, title="yours: $n = 20$, $m = 5$, $I_i = 0.7^i$")

# %% explore
optimum = tms_lib.linear_optimum(torch.ones(20), importance=importance, n_hidden=5)
relu = list(zip(W_relu, b_relu, strict=True))
panels = [(name, *model) for name, model in zip(names, [optimum, *relu], strict=True)]
figure_rows(panels, own=False, title="expected: the linear optimum, and the first ReLU models")

# %% [markdown]
# *Look.* From left to right:
#
# - The **linear model** keeps the five most important features and answers the mean for the rest.
#   The ReLU model at $p = 1$ does the same.
# - At $p = 0.3$ the least important of the kept features give up their dimensions. Antipodal pairs
#   move in: short strokes off the diagonal mark $W_i \cdot W_j \approx -1$. A ReLU removes negative
#   interference, so a pair costs only when both are active at once.
# - At $p = 0.1$ most dimensions, or all, hold such a pair.
# - Sparser still, pairs are not enough. At the right end more than $2m = 10$ features are
#   represented. Overlaps become positive as well, and biases negative.
#
# The two figures come from different seeds. Which features make a pair depends on the seed, and so
# does the exact count at the sparse end. Training finds good solutions, but not the best one every
# time. The paper's figure is one such draw too.

# %% [markdown]
# ### More features
#
# The same with $n = 80$ features in $m = 20$ dimensions and $I_i = 0.9^i$, one seed for each
# density. The linear panel is the optimum by formula.

# %% explore
importance_80 = geometric_importance(0.9, 80)
W_80, b_80, loss_80 = tms_lib.train_over_densities(
    densities,
    importance=importance_80,
    n_hidden=20,
    n_seeds=1,
    relu=True,
    n_steps=1500,
    batch_size=512,
    n_test=2**13,
    generator=torch.Generator().manual_seed(0),
)
optimum = tms_lib.linear_optimum(torch.ones(80), importance=importance_80, n_hidden=20)
relu = list(zip(W_80[:, 0], b_80[:, 0], strict=True))
panels = [(name, *model) for name, model in zip(names, [optimum, *relu], strict=True)]
figure_rows(panels, own=True, title="$n = 80$, $m = 20$, $I_i = 0.9^i$")
kinds = tms_lib.classify_features(W_80[:, 0])
print("represented:", tms_lib.count_represented(W_80[:, 0]).tolist())
print("dedicated:  ", (kinds == FeatureKind.DEDICATED).sum(-1).tolist())

# %% [markdown]
# It is the small picture at a larger scale. Again the most important features keep their own
# dimensions longest. With 80 features this is easier to see: at $p = 0.3$ most of the upper
# bars are dark and the lower ones light.
#
# ## What you have now
#
# - $\|W_i\|$ says whether a feature is represented. $\sum_{j \ne i} (\hat W_i \cdot W_j)^2$ says
#   whether it shares its direction.
# - A linear model keeps the $m$ features with the largest $I_i \sigma_i^2$ and answers the mean for
#   the rest. Its best loss is $\sum_{i\,\text{ignored}} I_i \sigma_i^2$. If all features share
#   one density, its value does not change what it keeps.
# - A ReLU model does the same for dense features. For sparse ones it represents more features than
#   it has dimensions. The less important features share first, in antipodal pairs.
# - A bias answers the mean of ignored features, and, made negative, cuts off small positive
#   interference.
#
# **In the paper.** Elhage et al. (2022), "Toy Models of Superposition", section *Demonstrating
# Superposition*, *Basic Results*: the metric and the figure that you drew. The linear case is at
# the start of *Mathematical Understanding*.
#
# **Next.** Why does it pay to share, exactly, and why only with a ReLU? The next chapters split the
# loss into what a feature gains and what its neighbours cost.
