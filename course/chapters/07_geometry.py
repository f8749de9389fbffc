# %% [markdown]
# # Chapter 7: The geometry of uniform superposition
#
# Give a model many features that are all alike: equally important, equally sparse. No feature
# deserves a dimension more than another. What does the model do? It lets them share, and the shares
# turn out to be simple fractions: a half, two fifths, three eighths. In this chapter you measure
# the shares, find out why they are these fractions, and find the shapes behind them in a model of
# 400 features.
#
# **You will**
#
# - measure how many dimensions a model spends per feature, and how much of one each feature has;
# - see these shares cluster at a few fractions;
# - prove that the shares add up to at most the number of dimensions, and compute each one's bound;
# - build the shapes that cover their dimensions evenly, and join them without interference;
# - find which features of a trained model belong together, and which shape they form.
#
# **You need** chapter 3: the columns of $W$, $W^T W$, norm and superposition of a feature. Of
# linear algebra, eigenvectors and the pseudo-inverse. The rules for all answers from chapter 1
# hold: arguments stay as they are, dtype and device are kept, instances do not mix.
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
from tms_lib import FeatureSampler, ReLUOutputModel, TrainConfig, gram, train
from tms_lib import plot_dimensionality, plot_features_3d

torch.set_num_threads(1)  # on a busy machine, threads that share small steps mostly wait

# %% [markdown]
# ## The models to look at
#
# We take the paper's sizes: $n = 400$ features, $m = 30$ hidden dimensions, all importances 1. In a
# model all features have the same density $p = 1 - S$. There are eleven models, from dense
# ($p = 1$) to sparse ($p = 1/7$).
#
# The next cell trains them. It takes from a quarter of a minute to a minute, the longest wait of
# this chapter. `FeatureSampler` draws the same data as `sample_features`, only faster. The biases
# start at the mean, $p / 2$: then few outputs begin below zero, where a ReLU passes no gradient.

# %% explore
inverse_density = torch.tensor([1.0, 1.5, 2.0, 2.4, 2.8, 3.3, 3.9, 4.5, 5.0, 5.5, 7.0])
densities = 1 / inverse_density
n_features, n_hidden = 400, 30

generator = torch.Generator().manual_seed(1)
p = densities.unsqueeze(-1).expand(-1, n_features)  # densities features
model = ReLUOutputModel(
    n_instances=len(p), n_features=n_features, n_hidden=n_hidden, generator=generator
)
with torch.no_grad():
    model.b.add_(p / 2)
train(
    model,
    FeatureSampler(p),
    importance=torch.ones(n_features),
    generator=generator,
    config=TrainConfig(n_steps=2500, batch_size=128, lr=5e-3),
)
W = model.W.detach()
print("W", tuple(W.shape), "is (densities, hidden, features)")

# %% prompt dimensions_per_feature [markdown]
# ### Exercise 7.1: Dimensions per feature
#
# How many dimensions does a model spend on a feature? If each represented feature has norm 1 and
# the others 0, then the sum of all squared norms counts the represented features. So divide:
#
# $$\frac{m}{\|W\|_F^2} \qquad\text{with}\qquad
# \|W\|_F^2 = \sum_i \|W_i\|^2 = \sum_{a, i} W_{a i}^2$$
#
# - $m$ is the number of hidden dimensions, the rows of `W`. `W` has shape
#   `(*instances, hidden, features)`.
# - $\|W\|_F$ is the Frobenius norm. $W_i$ is column $i$, and $a$ runs over the rows.
# - The result has shape `(*instances)`: one number per model.
#
# 1 means as many features as dimensions. 1/2 means two features for each dimension. A feature that
# is half represented counts as much as its squared norm.
#
# Edge case: a model that represents nothing, $W = 0$, gets infinity. (Torch does that by itself.)
#
# **Predict first.** A model with $m = 2$ keeps four features of norm 1, as two antipodal pairs.
# What does it get? And one that keeps five, as a pentagon?
#
# <details><summary>Hint 1: where to start</summary>
#
# `(W**2).sum((-2, -1))` sums over two axes at once. `W.shape[-2]` is $m$.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Count the axes from the end. `W.shape[1]` is $m$ for three axes, and $n$ for two.
#
# </details>


# %% answer dimensions_per_feature
def dimensions_per_feature(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances"]:
    """How many hidden dimensions there are per represented feature."""
    # solution: tms_lib.metrics.dimensions_per_feature


# %% check dimensions_per_feature
check("dimensions_per_feature")

# %% explore
figure, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
ax.plot(inverse_density, dimensions_per_feature(W), "o-", color="0.3", label="yours")
expected = tms_lib.dimensions_per_feature(W)
ax.plot(inverse_density, expected, "kx", ms=10, label="expected")
for level in (1, 1 / 2):
    ax.axhline(level, color="0.6", ls="--", lw=1)
ax.set(xscale="log", xlabel="$1/p$, sparser to the right", ylabel=r"$m / \|W\|_F^2$", ylim=(0, 1.1))
ax.set_xticks(range(1, 8), range(1, 8))
ax.minorticks_off()
ax.legend()
print("represented, norm > 0.5:", tms_lib.count_represented(W).tolist())

# %% [markdown]
# *Look.* The prediction: $2/4 = 1/2$ and $2/5$. The number does not ask how the features lie, only
# how many there are.
#
# The curve does not fall evenly. It stays near 1, drops, and rests near 1/2 before it falls on. The
# paper calls such values *sticky*. At 1/2 there are two features for each dimension. Does every one
# of them have half a dimension? Or do some have a whole one, and others less? This number cannot
# tell.

# %% [markdown]
# ## Everyone's share
#
# So we ask each feature for its own share.

# %% prompt dimensionality [markdown]
# ### Exercise 7.2: The dimensionality of a feature
#
# A feature's dimensionality is the part of a dimension that it has to itself:
#
# $$D_i = \frac{\|W_i\|^2}{\sum_j \bigl(\hat W_i \cdot W_j\bigr)^2}
# \qquad\text{with}\qquad \hat W_i = W_i / \|W_i\|$$
#
# - $W_i$ is column $i$ of `W`, which has shape `(*instances, hidden, features)`.
# - $\hat W_i$ is the unit vector in its direction. The columns $W_j$ keep their lengths.
# - $j$ runs over **all** features, $j = i$ included. The term of $j = i$ is $\|W_i\|^2$.
# - The result has shape `(*instances, features)`, with values from 0 to 1.
#
# Below the line stands all that lies along feature $i$'s direction. Above it stands feature $i$'s
# own part. So 1 means that no other feature has a part in its direction. 1/2 means that the others
# have as much of it as the feature itself.
#
# Edge cases: a zero column has no direction. It gets 0, not NaN. Scaling all of $W$ changes
# nothing, so do not add a small number below the line.
#
# **Predict first.** Two features live in one dimension, with $W_0 = 1$ and $W_1 = 2$. What does
# each get? And what does each corner of a regular pentagon get?
#
# <details><summary>Hint 1: where to start</summary>
#
# It is $\|W_i\|^2$ over $\|W_i\|^2$ plus chapter 3's superposition. Or start from the matrix of all
# $\hat W_i \cdot W_j$, with $i$ in the rows: `F.normalize(W, dim=-2)` makes unit columns and leaves
# a zero column at zero. Square, sum over $j$, divide.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# 0 / 0 is NaN. `torch.where(below > 0, below, 1.0)` puts a 1 where the sum is 0, and leaves the
# other sums as they are.
#
# </details>


# %% answer dimensionality
def dimensionality(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances features"]:
    """The part of a hidden dimension that each feature has to itself."""
    # solution: tms_lib.metrics.dimensionality


# %% check dimensionality
check("dimensionality")

# %% explore
angle = 2 * math.pi * torch.arange(5) / 5
pentagon = torch.stack([angle.cos(), angle.sin()])  # hidden features
print("one dimension, 1 and 2:", dimensionality(torch.tensor([[1.0, 2.0]])))
print("pentagon:", dimensionality(pentagon))

figure, axes = plt.subplots(1, 3, figsize=(10, 3.4), layout="constrained", sharey=True, sharex=True)
for ax, k in zip(axes, [0, 5, 9], strict=True):
    yours = dimensionality(W[k]).sort(descending=True).values
    expected = tms_lib.dimensionality(W[k]).sort(descending=True).values
    ax.plot(range(1, 91), yours[:90], color="0.6", lw=5, label="yours")
    ax.plot(range(1, 91, 3), expected[:90:3], "k.", ms=4, label="expected")
    for level in (1 / 2, 2 / 5, 3 / 8):
        ax.axhline(level, color="0.6", ls=":", lw=1)
    ax.set(title=f"$1/p$ = {inverse_density[k]:g}", xlabel="features, largest first")
axes[0].set(ylabel="dimensionality $D_i$", ylim=(-0.02, 1))
axes[0].legend()
print(f"largest share at p = 1: {dimensionality(W[0]).max():.3f}")
plt.show()

# %% [markdown]
# *Look.* The prediction: $1/5$ and $4/5$ in one dimension, and $2/5$ for the pentagon.
#
# The pictures show the 90 largest of 400 values. The dotted lines stand at 1/2, 2/5 and 3/8. In the
# middle, about 60 features have half a dimension each, and all the others have nothing. So nobody
# has a whole one: the plateau is not a mixture.
#
# On the right the values gather at smaller fractions. On the left, where $m / \|W\|_F^2$ was 1, no
# feature has even a fifth. Keep that in mind: a question at the end comes back to it.

# %% prompt nearest_fraction [markdown]
# ### Exercise 7.3: Which fraction?
#
# Training is noisy, so a value near 0.4 may stand for 2/5 or for nothing special. Let a tolerance
# decide:
#
# $$\text{result} = \begin{cases} f^* & \text{if } |D - f^*| \le t \\
# \text{NaN} & \text{else} \end{cases} \qquad\text{with}\qquad f^* = \arg\min_f |D - f|$$
#
# - $D$ is one entry of `D`, a tensor of any shape. The result has the same shape.
# - $f$ runs over `fractions`, a tensor with one axis, in any order.
# - $t$ is `tolerance`, 0.01 unless the caller says otherwise.
#
# NaN says "none of them". Plots leave it out, and `.isnan()` counts it.
#
# Edge case: a distance that equals $t$ is within. (No check has a value in the middle between two
# fractions.)
#
# **Predict first.** The fractions are 1/2, 2/5 and 3/8, the tolerance is 0.01. What do 0.498, 0.45
# and 0.384 give? Up to which tolerance can no value be near two of these fractions?
#
# <details><summary>Hint 1: where to start</summary>
#
# `D.unsqueeze(-1) - fractions` has one more axis: every value against every fraction. `.min(-1)` of
# its absolute value gives the smallest distance and the position of the fraction.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Without the tolerance every value gets some fraction, and clusters appear where there are none.
# `torch.where(condition, a, torch.nan)` writes the NaN.
#
# </details>


# %% answer nearest_fraction
def nearest_fraction(
    D: Float[Tensor, "*shape"], fractions: Float[Tensor, " fractions"], *, tolerance: float = 0.01
) -> Float[Tensor, "*shape"]:
    """The fraction that each value stands for, or NaN if none is within `tolerance`."""
    # solution: tms_lib.geometry.nearest_fraction


# %% check nearest_fraction
check("nearest_fraction")

# %% explore
names = ["1", "3/4", "2/3", "1/2", "2/5", "3/8", "0"]
fractions = torch.tensor([1, 3 / 4, 2 / 3, 1 / 2, 2 / 5, 3 / 8, 0])
D = tms_lib.dimensionality(W)  # densities features
yours = nearest_fraction(D, fractions)
expected = tms_lib.nearest_fraction(D, fractions)
print("  1/p |" + "".join(f"{name:>6}" for name in names) + "  none | expected")
for k, one_over_p in enumerate(inverse_density.tolist()):
    rows = []
    for stands_for in (yours[k], expected[k]):
        counts = [int((stands_for == f).sum()) for f in fractions]
        rows.append([*counts, int(stands_for.isnan().sum())])
    print(f"{one_over_p:5.1f} |" + "".join(f"{count:6}" for count in rows[0]) + f" | {rows[1]}")

# %% [markdown]
# *Look.* The prediction: 1/2, NaN and 3/8. The fractions 2/5 and 3/8 are 0.025 apart, so below
# 0.0125 no value is near two.
#
# Read the table from top to bottom. First no fraction at all. Then 1/2 and 0 take everything. As
# features get sparser, 1/2 empties, and 2/5 and 3/8 appear. In the last row the features stand for
# no fraction of the list any more.
#
# The paper names two more, 2/3 and 3/4. Do they appear here? What could be special about such
# fractions?

# %% [markdown]
# ## Why they add up
#
# Add the values of a pentagon: $5 \cdot 2/5 = 2$, its number of dimensions. Two antipodal pairs
# have $4 \cdot 1/2 = 2$ again. It looks as if dimensions were handed out in full. Can the $D_i$
# add up to more? No, and the proof takes three lines. Write $S = W W^T$, a matrix of $m \times m$
# numbers.
#
# 1. The sum below the line is $\sum_j (\hat W_i \cdot W_j)^2 = \hat W_i^T S \hat W_i$, because
#    $S = \sum_j W_j W_j^T$. So $D_i = \|W_i\|^4 / (W_i^T S W_i)$.
# 2. Let $S^+$ be the pseudo-inverse: it inverts $S$ on the space that the columns of $W$ span. By
#    Cauchy-Schwarz, for the vectors $S^{1/2} W_i$ and $(S^+)^{1/2} W_i$, whose product is
#    $\|W_i\|^2$: $\;\|W_i\|^4 \le (W_i^T S W_i)\,(W_i^T S^+ W_i)$. So $D_i \le B_i$ with
#    $B_i = W_i^T S^+ W_i$.
# 3. These bounds add up to
#    $\sum_i W_i^T S^+ W_i = \operatorname{tr}(S^+ \sum_i W_i W_i^T) = \operatorname{tr}(S^+ S)$,
#    which is the rank of $W$, at most $m$.
#
# Cauchy-Schwarz is an equality where the two vectors are parallel, that is, where $W_i$ is an
# eigenvector of $S$.

# %% prompt dimensionality_bound [markdown]
# ### Exercise 7.4: The bound
#
# Compute the bound of every feature:
#
# $$B_i = W_i^T S^+ W_i \qquad\text{with}\qquad S = W W^T$$
#
# - $W_i$ is column $i$ of `W`, which has shape `(*instances, hidden, features)`.
# - $S^+$ is the pseudo-inverse of $S$. If $S$ has an inverse, it is the inverse.
# - The result has shape `(*instances, features)`, with values from 0 to 1.
#
# $B_i = 1$ means that feature $i$ is needed: without it, the others would span less. A small
# $B_i$ means that the others span its direction many times over.
#
# Edge cases: a row of $W$ may depend on others, or be zero. Then $S$ has no inverse, and $S^+$
# serves. A zero column gets 0, and so do all columns of $W = 0$. Scaling all of $W$ changes no
# bound, so no number is small in itself.
#
# **Predict first.** A pentagon, and three more columns of zeros. What is each bound? What do the
# bounds of 400 features in 30 dimensions add up to?
#
# <details><summary>Hint 1: where to start</summary>
#
# `S = W @ W.mT` is $S$ for every instance, and `torch.linalg.pinv` takes a stack of matrices.
# Column $i$ of `torch.linalg.pinv(S) @ W` is $S^+ W_i$. Multiply it with `W` entry by entry, and
# sum over one axis.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `torch.linalg.inv` raises an error where $S$ has no inverse. Adding a small multiple of the
# identity avoids the error and changes every value.
#
# </details>


# %% answer dimensionality_bound
def dimensionality_bound(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances features"]:
    """The most that each feature's dimensionality can be, given the space that W spans."""
    # solution: tms_lib.metrics.dimensionality_bound


# %% check dimensionality_bound
check("dimensionality_bound")

# %% explore
chance = torch.randn(n_hidden, 80, generator=torch.Generator().manual_seed(0))
print("            sum of D   of your bounds   of the expected bounds")
examples = {"random": chance, "1/p = 1": W[0], "1/p = 3.3": W[5], "1/p = 5.5": W[9]}
for name, weights in examples.items():
    sums = [
        values(weights).sum().item()
        for values in (tms_lib.dimensionality, dimensionality_bound, tms_lib.dimensionality_bound)
    ]
    print(f"{name:>10}  {sums[0]:8.2f}   {sums[1]:14.2f}   {sums[2]:22.2f}")

figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained", sharex=True, sharey=True)
panels = {"random $W$, 80 in 30": chance, "trained, $1/p$ = 5.5": W[9]}
for ax, (title, weights) in zip(axes, panels.items(), strict=True):
    yours = dimensionality_bound(weights)
    ax.plot(yours, tms_lib.dimensionality(weights), "ko", ms=4, alpha=0.5, mew=0)
    ax.plot([0, 0.6], [0, 0.6], color="0.6", lw=1, zorder=0)
    ax.set(title=title, xlabel="your bound $B_i$", xlim=(-0.02, 0.62), ylim=(-0.02, 0.62))
axes[0].set_ylabel("dimensionality $D_i$")
plt.show()

# %% [markdown]
# *Look.* The prediction: 2/5 for the five corners, 0 for the others; and 30. The bounds always add
# up to the rank.
#
# The line is $D_i = B_i$. Random directions stay clearly below it and waste a part of the space.
# The trained models lie on the line: their $D_i$ add up to nearly all 30 dimensions, dense ones
# included. No one asked for it: the loss does not contain $D_i$. Why might a waste of dimensions
# cost loss?

# %% [markdown]
# ## Shapes that cover their space evenly
#
# The $D_i$ fill the dimensions. If $k$ features fill $m'$ dimensions and all have the same share,
# it must be $m'/k$. That explains fractions, but not which. The shapes tell: in which spaces can
# $k$ points sit so that each is like any other, and all directions are covered equally?

# %% prompt indivisible_polytope [markdown]
# ### Exercise 7.5: Five shapes
#
# Build the corners of five shapes around the origin, with norm 1:
#
# | name | dimensions $m'$ | corners $k$ | |
# |---|---|---|---|
# | `"digon"` | 1 | 2 | two opposite points |
# | `"triangle"` | 2 | 3 | regular |
# | `"pentagon"` | 2 | 5 | regular |
# | `"tetrahedron"` | 3 | 4 | regular |
# | `"square antiprism"` | 3 | 8 | two equal squares, one above the other, one turned by 45° |
#
# Each covers its dimensions evenly:
#
# $$W W^T = \frac{k}{m'} \, \mathbb{1}$$
#
# - $W$ is the result, of shape `(hidden, features)` = $(m', k)$: corners are columns.
# - $\mathbb{1}$ is the identity matrix. The condition says that all directions of the space get the
#   same sum of squares. Then every vector is an eigenvector of $S = W W^T$, and $D_i = B_i$.
#
# For four of the shapes the condition holds by itself. For the antiprism it fixes the height: let
# its squares have radius $r$ and lie at the heights $h$ and $-h$, with $r^2 + h^2 = 1$ for unit
# norm. Only one $h$ gives a multiple of the identity.
#
# Any rotation, reflection and order of corners is right: the check compares all dot products
# $W_i \cdot W_j$, sorted. No check asks for another name. Use torch's default dtype, float32.
#
# **Predict first.** Which share does each corner of the five shapes have? Which shape gives the
# largest, and which the smallest?
#
# <details><summary>Hint 1: where to start</summary>
#
# Polygons: cosine and sine of `2 * math.pi * torch.arange(k) / k`. Tetrahedron: take the corners of
# a cube, $(\pm 1, \pm 1, \pm 1)$, but only those whose three signs multiply to $+1$. Divide by the
# norm.
#
# </details>
#
# <details><summary>Hint 2: the antiprism's height</summary>
#
# $W W^T$ is diagonal. A square of radius $r$ adds $4 r^2 / 2$ to each of the two horizontal
# entries, and two squares add $8 h^2$ to the vertical one. They are equal if $r^2 / 2 = h^2$. With
# $r^2 + h^2 = 1$ that gives $r^2$ and $h^2$. Do not forget the roots.
#
# </details>


# %% answer indivisible_polytope
def indivisible_polytope(name: str) -> Float[Tensor, "hidden features"]:
    """The corners of a digon, triangle, pentagon, tetrahedron or square antiprism, with norm 1."""
    # solution: tms_lib.theory.indivisible_polytope


# %% check indivisible_polytope
check("indivisible_polytope")

# %% explore
for name in ("tetrahedron", "triangle", "digon", "pentagon", "square antiprism"):
    corners = indivisible_polytope(name)
    share = tms_lib.dimensionality(corners)
    expected = tms_lib.polytope_dimensionality(name)
    print(
        f"{name:>16}: m'/k = {corners.shape[0]}/{corners.shape[1]}, "
        f"D_i from {share.min():.3f} to {share.max():.3f}, expected {expected[0]:.3f}"
    )

figure = plt.figure(figsize=(10, 3.6), layout="constrained")
for place, name in enumerate(["tetrahedron", "square antiprism"]):
    ax = figure.add_subplot(1, 4, 2 * place + 1, projection="3d")
    plot_features_3d(indivisible_polytope(name), ax=ax).set_title(f"your {name}")
    ax = figure.add_subplot(1, 4, 2 * place + 2, projection="3d")
    plot_features_3d(tms_lib.indivisible_polytope(name), ax=ax).set_title("expected")
plt.show()

# %% [markdown]
# *Look.* Your shape may be turned against the expected one. The prediction: 3/4, 2/3, 1/2, 2/5,
# 3/8, from the tetrahedron down to the antiprism. These are the fractions of exercise 7.3.
#
# Digon, triangle and tetrahedron are one family: $m' + 1$ points in $m'$ dimensions, every two as
# far apart as can be. All their dot products are negative, and a ReLU forgives these. The pentagon
# and the antiprism have positive ones too.
#
# The table of exercise 7.3 had values near 1/2, near 2/5, near 3/8. Are those digons, pentagons and
# antiprisms? So far you only know that the numbers agree.

# %% [markdown]
# ## Side by side
#
# Thirty dimensions hold more than one shape. If two shapes keep to dimensions of their own, no
# corner of one overlaps any corner of the other.

# %% prompt tegum_product [markdown]
# ### Exercise 7.6: The tegum product
#
# Put two shapes into one model, each in dimensions of its own:
#
# $$W = \begin{pmatrix} A & 0 \\ 0 & B \end{pmatrix}$$
#
# - $A$ is `first`, of shape `(*instances, hidden1, features1)`.
# - $B$ is `second`, of shape `(*instances, hidden2, features2)`, with the same instances.
# - $W$ is the result, of shape `(*instances, hidden1 + hidden2, features1 + features2)`. The
#   columns of `first` come first.
#
# Geometers call this the tegum product. Every instance has its own product.
#
# Edge case: one feature alone, of shape `(1, 1)`, is a shape too.
#
# **Predict first.** The product of a triangle and a digon is a solid in three dimensions. What does
# it look like? What are the dimensionalities of its five corners?
#
# <details><summary>Hint 1: where to start</summary>
#
# Make zeros of the final shape and fill in two blocks: `W[..., :m1, :k1] = first`. Take the zeros
# from an argument, `first.new_zeros(...)`, to have its dtype and device.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `torch.block_diag` does this for single matrices, and knows no instances.
#
# </details>


# %% answer tegum_product
def tegum_product(
    first: Float[Tensor, "*instances hidden1 features1"],
    second: Float[Tensor, "*instances hidden2 features2"],
) -> Float[Tensor, "*instances hidden1+hidden2 features1+features2"]:
    """Two shapes side by side, each in dimensions of its own."""
    # solution: tms_lib.theory.tegum_product


# %% check tegum_product
check("tegum_product")

# %% explore
digon, triangle, corners = (tms_lib.polytope(n) for n in ("digon", "triangle", "pentagon"))
products = {
    "triangular bipyramid": tegum_product(triangle, digon),
    "pentagonal bipyramid": tegum_product(corners, digon),
    "octahedron": tegum_product(tegum_product(digon, digon), digon),
}
figure = plt.figure(figsize=(9, 3.6), layout="constrained")
for place, (name, weights) in enumerate(products.items(), start=1):
    ax = figure.add_subplot(1, 3, place, projection="3d")
    plot_features_3d(weights, ax=ax).set_title(f"your {name}")
    share = tms_lib.dimensionality(weights)
    print(f"{name:>20}: yours    {[round(d, 3) for d in share.tolist()]}")
    expected = tms_lib.polytope_dimensionality(name)
    print(f"{'':>20}  expected {[round(d, 3) for d in expected.tolist()]}")
plt.show()

# %% [markdown]
# *Look.* The prediction: two pyramids on the two sides of a triangle, the triangular bipyramid. Its
# corners keep the shares that they had before: 2/3 three times and 1/2 twice. An octahedron is
# three digons.
#
# Count the neighbours of a corner of the triangle, and of a tip of the digon. The solid looks as if
# its five corners could be alike. Are they?

# %% question bipyramid [markdown]
# ### Question: five points in three dimensions
#
# *6 minutes · 2 points, graded by hand*
#
# Five features of norm 1 in three dimensions form a triangular bipyramid. A friend objects: "Five
# features share three dimensions, so each must have 3/5."
#
# 1. Why do the shares of the bipyramid still add up to 3? Which part of the proof above decides it,
#    and which property of the bipyramid does it need?
# 2. Why do the five features not all have 3/5? And if they did, would that contradict the bound?

# %% written bipyramid [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** 1. The sum is the rank, 3, if $D_i = B_i$ for every feature, and that holds if
# every $W_i$ is an eigenvector of $S = W W^T$. Here $S$ is diagonal: the triangle gives
# $\frac{3}{2} \mathbb{1}$ in its plane and the digon gives 2 on its axis. Each corner lies in the
# plane or on the axis, so it is an eigenvector, though the two eigenvalues differ. 2. The shares
# are handed out within each factor, whose corners are orthogonal to the other's: the triangle's
# three share two dimensions ($2/3$ each), the digon's two share one ($1/2$ each). No one has to
# share across factors. Five times $3/5$ would add up to 3 as well, so the bound would allow it; it
# needs five points that are alike and cover the space evenly, and the bipyramid's are not alike.
#
# **Rubric.** 2 points: the sum argued from eigenvectors of $S$ (or from $D_i = B_i$, or from the
# sum over the two orthogonal factors, each of which covers its dimensions evenly), *and* the shares
# computed per factor as dimensions over corners. 1 point: one of the two. 0 points: only the
# arithmetic $3 \cdot 2/3 + 2 \cdot 1/2 = 3$.
# ### END SOLUTION

# %% [markdown]
# ## Finding the shapes in a trained model
#
# A trained $W$ does not come sorted, and its shapes do not lie along the axes. But shapes that do
# not interfere are orthogonal, and that can be seen in $W^T W$. First connect all pairs of features
# that overlap. Then follow the connections.

# %% prompt feature_graph [markdown]
# ### Exercise 7.7: Who shares with whom?
#
# Say for every pair of features whether it shares a dimension:
#
# $$\text{connected}_{ij} \iff |W_i \cdot W_j| > t \cdot \max_k \|W_k\|^2$$
#
# - $W_i$ is column $i$ of `W`, which has shape `(*instances, hidden, features)`.
# - $t$ is `threshold`, 0.2 unless the caller says otherwise. It is a fraction of the largest
#   squared norm of the *same* model, so that scaling $W$ changes nothing.
# - The result is a bool tensor of shape `(*instances, features, features)`.
#
# The diagonal is part of it. It says which features are represented: feature $i$ is connected to
# itself if $\|W_i\|^2$ is large enough.
#
# Edge cases: an overlap that equals the threshold does not exceed it. In $W = 0$ nothing is
# connected.
#
# `tms_lib.gram(W)` gives $W^T W$ for every instance.
#
# **Predict first.** In one dimension, $W = (1, -1, 0.1)$. Which of the nine pairs are connected?
#
# <details><summary>Hint 1: where to start</summary>
#
# The largest entry of $|W^T W|$ is the largest squared norm. `.amax((-2, -1), keepdim=True)` finds
# it for each instance and keeps the axes, so that it broadcasts.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Without the absolute value an antipodal pair counts as unconnected: its product is $-1$. But no
# two features share a dimension more than these.
#
# </details>


# %% answer feature_graph
def feature_graph(
    W: Float[Tensor, "*instances hidden features"], *, threshold: float = 0.2
) -> Bool[Tensor, "*instances features features"]:
    """Which pairs of features share a dimension."""
    # solution: tms_lib.geometry.feature_graph


# %% check feature_graph
check("feature_graph")

# %% explore
print("1, -1 and 0.1:", feature_graph(torch.tensor([[1.0, -1.0, 0.1]])).int().tolist())
k = 7  # 1/p = 4.5
represented = (tms_lib.feature_norm(W[k]) > 0.5).nonzero().squeeze(-1)
few = W[k][:, represented]  # hidden represented

figure, axes = plt.subplots(1, 2, figsize=(8.4, 4), layout="constrained")
for ax, graph, title in zip(
    axes, [feature_graph(few), tms_lib.feature_graph(few)], ["yours", "expected"], strict=True
):
    ax.imshow(graph, cmap="gray_r", interpolation="nearest")
    ax.set(
        title=f"{title}, $1/p$ = 4.5", xlabel="represented feature", ylabel="represented feature"
    )
plt.show()

# %% [markdown]
# *Look.* The prediction: the two long features are connected to each other and to themselves. The
# short one is connected to nothing, not even itself.
#
# Why 0.2? Orthogonal features have overlap 0, corners of a tetrahedron 1/3, and the threshold lies
# between. (In a pentagon and an antiprism some pairs have less than 1/3, but every corner overlaps
# others by 0.8.) The matrix is almost empty. Can you see shapes in it? The features are in the
# order of their numbers, and these say nothing.

# %% prompt connected_components [markdown]
# ### Exercise 7.8: What belongs together
#
# Features belong together if a path of connections leads from one to the other. Give them the same
# label:
#
# $$\text{label}_i = \min \{\, j : \text{a path leads from } i \text{ to } j \,\}$$
#
# - The graph is `graph`, a bool tensor of shape `(*instances, features, features)`. It is
#   symmetric. A path may have any number of steps, also none: every feature reaches itself,
#   whatever the diagonal says.
# - The result is an integer tensor of shape `(*instances, features)`. The label is the lowest index
#   in the component.
#
# Edge cases: a feature without neighbours is a component of its own, with its own index as label. A
# component may be one long chain, of a hundred features or more.
#
# **Predict first.** Six features, connected in the chain 3 - 1 - 5 - 4. What are the six labels?
#
# <details><summary>Hint 1: where to start</summary>
#
# Start with `torch.arange(n)` as labels: everyone its own. In a round, each feature takes the
# lowest of its own label and its neighbours' labels. The lowest label among the neighbours is
# `torch.where(graph, label.unsqueeze(-2), n).amin(-1)`. Repeat until a round changes nothing.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# One round reaches direct neighbours only. The lowest label wanders one step per round, so a chain
# of $n$ features may take $n - 1$ rounds.
#
# </details>


# %% answer connected_components
def connected_components(
    graph: Bool[Tensor, "*instances features features"],
) -> Int[Tensor, "*instances features"]:
    """A label for every feature, the same for features that a path of edges connects."""
    # solution: tms_lib.geometry.connected_components


# %% check connected_components
check("connected_components")

# %% explore
graph = tms_lib.feature_graph(few)
label = connected_components(graph)
expected = tms_lib.connected_components(graph)

figure, axes = plt.subplots(1, 2, figsize=(8.4, 4), layout="constrained")
for ax, labels, title in zip(axes, [label, expected], ["yours", "expected"], strict=True):
    order = labels.argsort(stable=True)
    overlap = gram(few)[order][:, order].abs()
    ax.imshow(overlap, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    ax.set(title=f"$|W^T W|$, sorted by label: {title}", xlabel="represented feature, sorted")
    sizes = Counter(Counter(labels.tolist()).values())
    print(f"components by size at 1/p = 4.5, {title}:", dict(sorted(sizes.items())))
plt.show()

print("size of the component of features that are")
for k in (7, 8, 9):
    represented = tms_lib.feature_norm(W[k]) > 0.5
    label = connected_components(tms_lib.feature_graph(W[k][:, represented]))
    size = (label.unsqueeze(-1) == label).sum(-1)  # of each represented feature's component
    stands_for = tms_lib.nearest_fraction(D[k, represented], fractions)
    for name in ("2/5", "3/8"):
        near = size[stands_for == fractions[names.index(name)]]
        counts = dict(sorted(Counter(near.tolist()).items()))
        print(f"  near {name} at 1/p = {inverse_density[k]:.1f}:", counts)
print(f"mean share of a represented feature at 1/p = 5.5: {D[9, represented].mean():.3f}")

# %% [markdown]
# *Look.* The prediction: 0, 1, 2, 1, 1, 1.
#
# Now the matrix falls into blocks. Outside of them there is a faint haze and nothing else. The
# model is, nearly, a tegum product of small shapes. Blocks of two are digons. A block of five has
# two shades: neighbours on a pentagon, and features two corners apart.
#
# The last lines ask whether a fraction means a shape. At $1/p = 4.5$ the features near 2/5 lie in
# components of five, and those near 3/8 mostly in one of eight, as in an antiprism. At 5.5 the
# features near 3/8 lie mostly in components of *five*. They are pentagons that fall short of 2/5:
# so many shapes crowd the 30 dimensions that each overlaps the others a little. And the mean share
# is 30 over the number of represented features, whatever the shapes. A number near a fraction is a
# hint. The components and their angles are the evidence.

# %% [markdown]
# One more number, for the question that follows: each model's loss on fresh samples, over the least
# loss that a linear model can have (exercise 3.6).

# %% explore
loss = tms_lib.expected_loss(
    model,
    FeatureSampler(p),
    importance=torch.ones(n_features),
    n_samples=4096,
    generator=torch.Generator().manual_seed(2),
)
bound = tms_lib.linear_optimal_loss(p, importance=torch.ones(n_features), n_hidden=n_hidden)
for one_over_p, ratio in zip(inverse_density.tolist(), (loss / bound).tolist(), strict=True):
    print(f"1/p = {one_over_p:.1f}: loss over the linear bound {ratio:.3f}")

# %% question whole_dimension [markdown]
# ### Question: one dimension per feature?
#
# *6 minutes · 2 points, graded by hand*
#
# At $p = 1$ your curve of exercise 7.1 says one dimension per feature. Yet in exercise 7.2 no
# feature has $D_i$ near 1, and no norm exceeds 0.5. All features have equal importance and density.
#
# What has the dense model done with its 30 dimensions? Why is that as good, for dense features, as
# 30 features with a dimension each? And what does it teach about $m / \|W\|_F^2$?

# %% written whole_dimension [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** The dense model has the loss of the best linear one: its ReLU has nothing to do,
# and it acts like a linear model. The loss of a linear model with equal importances depends on $W$
# only through how near $W^T W$ comes to the identity, and every projection onto a 30-dimensional
# space is equally near: 30 features at 1 and 370 at 0, or 400 features at $30/400$ each, or
# anything between. Training starts at random and ends at a random such space, so each feature gets
# about $30/400 = 0.075$ of a dimension, with norm about $\sqrt{0.075} = 0.27$. The 400 squared
# norms add up to 30, so $m / \|W\|_F^2 = 1$. That number is a total: it counts many slightly
# represented features like few fully represented ones. Only the $D_i$ (or the norms) tell them
# apart.
#
# **Rubric.** 2 points: the dimensions are spread over all features (about 0.075 each, or small
# norms everywhere), *and* the reason that this is as good: with equal importances every projection
# of rank $m$ has the same linear loss. 1 point: one of the two. 0 points: neither.
# ### END SOLUTION

# %% [markdown]
# ## The big picture
#
# Everything together, with your functions on the left and the library's on the right. Above: every
# feature's dimensionality, and the dimensions per feature. Each model has one column of dots, its
# 110 largest values in falling order. The lines are the shares of the five shapes, and of a feature
# that is alone. Below: the represented features of the sparser models, by the size of their
# component.

# %% explore
size_names = ["1", "2", "3 or 4", "5", "6 to 10", "more"]
upper_ends = torch.tensor([1, 2, 4, 5, 10])  # of these ranges


def represented_by_size(W: Tensor, *, graph_of, components_of) -> Tensor:
    """How many represented features lie in components of each size."""
    represented = tms_lib.feature_norm(W) > 0.5
    label = components_of(graph_of(W[:, represented]))
    size = (label.unsqueeze(-1) == label).sum(-1)  # of each feature's component
    return torch.bucketize(size, upper_ends).bincount(minlength=len(size_names))


shades = plt.get_cmap("viridis")(torch.linspace(0, 1, len(size_names)).numpy())
sparse = range(3, len(densities))  # before that, few features are represented
ours = (dimensionality, dimensions_per_feature, feature_graph, connected_components)
library = [getattr(tms_lib, function.__name__) for function in ours]

figure, axes = plt.subplots(2, 2, figsize=(13, 8), layout="constrained", height_ratios=[3, 2])
for column, (title, functions) in enumerate({"yours": ours, "expected": library}.items()):
    share_of, per_feature, graph_of, components_of = functions
    ax = plot_dimensionality(
        share_of(W).sort(descending=True).values[:, :110],
        dimensions_per_feature=per_feature(W),
        feature_probability=densities,
        ax=axes[0, column],
    )
    ax.set_xticks(range(1, 8), range(1, 8))
    ax.minorticks_off()
    ax.text(0.98, 0.82, title, transform=ax.transAxes, ha="right", fontsize=13)

    ax = axes[1, column]
    counts = torch.stack(
        [represented_by_size(W[k], graph_of=graph_of, components_of=components_of) for k in sparse]
    )
    tops = counts.cumsum(-1)
    for size, name in enumerate(size_names):
        heights, bottoms = counts[:, size], tops[:, size] - counts[:, size]
        style = {"color": shades[size], "edgecolor": "black", "lw": 0.5}
        ax.bar(range(len(sparse)), heights, bottom=bottoms, label=name, **style)
    ax.set_xticks(range(len(sparse)), [f"{inverse_density[k]:.1f}" for k in sparse])
    ax.set(xlabel="$1/(1 - S)$", ylabel="represented features", ylim=(0, 150))
    ax.legend(title=f"size of component, {title}", ncols=3, fontsize=8, loc="upper left")
plt.show()

# %% explore
print("shapes that the angles confirm")
for k in sparse:
    shapes = Counter(str(component.shape) for component in tms_lib.recognise_shapes(W[k]))
    print(f"1/p = {inverse_density[k]:.1f}:", dict(shapes.most_common()))

# %% [markdown]
# *Look.* From left to right:
#
# - **Dense.** The curve is at 1, and the dots lie in one low band: every feature has a little.
# - **The fall.** Antipodal pairs appear. Every one that forms gets a dimension and takes it away
#   from all the others.
# - **The plateau at 1/2.** All dimensions hold a digon, all other features are gone. The model
#   stays there while $p$ falls on. Features are still too often active together: more of them in
#   the same space would cost more than they gain.
# - **Pentagons, then crowding.** Interference becomes rare enough for pentagons, at 2/5. Now
#   and then eight features come together near 3/8, as many as an antiprism has. They stand beside
#   digons, so that several fractions occur in one model. As more features come in, the shapes
#   overlap a little, and all shares sink below their fractions.
# - **The sparse end.** The small shapes have merged into one component. Its features still share
#   the dimensions almost fully and nearly equally, but at no fraction of the list.
#
# The last lines compare angles, not only sizes. "other" is a component whose angles fit none of the
# five shapes: several that still overlap a little, or one that is bent. Eight features near 3/8 may
# well be of this kind. Then they are no antiprism, whatever their number and shares say.
#
# Another seed gives other counts, and the same order of events. Triangles and tetrahedra, with 2/3
# and 3/4, hold fewer features per dimension than digons. The paper's figure has some. Here the
# models go to digons directly.

# %% [markdown]
# ## What you have now
#
# - $m / \|W\|_F^2$ counts dimensions per feature for a whole model. It is sticky at 1 and at 1/2.
# - $D_i$ is each feature's share of a dimension. $D_i \le B_i = W_i^T S^+ W_i$, and the $B_i$ add
#   up to the rank of $W$. Trained models come close to the bound.
# - $k$ equal corners that cover $m'$ dimensions evenly have $m'/k$ each. Digon 1/2, triangle 2/3,
#   tetrahedron 3/4, pentagon 2/5, square antiprism 3/8.
# - The tegum product puts shapes side by side, and their shares stay. On the plateau, and somewhat
#   beyond, a trained model is nearly such a product. The graph of overlaps and its components take
#   it apart. A share near a fraction does not yet prove a shape.
#
# **In the paper.** Elhage et al. (2022), "Toy Models of Superposition", section *The Geometry of
# Superposition*, part *Uniform Superposition*: the figure that you drew, and the table of shapes.
#
# **Later work.** Scherlis et al. (2022), "Polysemanticity and Capacity in Neural Networks", find
# the same $D_i$ from another side, call it capacity, and ask how a loss spends it. Chen et al.
# (2023), "Dynamical versus Bayesian Phase Transitions in a Toy Model of Superposition", study which
# polygon wins, and when training moves from one to the next. Sets of vectors with
# $W W^T = c \, \mathbb{1}$ are called tight frames: Benedetto and Fickus (2003), "Finite Normalized
# Tight Frames", show that equal charges of a certain force come to rest in them.
#
# **Next.** Here all features were alike. Chapter 8 lets them differ, in density and by
# correlations, and watches the shapes bend and break.
