# %% [markdown]
# # Chapter 8: Correlated and uneven features
#
# So far every feature came and went on its own, and no feature was special. Real features are not
# like that. Wheels come with windscreens; a word is not German and Finnish at once; some things are
# simply rare. In this chapter features depend on each other, and one becomes rarer than the others.
# The shapes of the last chapter bend, turn, and in the end break.
#
# **You will**
#
# - sample sets of features that come together, and sets that exclude each other;
# - compute what it costs to keep two such features in one dimension;
# - measure in trained models that correlated features are orthogonal, anti-correlated ones
#   opposite;
# - watch correlated features collapse into their principal component where there is little room;
# - follow a pentagon and its rival, two digons, while one feature becomes rarer, and find where
#   their losses cross.
#
# **You need** chapter 3 ($W^T W$, norms) and exercise 1.4 (`sample_features`). From chapter 4, what
# a principal component is. The rules for all answers from chapter 1 hold: arguments stay as they
# are, dtype and device are kept, instances do not mix.
#
# **How it works:** run the cells from top to bottom, write your answer in place of
# `raise NotImplementedError()`, run the check below it, and read what it says. About two hours.

# %% setup
# %load_ext jaxtyping
# %jaxtyping.typechecker beartype.beartype

import math
from collections.abc import Callable
from functools import partial
from typing import Literal

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

import tms_lib
from autograder import check
from tms_lib import PairLosses, ReLUOutputModel, TrainConfig, expected_relu_loss, gram
from tms_lib import minimise, train
from tms_lib import plot_curves, plot_features_2d, plot_weights

torch.set_num_threads(1)  # on a busy machine, threads that share small steps mostly wait

# %% [markdown]
# ## Features in sets
#
# The simplest way to let features depend on each other is to put them into *sets*. A set has $k$
# features, and they are neighbours: set 0 has the features $0, \dots, k - 1$, set 1 has
# $k, \dots, 2k - 1$, and so on. Different sets know nothing of each other.

# %% prompt sample_correlated [markdown]
# ### Exercise 8.1: Features that come together
#
# Sample sets whose features are present together or not at all. For every row and every set:
#
# 1. With probability $p$ the set is present. If it is not, all its features are 0.
# 2. If it is, each of its $k$ features has a value drawn from $U[0, 1]$, **independently of the
#    others**. The features share their presence, not their values.
#
# - $p$ is `probability`, of shape `(*instances, sets)`: one number for each set.
# - $k$ is `set_size`.
# - The result has shape `(*instances, batch, features)` with $k$ features for each set, in the
#   order of the sets. The batch has `n_samples` rows. The dtype is that of `probability`.
# - All random numbers come from `generator`. Different sets, rows and instances are independent.
#
# Edge cases: a set with $p = 0$ is never present, one with $p = 1$ always. A set of one feature is
# an ordinary feature.
#
# **Predict first.** Let $k = 2$. In a scatter plot of $x_0$ and $x_1$, where do the points lie? Are
# $x_0$ and $x_1$ still correlated if $p = 1$?
#
# <details><summary>Hint 1: where to start</summary>
#
# Draw one number per set for presence, of shape `(*instances, n_samples, n_sets)`, and compare it
# with `probability.unsqueeze(-2)`. Draw one number per feature for the value.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `present.repeat_interleave(set_size, dim=-1)` turns the sets A, B into A, A, B, B.
# `present.repeat(...)` gives A, B, A, B, and neighbours would belong to different sets.
#
# </details>


# %% answer sample_correlated
def sample_correlated(
    probability: Float[Tensor, "*instances sets"],
    n_samples: int,
    *,
    set_size: int,
    generator: torch.Generator,
) -> Float[Tensor, "*instances batch {set_size}*sets"]:
    """Sets whose features are present together or not at all."""
    # solution: tms_lib.correlation.sample_correlated


# %% check sample_correlated
check("sample_correlated")

# %% explore
generator = torch.Generator().manual_seed(0)
p = torch.tensor([0.4])
data = {
    "independent": tms_lib.sample_features(p.expand(2), 800, generator=generator),
    "correlated, yours": sample_correlated(p, 800, set_size=2, generator=generator),
    "expected": tms_lib.sample_correlated(p, 800, set_size=2, generator=generator),
}
figure, axes = plt.subplots(
    1, 3, figsize=(9.6, 3.4), layout="constrained", sharex=True, sharey=True
)
for ax, (title, x) in zip(axes, data.items(), strict=True):
    ax.plot(*x.T, "k.", ms=3, alpha=0.5)
    ax.set(title=title, xlabel="$x_0$", ylabel="$x_1$", aspect="equal")
plt.show()
for density in (0.05, 0.4, 0.8, 1.0):
    x = sample_correlated(torch.tensor([density]), 100_000, set_size=2, generator=generator)
    theory = 3 * (1 - density) / (4 - 3 * density)
    print(f"p = {density:4}: correlation {torch.corrcoef(x.T)[0, 1]:.3f}, in theory {theory:.3f}")

# %% [markdown]
# *Look.* The prediction: at the origin, or anywhere inside the square. The axes are empty: no
# feature is ever alone.
#
# Two features of a set have the correlation $3 (1 - p) / (4 - 3 p)$. It comes from presence only.
# If $p = 1$, presence says nothing, and the features are independent. If $p$ is small, the
# correlation is nearly 3/4. Why not 1?

# %% prompt sample_anticorrelated [markdown]
# ### Exercise 8.2: Features that exclude each other
#
# Now sets of which at most one feature is present at a time. For every row and every set:
#
# 1. The set is present or not.
# 2. If it is, one of its $k$ features is chosen, each with probability $1/k$.
# 3. The chosen one has a value drawn from $U[0, 1]$. The others are 0.
#
# How often is a set present? Two conventions are in use, and you write both:
#
# - `probability_of="set"`: **a set** is present with probability $p$. Each feature then is present
#   with probability $p / k$. The paper's models are of this kind.
# - `probability_of="feature"`: **each feature** is present with probability $p$, as often as an
#   independent one. The set then is present with probability $k p$. Other courses use this, and
#   call it $p$ just the same.
#
# The same $p$ gives different data, so a result for anti-correlated features means little until you
# know the convention.
#
# - $p$ is `probability`, of shape `(*instances, sets)`, and $k$ is `set_size`.
# - The result is as in 8.1, of shape `(*instances, batch, features)`. With `"feature"`, no check
#   has $k p > 1$: that is impossible.
#
# Edge case: if the set's probability is 1, exactly one of its features is present in every row.
#
# **Predict first.** A tempting recipe for $k = 2$: feature 0 is present with probability $p$, and
# feature 1 is present with probability $p$ *if feature 0 is not*. How often is feature 1 present?
#
# <details><summary>Hint 1: where to start</summary>
#
# Find the set's probability first: it depends on `probability_of`. Then draw three things per set:
# presence, a value, and the chosen one, `torch.randint(set_size, shape, generator=generator)`.
#
# </details>
#
# <details><summary>Hint 2: a new axis</summary>
#
# `member.unsqueeze(-1) == torch.arange(set_size)` has one more axis, `(..., sets, k)`, and is true
# for the chosen one. Multiply, then `.flatten(-2)` joins the last two axes.
#
# </details>


# %% answer sample_anticorrelated
def sample_anticorrelated(
    probability: Float[Tensor, "*instances sets"],
    n_samples: int,
    *,
    set_size: int,
    probability_of: Literal["feature", "set"],
    generator: torch.Generator,
) -> Float[Tensor, "*instances batch {set_size}*sets"]:
    """Sets of which at most one feature is present at a time."""
    # solution: tms_lib.correlation.sample_anticorrelated


# %% check sample_anticorrelated
check("sample_anticorrelated")

# %% explore
generator = torch.Generator().manual_seed(0)
figure, axes = plt.subplots(1, 4, figsize=(12, 3.4), layout="constrained", sharex=True, sharey=True)
samplers = {"yours": sample_anticorrelated, "expected": tms_lib.sample_anticorrelated}
for k, word in enumerate(["set", "feature"]):
    for ax, (who, draw) in zip(axes[2 * k :], samplers.items(), strict=False):
        kind = {"set_size": 2, "probability_of": word, "generator": generator}
        x = draw(torch.tensor([0.4]), 600, **kind)
        ax.plot(*x.T, "k.", ms=3, alpha=0.5)
        ax.set(title=f"p of the {word}: {who}", xlabel="$x_0$", ylabel="$x_1$", aspect="equal")
        many = draw(torch.tensor([0.4]), 100_000, **kind)
        shares = [round(share, 3) for share in (many > 0).float().mean(0).tolist()]
        print(f"p = 0.4 of the {word:>7}, {who:>8}: features present {shares}")
plt.show()

# %% [markdown]
# *Look.* The prediction: with probability $p (1 - p)$, less than $p$. The recipe is wrong in a way
# that a test of feature 0 alone would not see. Test all features.
#
# Now the points lie on the axes only. The right pair of pictures has twice as many off the origin
# as the left, for the same $p = 0.4$.

# %% [markdown]
# ## Two features, one dimension
#
# What do correlations do to superposition? Start with the smallest case: two features of importance
# 1 and one hidden dimension. Three ways to use it:
#
# - **antipodal**, $W = (1, -1)$, biases 0: the outputs are $\mathrm{ReLU}(x_0 - x_1)$ and
#   $\mathrm{ReLU}(x_1 - x_0)$;
# - **side by side**, $W = (1, 1) / \sqrt 2$, biases 0: both outputs are the mean $(x_0 + x_1) / 2$;
# - **dedicated**, $W = (1, 0)$: feature 0 is exact, and feature 1's output is a constant. The best
#   constant is its mean.
#
# Side by side is the principal component of two correlated features: it keeps their sum and loses
# their difference.

# %% prompt pair_losses [markdown]
# ### Exercise 8.3: What a pair costs
#
# Compute the exact losses of the three ways, $E[(x_0 - x'_0)^2 + (x_1 - x'_1)^2]$. Two numbers
# describe the pair:
#
# - $q$, the probability that a given feature is present: `feature_probability`, of any shape. It is
#   the same for both features.
# - $r$, the probability that **both are present at once**: `both_probability`, of the same shape.
#   So $r = q$ if they always come together, $r = q^2$ if they are independent, $r = 0$ if they
#   exclude each other.
#
# Values are independent and uniform on $[0, 1]$ while present. You need four means over them:
#
# $$E[x^2] = \tfrac13, \qquad E[\min(x, y)^2] = \tfrac16, \qquad E[(x - y)^2] = \tfrac16, \qquad
# E[x] = \tfrac12$$
#
# Return `PairLosses(antipodal=..., side_by_side=..., dedicated=...)`: three tensors in the shape of
# $q$. A plain tuple in this order will do too.
#
# Edge case: $q = r = 0$ costs nothing.
#
# **Predict first.** Which of the three ways is best for features that always come together? For
# features that never do? For independent ones that are rare?
#
# <details><summary>Hint 1: how to start</summary>
#
# Sort the rows into four cases: both present ($r$), only feature 0 ($q - r$), only feature 1
# ($q - r$), none. In each case write down the two outputs, and what each errs by.
#
# </details>
#
# <details><summary>Hint 2: antipodal</summary>
#
# One feature alone is exact, since the other output would be negative and the ReLU cuts it off. If
# both are present, the larger one shows $x - y$ and the smaller one 0. So both err by
# $\min(x, y)$.
#
# </details>
#
# <details><summary>Hint 3: side by side, and dedicated</summary>
#
# Side by side, one feature alone gives $x/2$ at both outputs: both err by $x/2$. If both are
# present, both err by half of $x - y$. Dedicated: only feature 1 errs, by its deviation from its
# mean, zeros included. The loss is its variance.
#
# </details>


# %% answer pair_losses
def pair_losses(
    feature_probability: Float[Tensor, "*shape"], both_probability: Float[Tensor, "*shape"]
) -> tuple[Float[Tensor, "*shape"], Float[Tensor, "*shape"], Float[Tensor, "*shape"]]:
    """The losses of a pair in one dimension: antipodal, side by side, dedicated."""
    # solution: tms_lib.theory.pair_losses


# %% check pair_losses
check("pair_losses")

# %% explore
generator = torch.Generator().manual_seed(0)
q = 0.3
model_weights = torch.tensor([[[1.0, -1.0]], [[0.5**0.5, 0.5**0.5]], [[1.0, 0.0]]])
model_biases = torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.0, q / 2]])
one_set, two_features = torch.tensor([q]), torch.full((2,), q)
kinds = {  # r, and samples
    "excluding": (
        0.0,
        tms_lib.sample_anticorrelated(
            one_set, 100_000, set_size=2, probability_of="feature", generator=generator
        ),
    ),
    "independent": (q**2, tms_lib.sample_features(two_features, 100_000, generator=generator)),
    "together": (q, tms_lib.sample_correlated(one_set, 100_000, set_size=2, generator=generator)),
}
r = torch.linspace(0, q, 61)
yours = pair_losses(torch.full_like(r, q), r)
expected = tms_lib.pair_losses(torch.full_like(r, q), r)
names = ["antipodal", "side by side", "dedicated"]

figure, ax = plt.subplots(figsize=(6.6, 4), layout="constrained")
for k, name in enumerate(names):
    (line,) = ax.plot(r, yours[k], ["-", "--", "-."][k], label=f"{name}, yours", zorder=2)
    ax.plot(r, expected[k], color="0.85", lw=7, zorder=1)
    for both, x in kinds.values():
        x_out = tms_lib.relu_output(x, W=model_weights[k], b=model_biases[k])
        loss = ((x - x_out) ** 2).sum(-1).mean()
        ax.plot(both, loss, "osD"[k], color=line.get_color(), mec="black", zorder=3)
for name, (both, _) in kinds.items():
    ax.text(both, -0.016, name, ha="center", fontsize=8)
ax.set(xlabel="$r$, probability of both", ylabel=f"loss at $q$ = {q}")
ax.set(xlim=(-0.03, q + 0.03), ylim=(-0.022, 0.115))
ax.legend(fontsize=8)
plt.show()
for name, (both, _) in kinds.items():
    losses = torch.stack(pair_losses(torch.tensor(q), torch.tensor(float(both))))
    print(f"{name:>11}: best {names[int(losses.argmin())]}")

# %% [markdown]
# *Look.* Lines are your formulas on top of the expected grey bands, marks are 100,000 samples each.
# The prediction: together, side by side; never together, antipodal, at no cost at all; independent
# and rare, antipodal, at little cost. That was the digon of the last chapters.
#
# The antipodal line meets the one of side by side where $r/3 = q/3 - r/4$, at $r = 4 q / 7$. So the
# question is: *if one is here, how likely is the other?* Below 4/7 a shared dimension is best used
# by opposites, above by neighbours.
#
# For independent features side by side costs exactly as much as a dedicated dimension. Why must a
# linear model think so?

# %% [markdown]
# ## Two pairs, two dimensions
#
# Now there is room to choose a partner. Two sets of two features, and $m = 2$. The next cell trains
# models on both kinds of data with the library's samplers, 16 seeds at each density, and keeps the
# seed with the least loss. Many seeds miss the best solution, so one seed would prove little.

# %% explore
correlated_pairs = partial(tms_lib.sample_correlated, set_size=2)
excluding_pairs = partial(tms_lib.sample_anticorrelated, set_size=2, probability_of="set")


def best_models(
    draw: Callable,
    p: Tensor,
    *,
    n_sets: int,
    n_hidden: int,
    n_seeds: int = 16,
    n_steps: int = 1500,
    batch_size: int = 256,
) -> tuple[Tensor, Tensor, Tensor]:
    """W, b and the loss of the best seed at each density of p."""
    generator = torch.Generator().manual_seed(1)
    of_sets = p.unsqueeze(-1).expand(-1, n_sets)  # densities sets
    n_features = draw(of_sets, 1, generator=generator).shape[-1]
    model = ReLUOutputModel(
        n_instances=len(p) * n_seeds, n_features=n_features, n_hidden=n_hidden, generator=generator
    )
    known = {"importance": torch.ones(n_features), "generator": generator}
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, partial(draw, of_sets.repeat_interleave(n_seeds, 0)), config=config, **known)
    same = tms_lib.same_for_seeds(partial(draw, of_sets), n_seeds=n_seeds)
    loss = tms_lib.expected_loss(model, same, n_samples=2**15, **known)
    W, b, loss = (v.detach().unflatten(0, (len(p), n_seeds)) for v in (model.W, model.b, loss))
    return tuple(tms_lib.best_of_seeds(values, loss) for values in (W, b, loss))


pair_densities = torch.tensor([0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02])
together, _, together_loss = best_models(correlated_pairs, pair_densities, n_sets=2, n_hidden=2)
excluding, _, excluding_loss = best_models(excluding_pairs, pair_densities, n_sets=2, n_hidden=2)
print("W", tuple(together.shape), "is (densities, hidden, features)")

# %% prompt cosines_within_sets [markdown]
# ### Exercise 8.4: Angles within a set
#
# Measure how the features of the same set lie to each other:
#
# $$\hat W_i \cdot \hat W_j \qquad\text{for } i < j \text{ in one set, with}\qquad
# \hat W_i = W_i / \|W_i\|$$
#
# - $W_i$ is column $i$ of `W`, which has shape `(*instances, hidden, features)`.
# - A set is $k$ = `set_size` neighbours, as before.
# - The result has shape `(*instances, sets, pairs)` with $k (k - 1) / 2$ pairs, in the order 01,
#   02, ..., 12, 13, ...: all pairs with the first feature first.
#
# 1 means side by side, 0 at right angles, $-1$ opposite.
#
# Edge cases: a zero column has no direction; its cosines are 0, not NaN. Scaling all of $W$ changes
# nothing, so do not add a small number to the norms. If $k = 1$ there are no pairs, and
# the last axis has length 0.
#
# **Predict first.** Two correlated pairs, $p = 0.05$, and two dimensions: which angle do you expect
# within a pair, and who is opposite to whom? And for two pairs that exclude each other?
#
# <details><summary>Hint 1: where to start</summary>
#
# `F.normalize(W, dim=-2)` makes unit columns and leaves a zero column at zero.
# `.unflatten(-1, (-1, set_size))` splits the last axis into sets and members.
#
# </details>
#
# <details><summary>Hint 2: all pairs at once</summary>
#
# `i, j = torch.triu_indices(set_size, set_size, offset=1)` lists the pairs in the right order. For
# members on the last axis, `v[..., i] * v[..., j]` has one entry per pair. Sum over the hidden
# axis. (`device=W.device` makes it work on a GPU.)
#
# </details>


# %% answer cosines_within_sets
def cosines_within_sets(
    W: Float[Tensor, "*instances hidden features"], *, set_size: int
) -> Float[Tensor, "*instances sets pairs"]:
    """The cosines between features of the same set."""
    # solution: tms_lib.sets.cosines_within_sets


# %% check cosines_within_sets
check("cosines_within_sets")

# %% explore
for name, weights in {"correlated": together, "excluding": excluding}.items():
    print(f"{name} pairs: cosine within pair 0 and 1")
    yours = cosines_within_sets(weights, set_size=2).squeeze(-1)
    expected = tms_lib.cosines_within_sets(weights, set_size=2).squeeze(-1)
    for density, mine, theirs in zip(pair_densities, yours, expected, strict=True):
        rows = ["  ".join(f"{c:6.3f}" for c in values) for values in (mine, theirs)]
        print(f"  p = {density:4.2f}: yours {rows[0]}   expected {rows[1]}")

# %% [markdown]
# *Look.* The prediction: features that exclude each other are opposite, at every density. Sparse
# correlated features are at right angles, so that neither disturbs the other when both are present.
# Each has its opposite in the *other* pair: two features that rarely meet.
#
# But from some density on, the cosines are 1. The correlated features lie side by side, and each
# pair has one direction. Can you say where it must happen?

# %% [markdown]
# **The prediction on paper.** Your losses of exercise 8.3 tell. There are two ways to fill two
# dimensions with two correlated pairs:
#
# - **side by side**: each dimension has one pair, with $q = r = p$. Together $2 \cdot p / 12$.
# - **orthogonal**: each dimension has one feature of each pair, as opposites. They are independent,
#   so $q = p$ and $r = p^2$. Together $2 \cdot p^2 / 3$.
#
# They are equal at $p / 6 = 2 p^2 / 3$, so at $p = 1/4$. Above it correlated features should
# collapse, below it they should be orthogonal.

# %% explore
fine = torch.linspace(0.01, 0.5, 100)
ways = {
    "side by side": 2 * pair_losses(fine, fine)[1],
    "orthogonal": 2 * pair_losses(fine, fine**2)[0],
}
figure, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
for (name, loss), dashes in zip(ways.items(), ["--", "-"], strict=True):
    ax.plot(fine, loss, dashes, label=f"{name}, from your formulas")
collapsed = tms_lib.cosines_within_sets(together, set_size=2).amin((-2, -1)) > 0.95
for is_so, mark, name in ((collapsed, "s", "collapsed"), (~collapsed, "o", "not collapsed")):
    ax.plot(pair_densities[is_so], together_loss[is_so], f"k{mark}", label=f"trained, {name}")
ax.axvline(1 / 4, color="0.7", lw=1)
ax.set(xlabel="density $p$", ylabel="loss", title="two correlated pairs in two dimensions")
ax.legend(fontsize=8)
plt.show()
print("excluding pairs, largest loss:", f"{excluding_loss.max():.1e}")

# %% [markdown]
# The trained models lie on the lower of two lines, or a little below: training also adjusts biases
# and lengths, which your formulas keep fixed. They change from one line to the other at 1/4. The
# pairs that exclude each other cost nothing at all.

# %% prompt canonicalize_2d [markdown]
# ### Exercise 8.5: One form for each solution
#
# Pictures of two models are hard to compare: each is turned its own way. Rotations and reflections
# leave $W^T W$ as it is, and with it everything the model does. So turn every solution into one
# form:
#
# 1. **Rotate** so that the first *long* column lies on the positive x axis. Long means: a norm of
#    at least half the largest norm of the model.
# 2. **Reflect**, if needed, so that the first column that is *clearly off* the x axis lies above
#    it. Clearly off means: $|y|$ is more than a tenth of the largest norm. To reflect is to change
#    the sign of **every** $y$.
#
# Rotating the unit vector $(c, s)$ onto the x axis takes
# $(x, y)$ to $(c x + s y,\; c y - s x)$.
#
# - `W` has shape `(*instances, 2, features)`, and so has the result. `W[..., 0, :]` are the $x$ of
#   all features, `W[..., 1, :]` their $y$. "First" means the lowest index.
# - Every model of a batch has a rotation of its own.
#
# Edge cases: if no column is clearly off the axis, do not reflect. $W = 0$ stays 0.
#
# **Predict first.** Two features, $W_0 = (0, 2)$ and $W_1 = (-1, 0)$. What is their form? And that
# of $W_0 = (0, 2)$ and $W_1 = (1, 0)$?
#
# <details><summary>Hint 1: the first that ...</summary>
#
# `condition.int().argmax(-1, keepdim=True)` is the index of the first entry that is true.
# `torch.take_along_dim(W, index.unsqueeze(-2), dim=-1)` picks that column for each model.
#
# </details>
#
# <details><summary>Hint 2: the rotation</summary>
#
# `F.normalize(column, dim=-2)` gives $(c, s)$, of shape `(*instances, 2, 1)`. `.unbind(-2)` takes
# them apart, and both broadcast against the features.
#
# </details>
#
# <details><summary>Hint 3: a common slip</summary>
#
# Making each $y$ positive on its own moves features against each other and changes $W^T W$. One
# sign per model: `torch.where(below, -y, y)` with `below` of shape `(*instances, 1)`.
#
# </details>


# %% answer canonicalize_2d
def canonicalize_2d(
    W: Float[Tensor, "*instances 2 features"],
) -> Float[Tensor, "*instances 2 features"]:
    """W rotated and, if needed, reflected into a form in which solutions can be compared."""
    # solution: tms_lib.geometry.canonicalize_2d


# %% check canonicalize_2d
check("canonicalize_2d")

# %% explore
for x in (-1.0, 1.0):
    form = canonicalize_2d(torch.tensor([[0.0, x], [2.0, 0.0]])) + 0.0  # which turns -0 into 0
    print(f"(0, 2) and ({x:2.0f}, 0):", form.T.tolist())
figure, axes = plt.subplots(3, 4, figsize=(10, 7.8), layout="constrained", sharex=True, sharey=True)
for column, k in enumerate([3, 4, 5, 6]):
    weights = together[k]
    forms = {
        "as trained": weights,
        "yours": canonicalize_2d(weights),
        "expected": tms_lib.canonicalize_2d(weights),
    }
    for ax, (name, form) in zip(axes[:, column], forms.items(), strict=True):
        plot_features_2d(form, ax=ax).set_title(f"$p$ = {pair_densities[k]:.2f}, {name}")
        ax.set(xlabel="", ylabel="", xlim=(-1.5, 1.5), ylim=(-1.5, 1.5))
plt.show()

# %% [markdown]
# *Look.* The prediction: $(2, 0)$ and $(0, 1)$, both times. The two are mirror images, one
# solution.
#
# In the first row every model has its own angle. In the second all have feature 0 on the right and
# feature 1 at the top: pair 0 is 0 and 1, at right angles. Feature 0's opposite is 2 or 3. That is
# a real difference of names, which no rotation removes. Why is 0 never opposite to 1?

# %% [markdown]
# ## Three pairs, two dimensions
#
# With three pairs there is no room for right angles everywhere: no partner is left over. What
# happens then? The next cell trains three correlated pairs in two dimensions, from dense to sparse.

# %% explore
three_densities = torch.tensor([0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.05, 0.02])
three, _, _ = best_models(correlated_pairs, three_densities, n_sets=3, n_hidden=2)
figure, axes = plt.subplots(1, 4, figsize=(12, 3.4), layout="constrained", sharex=True, sharey=True)
for ax, k in zip(axes, [1, 3, 6, 8], strict=True):
    plot_features_2d(tms_lib.canonicalize_2d(three[k]), ax=ax)
    ax.set(title=f"$p$ = {three_densities[k]:.2f}", xlim=(-1.4, 1.4), ylim=(-1.4, 1.4))
plt.show()

# %% [markdown]
# On the left three directions, each of them for a pair, whose numbers are printed on top of each
# other. On the right six features, each in a direction of its own. Between them, some pairs have
# collapsed and some have not.
#
# A pair that lies side by side shows the model only its sum $x_0 + x_1$: the direction in which a
# correlated pair varies most. Principal component analysis would keep the same. So "collapsed" has
# a number.

# %% prompt principal_share [markdown]
# ### Exercise 8.6: Collapsed to the principal component
#
# How much of what a model keeps of a set lies along the set's sum? With the unit vector
# $u = (1, \dots, 1) / \sqrt k$ over the features of the set:
#
# $$\frac{\|W u\|^2}{\sum_i \|W_i\|^2} = \frac{\bigl\| \sum_i W_i \bigr\|^2}{k \sum_i \|W_i\|^2}$$
#
# - The sums run over the $k$ = `set_size` features $i$ of one set, which are neighbours.
# - $W_i$ is column $i$ of `W`, which has shape `(*instances, hidden, features)`. Above the line the
#   columns are added **as vectors**, and then the squared length is taken.
# - The result has shape `(*instances, sets)`, with values from 0 to 1.
#
# Edge cases: a set of zeros gets 0, not NaN. Scaling all of $W$ changes nothing.
#
# **Predict first.** What do two features of norm 1 get that lie side by side, at right angles,
# opposite? What do ten orthogonal features get?
#
# <details><summary>Hint 1: where to start</summary>
#
# `W.unflatten(-1, (-1, set_size))` has the axes `(*instances, hidden, sets, members)`. Both sums
# start from it.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# The order of summing and squaring. Above: sum over members, square, sum over hidden. Below:
# square, sum over members and hidden.
#
# </details>


# %% answer principal_share
def principal_share(
    W: Float[Tensor, "*instances hidden features"], *, set_size: int
) -> Float[Tensor, "*instances sets"]:
    """How much of what a model keeps of a set lies along the set's principal component."""
    # solution: tms_lib.sets.principal_share


# %% check principal_share
check("principal_share")

# %% explore
yours = principal_share(three, set_size=2)  # densities sets
expected = tms_lib.principal_share(three, set_size=2)
generator = torch.Generator().manual_seed(0)
x = correlated_pairs(three_densities.unsqueeze(-1).expand(-1, 3), 50_000, generator=generator)
pca = tms_lib.principal_projection(x, n_hidden=2)  # a projection: as good as its own W
pca_share = tms_lib.principal_share(pca, set_size=2)

figure, ax = plt.subplots(figsize=(6.6, 4), layout="constrained")
for k in range(3):
    first = k == 0  # one entry in the legend is enough
    dots = yours.sort(-1).values[:, k]
    crosses = expected.sort(-1).values[:, k]
    ax.plot(three_densities, dots, "o", color="0.65", ms=8, label="yours" if first else None)
    ax.plot(three_densities, crosses, "kx", ms=5, label="expected" if first else None)
ax.plot(three_densities, pca_share.mean(-1), "k:", label="two principal components")
for level, name in ((1, "side by side"), (1 / 2, "at right angles")):
    ax.axhline(level, color="0.8", lw=1, zorder=0)
    ax.text(0.02, level - 0.03, name, fontsize=8)
ax.set(xscale="log", xlabel="density $p$, denser to the right", ylabel="share along the sum")
some_densities = [0.02, 0.05, 0.1, 0.2, 0.5]
ax.set_xticks(some_densities, some_densities)
ax.minorticks_off()
ax.set(ylim=(0.45, 1.05))
ax.legend(fontsize=8, loc=(0.02, 0.64))
plt.show()
n_collapsed = (principal_share(three, set_size=2) > 0.97).sum(-1)
for density, n in zip(three_densities, n_collapsed, strict=True):
    print(f"p = {density:.2f}: {n} of 3 pairs collapsed")

# %% [markdown]
# *Look.* The prediction: 1, 1/2 and 0. Ten orthogonal features get 1/10. Each dot is one of the
# three pairs.
#
# Principal component analysis (dotted) keeps sums only, at every density: all it knows is the
# covariance, and the sums vary most. The dense models do the same, for all three pairs. As features
# get sparser, one pair after the other comes apart, until none is left together. The correlation
# is not the reason: by exercise 8.1 it even rises. What does "sparse" change?

# %% [markdown]
# ## Local bases
#
# Now two sets of *ten* correlated features each, in ten dimensions. Twice as many features as
# dimensions: no orthogonal basis for all of them. But for each set there could be one.

# %% explore
ten, ten_b, _ = best_models(
    partial(tms_lib.sample_correlated, set_size=10),
    torch.tensor([0.05]),
    n_sets=2,
    n_hidden=10,
    n_seeds=4,
    n_steps=2000,
)
plot_weights(ten[0], ten_b[0]).set_title("two correlated sets of ten, $m$ = 10, $p$ = 0.05")
plt.show()
cosine = gram(F.normalize(ten[0], dim=-2))
own_set = cosines_within_sets(ten, set_size=10)
expected = tms_lib.cosines_within_sets(ten, set_size=10)
print(
    f"mean |cosine| within a set: {own_set.abs().mean():.3f}, expected {expected.abs().mean():.3f}"
)
print(f"mean |cosine| between the sets: {cosine[:10, 10:].abs().mean():.3f}")

# %% [markdown]
# The two blocks on the diagonal are nearly identity matrices. Each set has an almost orthogonal
# basis of the ten dimensions, a *local* basis. Nearly all interference is between the sets,
# which are rarely present at once.

# %% question local_bases [markdown]
# ### Question: the view from one set
#
# *6 minutes · 2 points, graded by hand*
#
# A researcher examines this model with ten dimensions, but uses only data in which set 0 is present
# and set 1 is not.
#
# 1. What will they find about the ten features of set 0? Would they notice superposition?
# 2. Why does training prefer this arrangement to ten antipodal pairs *within* the sets? Argue with
#    your losses of exercise 8.3.

# %% written local_bases [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** 1. On their data the model looks like one without superposition: ten features,
# ten nearly orthogonal directions, hardly any interference, each feature readable on its own. They
# would not notice the ten features of set 1 in the same dimensions. Superposition shows only on
# data where the other set is present, or in $W^T W$ over all features. 2. A pair in one dimension
# as opposites costs $r/3$, with $r$ the probability that both are present. Within a set $r = p$,
# since its features always come together: $p/3$. Between sets $r = p^2$, which is $1/p$ times less.
# So features that share a dimension should come from different sets, and within a set they are
# orthogonal.
#
# **Rubric.** 2 points: in part 1 an (almost) orthogonal basis without visible superposition; *and*
# in part 2 the comparison of how often both features of a pair are present, $p$ within a set
# against $p^2$ between sets. 1 point: one of the two. 0 points: neither.
# ### END SOLUTION

# %% [markdown]
# ## One feature is rarer
#
# Back to independent features. Chapter 2 found a pentagon: five equal features, two dimensions,
# sparse. Let feature 0 become rarer than the other four. The pentagon then spends much on a feature
# that hardly ever comes. The alternative drops it and keeps the others as two digons.
#
# Training finds now one, now the other. To compare *solutions*, not runs, follow each of them:
# start from a pentagon, and go downhill on the exact loss to the nearest minimum. And the same from
# two digons.

# %% prompt relax [markdown]
# ### Exercise 8.7: Downhill from a given start
#
# Train ReLU output models from given weights on the exact loss, and return where they end.
#
# - Start: `W` of shape `(instances, hidden, features)` and `b` of shape `(instances, features)`.
#   Both are trained. The caller's tensors must stay as they are.
# - Loss: `expected_relu_loss(W, b, feature_probability=..., importance=...)`. It gives one
#   exact loss per instance for independent features, without samples, and is differentiable.
#   Add the losses of the instances before you call `.backward()`.
# - `feature_probability` has shape `(instances, features)`: each feature of each model has its own
#   $p$. `importance` has shape `(features)`.
# - Optimiser: Adam, `n_steps` steps, learning rate `lr` that may stay or fall to 0.
# - Return `W, b, loss` at the end, cut from the graph (`.detach()`). `loss` has shape
#   `(instances)`: the exact losses of the `W` and `b` that you return.
#
# Nothing is random. Edge case: one instance.
#
# `minimise(model, losses, generator=..., config=...)` does the loop for you: `model` is a
# module with the parameters, `losses()` returns one loss per instance. Or write your own loop with
# `torch.optim.Adam([W, b], lr=lr)`.
#
# **Predict first.** A pentagon at $p = 0.05$, with feature 0 four times rarer than the others.
# Going downhill, which way will its corners move?
#
# <details><summary>Hint 1: where to start</summary>
#
# `nn.ParameterDict({"W": W.detach().clone(), "b": b.detach().clone()})` is a module with two
# parameters, `model["W"]` and `model["b"]`. Define `losses()` inside your function.
# `TrainConfig(n_steps=n_steps, lr=lr)` is the config, `torch.Generator()` serves as generator.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `W.requires_grad_()` on the argument itself changes the caller's tensor in every step. Clone
# first. And a loss from before the last step is not that of the `W` and `b` that you return.
#
# </details>


# %% answer relax
def relax(
    W: Float[Tensor, "instances hidden features"],
    b: Float[Tensor, "instances features"],
    *,
    feature_probability: Float[Tensor, "instances features"],
    importance: Float[Tensor, " features"],
    n_steps: int,
    lr: float,
) -> tuple[
    Float[Tensor, "instances hidden features"],
    Float[Tensor, "instances features"],
    Float[Tensor, " instances"],
]:
    """ReLU output models after descent on the exact loss from a given start."""
    # solution: tms_lib.descent.relax


# %% check relax
check("relax")

# %% [markdown]
# The next cell follows both solutions while feature 0 becomes up to six times rarer, with your
# function, and with the library's at three of the ratios. It takes up to half a minute.

# %% explore
times_rarer = torch.tensor([1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0])
n_ratios = len(times_rarer)
rarer_p = torch.full((n_ratios, 5), 0.05)
rarer_p[:, 0] /= times_rarer

pentagon = 1.17 * tms_lib.regular_polygon(5, n_features=5)
pentagon_b = torch.full((n_ratios, 5), -0.28)
digons = torch.tensor([[0.0, 1.0, 0.0, -1.0, 0.0], [0.0, 0.0, 1.0, 0.0, -1.0]])
digon_b = torch.zeros(n_ratios, 5)
digon_b[:, 0] = rarer_p[:, 0] / 2  # the best constant for the feature that is left out
start = torch.stack([pentagon, digons]).repeat_interleave(n_ratios, 0)
start_b = torch.cat([pentagon_b, digon_b])
known = {"feature_probability": rarer_p.repeat(2, 1), "importance": torch.ones(5)}

ends = relax(start, start_b, **known, n_steps=150, lr=0.005)
relaxed, _, relaxed_loss = (part.unflatten(0, (2, n_ratios)) for part in ends)
some = torch.tensor([0, 4, 8])  # the library follows the solutions at these ratios only
both = torch.cat([some, some + n_ratios])
known = {"feature_probability": rarer_p[some].repeat(2, 1), "importance": torch.ones(5)}
ends = tms_lib.relax(start[both], start_b[both], **known, n_steps=150, lr=0.005)
expected_loss = ends[2].unflatten(0, (2, len(some)))
off = (relaxed_loss[:, some] - expected_loss).abs().max()
print(f"your losses differ from the expected ones by at most {off:.1e}")

figure, axes = plt.subplots(1, 4, figsize=(12, 3.4), layout="constrained", sharex=True, sharey=True)
shown = [(0, 0), (0, 6), (0, 8), (1, 8)]
for ax, (solution, k) in zip(axes, shown, strict=True):
    plot_features_2d(tms_lib.canonicalize_2d(relaxed[solution, k]), ax=ax)
    ax.set(title=f"from {['a pentagon', 'digons'][solution]}, {times_rarer[k]:g} times rarer")
plt.show()


def crossing(x: Tensor, difference: Tensor) -> float:
    """Where the difference changes sign, on a straight line between two points; NaN if nowhere."""
    for k in range(len(x) - 1):
        before, after = difference[k].item(), difference[k + 1].item()
        if before < 0 <= after:
            return (x[k] + (x[k + 1] - x[k]) * before / (before - after)).item()
    return math.nan


where = crossing(times_rarer, relaxed_loss[0] - relaxed_loss[1])
print(f"the losses cross where feature 0 is {where:.1f} times rarer")
for k in (0, 6, 8):
    corner, neighbour = relaxed[0, k, :, :2].T  # a pentagon's features 0 and 1
    angle = torch.atan2(neighbour[1], neighbour[0]) - torch.atan2(corner[1], corner[0])
    print(
        f"pentagon, {times_rarer[k]:g} times rarer: from 0 to 1 {math.degrees(angle):.1f} degrees"
    )

# %% [markdown]
# *Look.* The prediction: the four common features spread towards right angles, as in two digons,
# and crowd the rare one between 1 and 4. The pentagon bends smoothly. It does not turn into the
# digons: over this range it remains a minimum of its own, also where the digons have become better.
#
# The crossing is a number of this setting: five features of importance 1, $p = 0.05$, exact loss.
# The paper puts it at about 2.5 times. It does not say how it trained its models, nor on which
# samples it compared their losses. The next cell asks how the crossing depends on the density, with
# the library's function.

# %% explore
other_densities = {0.1: [2.0, 2.5, 3.0], 0.03: [4.0, 5.0, 6.0]}  # times that feature 0 is rarer
for density, ratios in other_densities.items():
    few = torch.tensor(ratios)
    p = torch.full((len(few), 5), density)
    p[:, 0] /= few
    b = torch.zeros(len(few), 5)
    b[:, 0] = p[:, 0] / 2
    losses = [
        tms_lib.relax(
            weights.expand(len(few), -1, -1),
            biases,
            feature_probability=p,
            importance=torch.ones(5),
            n_steps=150,
            lr=0.005,
        )[2]
        for weights, biases in ((pentagon, pentagon_b[: len(few)]), (digons, b))
    ]
    print(f"p = {density}: the losses cross at {crossing(few, losses[0] - losses[1]):.1f} times")

# %% [markdown]
# The denser the features, the sooner the digons win: a pentagon pays for its interference each time
# that two features meet. So a crossing without its density says little.

# %% question crossing [markdown]
# ### Question: bending and breaking
#
# *6 minutes · 2 points, graded by hand*
#
# 1. As feature 0 becomes rarer, the *best* solution goes from pentagon to digons. Is that change
#    gradual or sudden? What is gradual, and what is sudden?
# 2. A friend trains one model at each density, from random weights, and plots whether it is a
#    pentagon or digons. Why may their border differ from yours, and what should they do?

# %% written crossing [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** 1. Both. Each solution's loss changes gradually, and the pentagon bends
# gradually. But the best solution changes suddenly: where the two curves cross, the pentagon and
# the digons are two separate minima with equal loss. Feature 0 drops from a norm near 1 to 0, with
# nothing between: a first-order change, as in chapter 6. The least loss itself has a kink there, no
# jump. 2. Gradient descent ends in a minimum near its start, not in the best one. Near the crossing
# both minima exist, so a single run shows chance (start, learning rate, batches) and not the
# optimum. Noisy losses do not tell near-equal solutions apart either. They should train many seeds
# at each density, compare them on the exact loss or on the same many samples, and keep the best of
# each kind, or follow each solution as here.
#
# **Rubric.** 2 points: losses (or shapes) change gradually while the best solution switches between
# two separate minima; *and* single runs find either minimum, so that many seeds and an exact or
# shared measure are needed. 1 point: one of the two. 0 points: neither.
# ### END SOLUTION

# %% [markdown]
# ## The big picture
#
# The arrangements of this chapter, drawn with your functions. Above: two pairs and three pairs.
# Below: the local bases, how collapse sets in, and the crossing losses.

# %% explore
figure, axes = plt.subplots(2, 4, figsize=(15, 7.6), layout="constrained")
panels = {
    "two correlated pairs, $p$ = 0.05": together[5],
    "two excluding pairs, $p$ = 0.05": excluding[5],
    "three correlated pairs, $p$ = 0.50": three[1],
    "three correlated pairs, $p$ = 0.02": three[8],
}
for ax, (title, weights) in zip(axes[0], panels.items(), strict=True):
    plot_features_2d(canonicalize_2d(weights), ax=ax)
    ax.set(title=title, xlim=(-1.4, 1.4), ylim=(-1.4, 1.4))

plot_weights(ten[0], ten_b[0], ax=axes[1, 0]).set_title("two sets of ten, $m$ = 10")

ax = axes[1, 1]
for (name, loss), dashes in zip(ways.items(), ["--", "-"], strict=True):
    ax.plot(fine, loss, f"k{dashes}", label=name)
ax.plot(pair_densities, together_loss, "o", color="0.5", mec="black", label="trained")
ax.set(title="two correlated pairs", xlabel="density $p$", ylabel="loss")
ax.legend(fontsize=8)

ax = axes[1, 2]
share = principal_share(three, set_size=2).sort(-1).values
expected = tms_lib.principal_share(three, set_size=2).sort(-1).values
ax.plot(three_densities, share, "o", color="0.65", ms=8)
ax.plot(three_densities, expected, "kx", ms=5)
ax.set(title="three correlated pairs", xscale="log", xlabel="density $p$")
ax.set(ylabel="share along the sum", ylim=(0.45, 1.03))
ax.set_xticks(some_densities, some_densities)
ax.minorticks_off()

ax = axes[1, 3]
plot_curves(times_rarer, relaxed_loss, labels=["pentagon", "two digons"], ax=ax)
ax.plot(times_rarer[some], expected_loss.T, "kx", ms=10)
ax.set(title="one feature rarer", xlabel="times that feature 0 is rarer", ylabel="exact loss")
plt.show()

# %% [markdown]
# *Look.* One question explains all of it: *how often are two features present at once?*
#
# - **Never** (excluding pairs): opposites, at no cost.
# - **Rarely** (features of different sets): opposites, at little cost. So partners come from
#   different sets.
# - **Always** (correlated features): opposites would be the worst choice. With room, they take
#   right angles. Without room they move closer, and if they are dense, side by side: the model then
#   keeps their sum and loses their difference, as principal component analysis does.
#
# In greater dimensions the same rule gives local bases. And where no feature depends on another but
# one is rare, shapes bend first and break later.
#
# Crosses, where there are some, are the expected values.

# %% [markdown]
# ## What you have now
#
# - Correlated sets share presence, not values. For anti-correlated sets say whose probability $p$
#   is, the feature's or the set's.
# - A pair in one dimension costs $r/3$ as opposites, $q/3 - r/4$ side by side and $q/3 - q^2/4$ if
#   one has it alone. Opposites win against neighbours below $r = 4 q / 7$.
# - Two correlated pairs in two dimensions are orthogonal below $p = 1/4$ and collapsed above.
# - Correlated features come as almost orthogonal local bases. Where there is no room, they collapse
#   to their principal component as they get denser, one pair after the other.
# - Solutions can be followed on the exact loss. Pentagon and digons are both minima over a wide
#   range of densities. Which is better changes at a crossing, suddenly.
#
# **In the paper.** Elhage et al. (2022), "Toy Models of Superposition", section *The Geometry of
# Superposition*, parts *Non-Uniform Superposition* and *Correlated and Anticorrelated Features*.
#
# **Later work.** Chanin et al. (2024), "A is for Absorption", find in language models what
# features that always come with another one do to sparse autoencoders. Engels et al. (2024), "Not
# All Language Model Features Are Linear", find features that need more than one dimension together,
# such as the days of the week.
#
# **Next.** All models of this chapter were looked at when training had ended. Chapter 9 watches
# features find their places, and asks whether they jump.
