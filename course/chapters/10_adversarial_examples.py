# %% [markdown]
# # Chapter 10: Adversarial examples
#
# Change an input a little, in just the right way, and a network's answer may change a lot. Such
# inputs are called *adversarial examples*, and networks for images are full of them. Toy models
# have them as well, and here one can see where they come from. An output that shares its dimension
# with others also listens to inputs that are not its own. Move many of these a little, and it moves
# a lot.
#
# **You will**
#
# - read off $W^T W$ which small change of the input moves an output most;
# - measure what an attack does to the loss, against the right target;
# - write three attacks: one change for all inputs, one for each input, and one by gradient ascent;
# - compare the harm with that to a model without superposition;
# - draw vulnerability and features per dimension against sparsity, as the paper does;
# - criticise the conclusion that this picture invites.
#
# **You need** chapter 3: $W^T W$, superposition, the best linear model and which features it keeps.
# From chapter 7, dimensions per feature and the dimensionality $D_i$, which are repeated here. The
# rules for all answers from chapter 1 hold: arguments stay as they are, dtype and device are kept,
# instances do not mix.
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
from tms_lib import FeatureSampler, ReLUOutputModel, TrainConfig, attack_harm, gram
from tms_lib import indivisible_polytope, linear_optimum, losses_by_direction
from tms_lib import plot_vulnerability, sample_features, train

torch.set_num_threads(1)  # on a busy machine, threads that share small steps mostly wait

# %% [markdown]
# ## The models to look at
#
# We take $n = 100$ features, $m = 10$ hidden dimensions and importances of 1. All features of a
# model share one density $p = 1 - S$. There are nine models, from dense ($p = 1$) to sparse
# ($p = 1/16$). Beside each stands the best model *without* superposition: `linear_optimum` gives
# 10 features a dimension each, and answers the mean for the other 90.
#
# The next cell trains the nine. It takes from ten seconds to a minute, the longest wait of this
# chapter.

# %% explore
inverse_density = 2.0 ** torch.linspace(0, 4, 9)
densities = 1 / inverse_density
labels = [f"{v:.3g}" for v in inverse_density.tolist()]
n_features, n_hidden = 100, 10
importance = torch.ones(n_features)

generator = torch.Generator().manual_seed(1)
p = densities.unsqueeze(-1).expand(-1, n_features)  # densities features
trained = ReLUOutputModel(
    n_instances=len(p), n_features=n_features, n_hidden=n_hidden, generator=generator
)
with torch.no_grad():
    trained.b.add_(p / 2)  # the mean: then few outputs begin below zero
train(
    trained,
    FeatureSampler(p),
    importance=importance,
    generator=generator,
    config=TrainConfig(n_steps=2000, batch_size=128, lr=5e-3),
)
W, b = trained.W.detach(), trained.b.detach()
W_0, b_0 = linear_optimum(p, importance=importance, n_hidden=n_hidden)
x = sample_features(p, 400, generator=torch.Generator().manual_seed(2))
print("W", tuple(W.shape), " x", tuple(x.shape))
per_dimension = 1 / tms_lib.dimensions_per_feature(W)
print("features per dimension:", [f"{v:.2f}" for v in per_dimension.tolist()])

# %% [markdown]
# `x` holds 400 clean inputs for each model. Features per dimension, $\|W\|_F^2 / m$, say how much
# superposition there is: 1 is none, 2 is two features in each dimension.

# %% prompt attack_directions [markdown]
# ### Exercise 10.1: Attack directions
#
# Before its ReLU, output $i$ is $\sum_j (W^T W)_{ij} \, x_j + b_i$. Its gradient with respect to
# the inputs is row $i$ of $W^T W$. So among all changes of length 1, output $i$ moves most along
#
# $$d_i = \frac{(W^T W)_i}{\| (W^T W)_i \|}$$
#
# - $(W^T W)_i$ is row $i$ of $W^T W$: one number for each input feature.
# - $\| \cdot \|$ is the Euclidean length, the root of the sum of squares.
# - `W` has shape `(*instances, hidden, features)`. The result has shape
#   `(*instances, features, features)`: row $i$ is $d_i$.
#
# Edge case: a zero column of $W$ makes a zero row of $W^T W$. It has no direction and stays 0, not
# NaN. The other rows must stay exact: do not add a small number to their lengths.
#
# **Predict first.** A model gives feature 0 a dimension of its own, with $\|W_0\| = 3$. What is
# $d_0$? And in an antipodal pair, $W = (1, -1)$?
#
# <details><summary>Hint 1: where to start</summary>
#
# `tms_lib.gram(W)` gives $W^T W$. `F.normalize(..., dim=...)` makes vectors of length 1 and leaves
# zeros at zero.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# The matrix is symmetric until you normalise it. Entry $(i, j)$ is divided by the length of row
# $i$, not of row $j$. Which axis runs along a row?
#
# </details>


# %% answer attack_directions
def attack_directions(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances features features"]:
    """For each output, the unit change of the inputs that moves it most."""
    # solution: tms_lib.adversarial.attack_directions


# %% check attack_directions
check("attack_directions")

# %% explore
print("own dimension:", attack_directions(torch.tensor([[3.0, 0.0], [0.0, 1.0]]))[0])
print("antipodal pair:", attack_directions(torch.tensor([[1.0, -1.0]]))[0])

figure, axes = plt.subplots(1, 3, figsize=(11, 3), layout="constrained", sharey=True)
for ax, (title, weights) in zip(
    axes,
    [
        ("without superposition", W_0[8]),
        (f"trained, $1/p$ = {labels[3]}", W[3]),
        (f"trained, $1/p$ = {labels[8]}", W[8]),
    ],
    strict=True,
):
    i = int(tms_lib.feature_norm(weights).argmax())  # a feature that is represented
    order = tms_lib.attack_directions(weights)[i].abs().argsort(descending=True)[:30]
    ax.bar(range(30), attack_directions(weights)[i, order], color="0.7", label="yours")
    ax.plot(tms_lib.attack_directions(weights)[i, order], "k_", ms=7, label="expected")
    ax.axhline(0, color="0.4", lw=0.8)
    ax.set(title=title, xlabel="features, largest first")
axes[0].set(ylabel="entries of one $d_i$")
axes[0].legend()
plt.show()

norms = tms_lib.feature_norm(W[8])
few = (norms > 0.5).nonzero().squeeze(-1)[:6]  # some that are represented
rows = torch.linalg.vector_norm(gram(W[8]), dim=-1)
share = tms_lib.dimensionality(W[8])
print("row's squared length / norm^4:", [f"{v:.3f}" for v in (rows**2 / norms**4)[few].tolist()])
print("1 / D_i:                      ", [f"{v:.3f}" for v in (1 / share)[few].tolist()])

# %% [markdown]
# *Look.* The prediction: $(1, 0)$, whatever the norm, and $(1, -1)/\sqrt 2$ for the pair. Without
# superposition the best way to move an output is to change its own feature. In the pair, half of
# the attack goes to the other feature. In the sparse model on the right, most of it is spread over
# features that the output is not about.
#
# How far does output $i$ move? By the length of its row for each unit of the attack. The last two
# lines agree: the squared length is $\|W_i\|^4 / D_i$, where $D_i$ is the dimensionality of chapter
# 7. (In both stands $\sum_j (W_i \cdot W_j)^2$.) Take two features of norm 1. The output of the one
# that has half a dimension is $\sqrt 2$ times as sensitive as that of the one with a whole. So
# sharing a dimension and being sensitive are two readings of the same sum.

# %% prompt attack_size [markdown]
# ### Exercise 10.2: How large may an attack be?
#
# An attack that may be as long as it likes does any harm it likes. So limit its length to a
# fraction of what the inputs have on average:
#
# $$\text{size} = f \cdot \frac{1}{B} \sum_x \|x\|$$
#
# - $f$ is `fraction`. The paper takes 0.1.
# - $\|x\|$ is the Euclidean length of one input, over its features. The sum runs over the $B$
#   inputs of the batch.
# - `x` has shape `(*instances, batch, features)`. The result has shape `(*instances)`: one size for
#   each model, because the inputs of different models may have different lengths.
#
# Edge case: an input without active features counts, with length 0.
#
# **Predict first.** Features get sparser from model to model. Does the attack size grow, shrink or
# stay?
#
# <details><summary>Hint 1: where to start</summary>
#
# `torch.linalg.vector_norm(x, dim=...)` gives lengths.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# First the length of each input, then the mean of the lengths. The length of the mean input is
# something else.
#
# </details>


# %% answer attack_size
def attack_size(
    x: Float[Tensor, "*instances batch features"], *, fraction: float
) -> Float[Tensor, "*instances"]:
    """A fraction of the mean length of an instance's inputs, zero inputs counted."""
    # solution: tms_lib.adversarial.attack_size


# %% check attack_size
check("attack_size")

# %% explore
size = tms_lib.attack_size(x, fraction=0.1)
figure, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
ax.plot(inverse_density, attack_size(x, fraction=0.1), "o-", color="0.3", label="yours")
ax.plot(inverse_density, size, "kx", ms=10, label="expected")
ax.set(xscale="log", xlabel="$1/p$, sparser to the right", ylabel="attack size", ylim=(0, None))
ax.set_xticks([1, 2, 4, 8, 16], [1, 2, 4, 8, 16])
ax.minorticks_off()
ax.legend()
plt.show()
print(f"size: {size[0]:.2f} at 1/p = 1, {size[8]:.2f} at 1/p = 16")

# %% [markdown]
# *Look.* It shrinks: the fewer features are active, the shorter the inputs. So compare harm between
# densities with care. Part of any difference is that the attacks differ in size. Exercise 10.7
# finds a way around this.

# %% prompt attacked_losses [markdown]
# ### Exercise 10.3: The loss of an attacked input
#
# The model sees $x + a$. What it ought to return is still the clean $x$. So the loss of one
# attacked input is
#
# $$\ell(x, a) = \sum_i I_i \bigl(x_i - x'_i\bigr)^2 \qquad\text{with}\qquad
# x' = \mathrm{ReLU}\bigl(W^T W (x + a) + b\bigr)$$
#
# - $a$ is a row of `attack`, which has the shape of `x`, `(*instances, batch, features)`, or a
#   batch of 1: then all inputs are changed alike.
# - $I_i$ is `importance`. Its shape is `(*instances, features)`; axes of size 1 and missing axes
#   broadcast.
# - `W` has shape `(*instances, hidden, features)` and `b` `(*instances, features)`.
# - The result has shape `(*instances, batch)`: inputs keep their own losses. Attackers need them.
#
# Edge case: $x + a$ may be negative or exceed 1. Leave it as it is. Only the length of $a$ is
# limited.
#
# **Predict first.** A model has a dimension for each of its features, $W^T W = 1$ and $b = 0$. All
# $I_i$ are 1. What is $\ell(x, a)$, if no $x_i + a_i$ is negative?
#
# <details><summary>Hint 1: where to start</summary>
#
# `tms_lib.relu_output(x, W=W, b=b)` is the model. `importance.unsqueeze(-2)` gives the importances
# a batch axis.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# If $x + a$ were the target too, an honest copier of its input would have no loss, however large
# the attack.
#
# </details>


# %% answer attacked_losses
def attacked_losses(
    x: Float[Tensor, "*instances batch features"],
    attack: Float[Tensor, "*instances #batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    importance: Float[Tensor, "*#instances #features"],
) -> Float[Tensor, "*instances batch"]:
    """The loss of every input when it is attacked. The target is the clean input."""
    # solution: tms_lib.adversarial.attacked_losses


# %% check attacked_losses
check("attacked_losses")

# %% explore
sizes = torch.linspace(0, 0.3, 31)
shapes = {
    "a dimension of its own": torch.eye(2),
    "digon": indivisible_polytope("digon"),
    "triangle": indivisible_polytope("triangle"),
    "pentagon": indivisible_polytope("pentagon"),
}
figure, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
for (name, corners), style in zip(shapes.items(), ["-", "--", "-.", ":"], strict=True):
    n = corners.shape[-1]
    lone = F.one_hot(torch.tensor(0), n)[None] * 0.5  # feature 0 is active, at 0.5
    along = sizes[:, None] * tms_lib.attack_directions(corners)[0]
    by_hand = {"W": corners, "b": torch.zeros(n), "importance": torch.ones(n)}
    rise = {}
    for whose, losses in (("yours", attacked_losses), ("expected", tms_lib.attacked_losses)):
        attacked = losses(lone.expand(31, -1), along, **by_hand)
        rise[whose] = attacked - attacked[0]
    ax.plot(sizes, rise["yours"], style, color="0.3", label=name)
    ax.plot(sizes[::5], rise["expected"][::5], "kx", ms=6)
    print(f"{name}: harm / size^2 at 0.3: {rise['yours'][-1] / sizes[-1] ** 2:.2f}")
ax.set(xlabel="size of the attack along $d_0$", ylabel="harm: rise of the loss")
ax.legend(title="lines: yours, crosses: expected")
plt.show()

# %% [markdown]
# *Look.* The prediction: $\|a\|^2$. Nothing else than the attack itself is wrong with the output.
#
# Four models made by hand, without biases. Only feature 0 is active, at 0.5, and the attack goes
# along $d_0$. The solid line is the prediction, $\text{size}^2$. The digon, an antipodal pair, has
# 2 times that and the triangle 3/2 times. This is $1/D_0$, as exercise 10.1 says: output 0 moves by
# $1/\sqrt{D_0}$ times the size, and the ReLU silences the others.
#
# In the pentagon, output 0 accounts for 5/2. The rest comes from its two neighbours. Their overlap
# with feature 0 is positive, so these outputs are active, and wrong, also without an attack. And
# where there is an error already, there is a slope. A parabola starts flat. Which of the lines does
# not?

# %% [markdown]
# ## Choosing the worst
#
# There are $n$ directions. Which one to take? That depends on what an attacker may know. First,
# one who prepares a single change and adds it to everything: a sticker, if the inputs were
# photographs.

# %% prompt universal_attack [markdown]
# ### Exercise 10.4: One attack for all inputs
#
# Try every direction on the whole batch, and return the one that makes the mean loss largest, at
# its full size:
#
# $$a = \text{size} \cdot d_{i^*} \qquad\text{with}\qquad
# i^* = \arg\max_i \; \frac{1}{B} \sum_x \ell(x, \text{size} \cdot d_i)$$
#
# - $d_i$ is row $i$ of `tms_lib.attack_directions(W)`, and $\ell$ is `tms_lib.attacked_losses`.
# - `size` has shape `(*instances)`, one for each model. `x`, `W`, `b` and `importance` are as in
#   exercise 10.3.
# - The result has shape `(*instances, 1, features)`: every model has an attack of its own, and the
#   batch axis of 1 lets `x + attack` broadcast.
#
# Only the $d_i$ are tried, not their opposites $-d_i$. If two directions are equally bad, return
# either: the check compares the loss that your attack reaches (value 1), and its distance from the
# nearest $\text{size} \cdot d_i$, which is 0 (value 2).
#
# Edge cases: a feature that is not represented has $d_i = 0$. It is tried like the others, and is
# the worst where all others help the model. With size 0 the attack is 0.
#
# **Predict first.** All importances are 1. In the model without superposition, is there a worst
# direction? How much harm does it do, as a multiple of $\text{size}^2$?
#
# <details><summary>Hint 1: where to start</summary>
#
# Loop over the directions: `size[..., None, None] * directions[..., i : i + 1, :]` is a candidate.
# Or let `tms_lib.losses_by_direction(x, W=..., b=..., importance=..., size=...)` do it: its entry
# `[..., k, i]` is the loss of input $k$ when it is attacked along $d_i$.
#
# </details>
#
# <details><summary>Hint 2: choosing one row for each instance</summary>
#
# `argmax(-1, keepdim=True)` on means of shape `(*instances, 1, features)` gives indices of shape
# `(*instances, 1, 1)`. `directions.take_along_dim(indices, dim=-2)` takes these rows.
#
# </details>


# %% answer universal_attack
def universal_attack(
    x: Float[Tensor, "*instances batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    importance: Float[Tensor, "*#instances #features"],
    size: Float[Tensor, "*instances"],
) -> Float[Tensor, "*instances 1 features"]:
    """One change for all inputs: the attack direction that makes the batch's loss largest."""
    # solution: tms_lib.adversarial.universal_attack


# %% check universal_attack
check("universal_attack")

# %% explore
model = {"W": W, "b": b, "importance": importance}
model_0 = {"W": W_0, "b": b_0, "importance": importance}
universal = tms_lib.universal_attack(x, **model, size=size)
harm_0 = attack_harm(x, universal_attack(x, **model_0, size=size), **model_0)
universal_harm = {
    "yours": attack_harm(x, universal_attack(x, **model, size=size), **model),
    "expected": attack_harm(x, universal, **model),
}
figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
by_direction = losses_by_direction(x, **model, size=size).mean(-2)  # densities features
clean = tms_lib.attacked_losses(x, torch.zeros_like(universal), **model).mean(-1)
for k, style in ((0, "-"), (3, "--"), (8, ":")):
    rise = (by_direction[k] - clean[k]).sort(descending=True).values / size[k] ** 2
    axes[0].plot(range(1, 101), rise, style, color="0.3", label=f"$1/p$ = {labels[k]}")
    axes[0].plot([1], universal_harm["yours"][k] / size[k] ** 2, "ko", ms=6)
axes[0].set(xlabel="directions, worst first", ylabel=r"harm / size$^2$", ylim=(0, 6))
axes[0].legend(title="dots: your attack")
axes[1].plot(inverse_density, universal_harm["yours"] / size**2, "o-", color="0.3", label="yours")
axes[1].plot(inverse_density, universal_harm["expected"] / size**2, "kx", ms=10, label="expected")
axes[1].plot(inverse_density, harm_0 / size**2, "s--", color="0.6", label="no superposition")
axes[1].set(xscale="log", xlabel="$1/p$", ylabel=r"harm / size$^2$", ylim=(0, None))
axes[1].set_xticks([1, 2, 4, 8, 16], [1, 2, 4, 8, 16])
axes[1].minorticks_off()
axes[1].legend()
plt.show()

# %% [markdown]
# *Look.* The prediction: any direction of a kept feature is as bad as another, and does
# $\text{size}^2$ of harm, at every density. That is the lower line on the right. The
# dense trained model does no worse. It has no superposition either.
#
# The left picture shows all 100 directions of three models. Within a model the worst one does not
# do much more harm than the others. This is so even for features that are hardly represented: a
# direction has length 1, however short its row was. What matters is that a direction lies where
# the model listens, in the $m$-dimensional space of the rows of $W$. All $d_i$ lie there.

# %% prompt per_example_attack [markdown]
# ### Exercise 10.5: An attack for each input
#
# A stronger attacker looks at the input first, and then chooses:
#
# $$a(x) = \text{size} \cdot d_{i^*(x)} \qquad\text{with}\qquad
# i^*(x) = \arg\max_i \; \ell(x, \text{size} \cdot d_i)$$
#
# - The arguments are those of exercise 10.4.
# - The result has shape `(*instances, batch, features)`: every input has a row of its own.
#
# If two directions are equally bad for an input, return either. The check compares what it does in
# exercise 10.4, input by input.
#
# Edge cases: as in exercise 10.4.
#
# **Predict first.** Can this attack do less harm than the universal one? And how much more can it
# do to the model without superposition?
#
# <details><summary>Hint 1: where to start</summary>
#
# It is exercise 10.4 without the mean. What are the shapes of the losses and of the indices now?
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `losses_by_direction` has the inputs on its last axis but one, and the directions on its last. The
# maximum is over the directions.
#
# </details>


# %% answer per_example_attack
def per_example_attack(
    x: Float[Tensor, "*instances batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    importance: Float[Tensor, "*#instances #features"],
    size: Float[Tensor, "*instances"],
) -> Float[Tensor, "*instances batch features"]:
    """For each input, the attack direction that makes its own loss largest."""
    # solution: tms_lib.adversarial.per_example_attack


# %% check per_example_attack
check("per_example_attack")

# %% explore
per_example = tms_lib.per_example_attack(x, **model, size=size)
yours = attack_harm(x, per_example_attack(x, **model, size=size), **model)
per_example_harm = attack_harm(x, per_example, **model)
on_0 = attack_harm(x, per_example_attack(x, **model_0, size=size), **model_0)
figure, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
ax.plot(inverse_density, yours / size**2, "o-", color="0.3", label="yours, one for each input")
ax.plot(inverse_density, per_example_harm / size**2, "kx", ms=10, label="expected")
ax.plot(
    inverse_density, universal_harm["expected"] / size**2, "^:", color="0.5", label="one for all"
)
ax.plot(inverse_density, on_0 / size**2, "s--", color="0.6", label="no superposition")
ax.set(xscale="log", xlabel="$1/p$", ylabel=r"harm / size$^2$", ylim=(0, None))
ax.set_xticks([1, 2, 4, 8, 16], [1, 2, 4, 8, 16])
ax.minorticks_off()
ax.legend()
plt.show()
used = [len(torch.unique(a.round(decimals=4), dim=0)) for a in per_example]
print("different directions used, of 100:", used)
ratio = per_example_harm[8] / universal_harm["expected"][8]
print(f"at 1/p = 16, one for each / one for all: {ratio:.1f}")

# %% [markdown]
# *Look.* The prediction: never less, since the universal direction is among those that it tries.
# And on the model without superposition, no more at all: it has nothing to find there. All of the
# gap between the two upper curves is due to superposition and to what comes with it.
#
# The first printed line says how many of the 100 directions are some input's worst. Why does the
# dense model need so few? (Look at its line in the left picture above.)

# %% [markdown]
# ## Following the slope
#
# Rows of $W^T W$ are good directions, but each belongs to one output before its ReLU. The loss adds
# up all outputs after it. The way up this landscape is the gradient.

# %% prompt gradient_attack [markdown]
# ### Exercise 10.6: Gradient ascent
#
# Improve each input's attack step by step, within the ball of radius `size`. Start at
# `tms_lib.per_example_attack`. Then, `n_steps` times, for each input on its own:
#
# 1. Take the gradient $g$ of $\ell(x, a)$ with respect to $a$, at the present $a$.
# 2. Step a quarter of the size along it: $a \leftarrow a + \frac{\text{size}}{4} \, g / \|g\|$.
#    Where $g = 0$, stay.
# 3. If $\|a\|$ exceeds size now, shrink $a$ to that length: $a \leftarrow \text{size} \cdot
#    a / \|a\|$. Else leave it.
#
# Return, for each input, the **best** of the $n_\text{steps} + 1$ points: the start, and the points
# after step 3. Steps always go on from the last point, not from the best one.
#
# - $\ell$ is `tms_lib.attacked_losses`; arguments are as in exercise 10.4.
# - The result has shape `(*instances, batch, features)`, cut from the graph.
#
# Edge cases: with size 0 the attack is 0, not NaN. If every direction of length 1 *lowers* an
# input's loss, the worst $d_i$ may be the 0 of an ignored feature. Then the path starts at 0,
# inside the ball, and step 3 must not stretch it.
#
# **Predict first.** Why not start at the clean input, $a = 0$? Think of an input that the model
# returns perfectly.
#
# <details><summary>Hint 1: where to start</summary>
#
# `attack = attack.detach().requires_grad_()`, then
# `torch.autograd.grad(losses.sum(), attack)[0]`. The sum over all inputs is fine: an input's
# loss does not depend on the others' attacks, so every row of the gradient is its own.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# $\|g\|$ and $\|a\|$ are lengths of rows, `dim=-1`, `keepdim=True`. `F.normalize(a, dim=-1) *
# torch.minimum(length, radius)` is step 3 without a division by 0. To keep the best, compare losses
# input by input: `torch.where((losses > highest).unsqueeze(-1), attack, best)`.
#
# </details>


# %% answer gradient_attack
def gradient_attack(
    x: Float[Tensor, "*instances batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    importance: Float[Tensor, "*#instances #features"],
    size: Float[Tensor, "*instances"],
    n_steps: int = 20,
) -> Float[Tensor, "*instances batch features"]:
    """For each input, the worst change that projected gradient ascent finds."""
    # solution: tms_lib.adversarial.gradient_attack


# %% check gradient_attack
check("gradient_attack")

# %% explore
ascended = tms_lib.gradient_attack(x, **model, size=size)
found = {"yours": [], "expected": []}
steps = (1, 2, 4, 8, 20)
for whose, attack_by in (
    ("yours", gradient_attack),
    ("expected", tms_lib.gradient_attack),
):
    for n_steps in steps:
        last = {"W": W[8:], "b": b[8:], "importance": importance}
        a = attack_by(x[8:], **last, size=size[8:], n_steps=n_steps)
        found[whose].append(attack_harm(x[8:], a, **last).item() / size[8].item() ** 2)
figure, ax = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
ax.plot(steps, found["yours"], "o-", color="0.3", label="yours")
ax.plot(steps, found["expected"], "kx", ms=10, label="expected")
ax.axhline(
    per_example_harm[8] / size[8] ** 2, color="0.6", ls="--", label="at the start: best direction"
)
ax.set(xlabel="steps", ylabel=r"harm / size$^2$", title=f"$1/p$ = {labels[8]}", xticks=steps)
ax.set_ylim(0, None)
ax.legend(loc="lower right")
plt.show()
gained = attack_harm(x, ascended, **model) / per_example_harm
print("harm, over that of the best direction:", [f"{v:.2f}" for v in gained.tolist()])

# %% [markdown]
# *Look.* The prediction: where the model returns an input perfectly, the loss is 0, the least
# possible. There the gradient vanishes, and ascent would never begin.
#
# A few steps do most of it. The printed ratios say how much more harm the gradient finds than the
# best row does, from dense to sparse. For dense features the rows of $W^T W$ are the whole story.
# For sparse ones they are still most of it.

# %% [markdown]
# ## Against what?
#
# All attacks do more harm in sparse models, as a multiple of $\text{size}^2$. But models, inputs
# and sizes all changed together. A fair comparison has the same inputs and the same size, and a
# model that differs in superposition only.

# %% prompt relative_vulnerability [markdown]
# ### Exercise 10.7: Relative vulnerability
#
# Compare the rise of the loss with the rise in the model without superposition:
#
# $$\frac{L' - L}{L'_0 - L_0}$$
#
# - $L$ is the mean loss over the clean batch `x`, and $L'$ the one over the attacked batch,
#   `x + attack`. Both have the clean inputs as target.
# - $L_0$ and $L'_0$ are the same for the model without superposition: a ReLU output model with the
#   weights and biases that `linear_optimum(p, importance=..., n_hidden=m)` returns, where $p$ is
#   `feature_probability` and $m$ is the number of hidden dimensions of `W`. It is attacked by **its
#   own** `tms_lib.universal_attack` of the same `size`, not by `attack`.
# - `attack` has shape `(*instances, batch, features)`, or a batch of 1, and may be of any kind.
# - `feature_probability` and `importance` broadcast to `(*instances, features)`.
#   `feature_probability.expand(b.shape)` fills in what `linear_optimum` may need.
# - The result has shape `(*instances)`.
#
# 1 means: no more vulnerable than without superposition.
#
# `tms_lib.attack_harm(x, attack, W=..., b=..., importance=...)` gives $L' - L$.
#
# Edge case: an attack that helps gives a negative number.
#
# **Predict first.** A model of antipodal pairs, $W = (1, -1)$ in each dimension and $b = 0$, is
# attacked by one change for all inputs. Features are so sparse that only one is ever active. What
# is its relative vulnerability?
#
# <details><summary>Hint 1: where to start</summary>
#
# Three steps: the other model, its attack, two harms. All the pieces are in the library.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# $L'/L'_0$ is something else: a model with a larger loss looks vulnerable without any attack.
#
# </details>


# %% answer relative_vulnerability
def relative_vulnerability(
    x: Float[Tensor, "*instances batch features"],
    attack: Float[Tensor, "*instances #batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    feature_probability: Float[Tensor, "*#instances #features"],
    importance: Float[Tensor, "*#instances #features"],
    size: Float[Tensor, "*instances"],
) -> Float[Tensor, "*instances"]:
    """The harm to a model, as a multiple of the harm to one without superposition."""
    # solution: tms_lib.adversarial.relative_vulnerability


# %% check relative_vulnerability
check("relative_vulnerability")

# %% explore
pairs = {"W": torch.tensor([[1.0, -1.0]]), "b": torch.zeros(2), "importance": torch.ones(2)}
known = {"feature_probability": torch.tensor([0.01]), "size": torch.tensor(0.1)}
one_active = torch.tensor([[0.5, 0.0], [0.0, 0.8]])
by_pairs = tms_lib.universal_attack(one_active, **pairs, size=known["size"])
print(f"antipodal pair: {relative_vulnerability(one_active, by_pairs, **pairs, **known):.3f}")

rated = {"size": size, "feature_probability": p}
figure, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
yours = relative_vulnerability(x, universal, **model, **rated)
ax.plot(inverse_density, yours, "o-", color="0.3", label="yours, one attack for all")
expected = tms_lib.relative_vulnerability(x, universal, **model, **rated)
ax.plot(inverse_density, expected, "kx", ms=10, label="expected")
ax.plot(inverse_density, per_dimension, color="0.7", lw=4, zorder=0, label="features per dimension")
ax.set(xscale="log", xlabel="$1/p$", ylabel="times no superposition", ylim=(0, None))
ax.set_xticks([1, 2, 4, 8, 16], [1, 2, 4, 8, 16])
ax.minorticks_off()
ax.legend()
plt.show()

# %% [markdown]
# *Look.* The prediction: 2. Along $(1, -1)/\sqrt 2$ the output of the active feature is off by
# $\sqrt 2$ times the size, and the ReLU silences the other one. And a pair has 2 features per
# dimension.
#
# In the model without superposition the harm is $\text{size}^2$ times the largest importance of a
# kept feature, for each of our three attacks. So the ratio is also harm over $\text{size}^2$ here,
# where all importances are 1. What does the biased answer of its 90 ignored outputs contribute to
# $L'_0 - L_0$?
#
# Up to $1/p = 4$ the two curves keep close. That is the paper's observation. Then they part.

# %% [markdown]
# ### Smaller attacks
#
# The paper's attack has a tenth of the inputs' length. Is there anything special about a tenth? The
# next cell tries other sizes on the sparsest model. The table gives the relative vulnerability, the
# last line the model's mean loss without an attack.

# %% explore
last = {"W": W[8:], "b": b[8:], "importance": importance}
print("fraction   one for all   one for each")
for fraction in (0.003, 0.01, 0.03, 0.1, 0.3):
    small = {"feature_probability": p[8:], "size": tms_lib.attack_size(x[8:], fraction=fraction)}
    attacks = (
        attack(x[8:], **last, size=small["size"])
        for attack in (tms_lib.universal_attack, tms_lib.per_example_attack)
    )
    one, each = (tms_lib.relative_vulnerability(x[8:], a, **last, **small).item() for a in attacks)
    print(f"{fraction:8g}   {one:11.1f}   {each:12.1f}")
print(f"mean loss of the sparsest model: {clean[8]:.2f}, its attack size at 0.1: {size[8]:.2f}")

# %% question small_attacks [markdown]
# ### Question 10.8: Why small attacks look worse
#
# *6 minutes · 2 points, graded by hand*
#
# For an attack on each input, the relative vulnerability of the sparsest model grows as attacks get
# *smaller*, almost like 1 / size. Of course the harm itself shrinks. But how does each model's harm
# depend on the size when it is small? Why does the attack on each input gain from this, and the one
# for all inputs less?
#
# What follows for the sentence "this model is ten times as vulnerable as one without
# superposition"?

# %% written small_attacks [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** The model without superposition returns its kept features perfectly: it is at
# the bottom of a parabola, without slope, and its harm is size² at any size. (The ignored outputs
# are constant, so they have no slope either.) The trained model errs on most inputs already without
# an attack. Where there is an error there is a slope, and the harm of a small attack along
# direction $d$ is slope times size: it goes with the first power. The ratio then goes with size /
# size² = 1 / size. An attack that is chosen for each input always finds a direction in which its
# slope is positive. One direction for all has the mean slope over the inputs, in which slopes of
# both signs largely cancel. So a factor such as ten belongs to one size and one kind of attack: it
# is no property of the model alone.
#
# **Rubric.** 2 points: first power in the trained model because it errs (has a slope) without an
# attack, second power in the other, *and* a conclusion that the factor depends on size or kind of
# attack. 1 point: one of the two, or cancelling of slopes for the universal attack. 0 points:
# repeats the table.
# ### END SOLUTION

# %% [markdown]
# ## The big picture
#
# Now the paper's figure, with your functions on the left and the library's in the middle:
# vulnerability to the three attacks, and features per dimension, against sparsity. On the right,
# your vulnerabilities over the features per dimension, with a line where the two are equal.

# %% explore
names = ["one for all", "one for each", "gradient"]
vulnerability = {}
for whose, attacks, rate in (
    ("yours", (universal_attack, per_example_attack, gradient_attack), relative_vulnerability),
    ("expected", (universal, per_example, ascended), tms_lib.relative_vulnerability),
):
    found = [a if isinstance(a, Tensor) else a(x, **model, size=size) for a in attacks]
    vulnerability[whose] = torch.stack([rate(x, a, **model, **rated) for a in found])

figure, axes = plt.subplots(
    1, 3, figsize=(15, 4.6), layout="constrained", width_ratios=[1, 1, 0.8], sharey=True
)
for ax, whose in zip(axes, ["yours", "expected"], strict=False):
    plot_vulnerability(
        vulnerability[whose],
        dimensions_per_feature=tms_lib.dimensions_per_feature(W),
        feature_probability=densities,
        labels=names,
        ax=ax,
    )
    ax.set(title=f"{whose}: $n = 100$, $m = 10$", yscale="log", ylim=(0.8, 30))
    ax.set_xticks([1, 2, 4, 8, 16], [1, 2, 4, 8, 16])
    ax.set_yticks([1, 2, 5, 10, 20], [1, 2, 5, 10, 20])
    ax.minorticks_off()
axes[1].set_ylabel("")
for values, name, marker, shade in zip(
    vulnerability["yours"], names, ["o", "s", "^"], ["0.1", "0.45", "0.8"], strict=True
):
    axes[2].plot(per_dimension, values, marker, color=shade, mec="k", label=f"yours, {name}")
axes[2].plot([1, 6], [1, 6], color="0.6", lw=1)
axes[2].set(xscale="log", xlabel="features per dimension", title="one over the other")
axes[2].set_xticks([1, 2, 3, 4, 6], [1, 2, 3, 4, 6])
axes[2].minorticks_off()
axes[2].legend(loc="upper left")
plt.show()

for name, values in zip(names, vulnerability["yours"], strict=True):
    print(f"{name:>12}:", "  ".join(f"{v:5.2f}" for v in values.tolist()))
print("features/dim:", "  ".join(f"{v:5.2f}" for v in per_dimension.tolist()))

# %% [markdown]
# *Look.* From left to right:
#
# - **Dense.** No superposition, and no additional vulnerability, whatever the attack.
# - **The step.** Antipodal pairs form, features per dimension go towards 2, and so does the
#   vulnerability to one attack for all. A pair has exactly 2 of both. The other two attacks jump
#   higher.
# - **The pause.** Near two features per dimension all curves rise more slowly.
# - **The sparse end.** All curves rise on. One attack for all does *less* harm than the features
#   per dimension suggest, one for each input more than twice as much.
#
# So "vulnerability tracks features per dimension" is true of one attack, of one size, over a part
# of the range. That all curves rise together is true of all three.

# %% [markdown]
# ## Does one cause the other?
#
# Two curves rise together. Before you believe that superposition *causes* adversarial examples,
# look at three controls. They need no training.
#
# 1. **Gain without superposition.** Multiply the weights of the model *without* superposition by
#    $\sqrt s$, for $s$ = 1, 1.5 and 2. Its features still have a dimension each.
# 2. **Other arrangements.** Turn each column of the trained $W$ into a random direction, with the
#    same norm. Features per dimension stay exactly the same.
# 3. **The same number, under another name.** The eigenvalues of $W^T W$ say how much the model
#    amplifies its inputs. (There are $m$ that are not 0; $W W^T$ has the same ones.)

# %% explore
for s in (1.0, 1.5, 2.0):
    scaled = {"W": s**0.5 * W_0[4:5], "b": b_0[4:5], "importance": importance}
    there = {"feature_probability": p[4:5], "size": size[4:5]}
    a = tms_lib.universal_attack(x[4:5], **scaled, size=size[4:5])
    value = tms_lib.relative_vulnerability(x[4:5], a, **scaled, **there).item()
    more = 1 / tms_lib.dimensions_per_feature(scaled["W"]).item()
    shared = tms_lib.superposition(scaled["W"]).max().item()
    print(f"scaled: features/dim {more:.2f}, vulnerability {value:.2f}, superposition {shared:.2f}")

elsewhere = torch.randn(W.shape, generator=torch.Generator().manual_seed(0))
W_random = F.normalize(elsewhere, dim=-2) * tms_lib.feature_norm(W).unsqueeze(-2)
random = {"W": W_random, "b": b, "importance": importance}
a = tms_lib.universal_attack(x, **random, size=size)
print("\n                  1/p:", "  ".join(f"{label:>5}" for label in labels))
for name, values in (
    ("features/dim", per_dimension),
    ("the same, random", 1 / tms_lib.dimensions_per_feature(W_random)),
    ("vulnerability", tms_lib.relative_vulnerability(x, universal, **model, **rated)),
    ("the same, random", tms_lib.relative_vulnerability(x, a, **random, **rated)),
    ("mean eigenvalue", torch.linalg.eigvalsh(W @ W.mT).mean(-1)),
    ("smallest", torch.linalg.eigvalsh(W @ W.mT).amin(-1)),
    ("largest", torch.linalg.eigvalsh(W @ W.mT).amax(-1)),
):
    print(f"{name:>21}:", "  ".join(f"{v:5.2f}" for v in values.tolist()))

# %% question adversarial_link [markdown]
# ### Question 10.9: A critique of the link
#
# *8 minutes · 3 points, graded by hand*
#
# The paper writes that vulnerability closely tracks the number of features per dimension, and takes
# this as a hint that superposition may be a cause of adversarial examples.
#
# 1. Why *must* an autoencoder that represents more features than it has dimensions amplify some
#    changes of its input? Argue with the diagonal and the eigenvalues of $W^T W$. Would the same
#    hold for a network that need not return its input, say a classifier?
# 2. What do the first two controls say about features per dimension as an explanation?
# 3. Sparsity was varied, and superposition followed. Name one other thing that changed with it, and
#    an experiment that would tell their effects apart.

# %% written adversarial_link [markdown] points=3 minutes=8
# ### BEGIN SOLUTION
# **Model answer.** 1. To return a represented feature at its full size, the diagonal of $W^T W$
# must be about 1 there. So the trace is about the number of represented features. There are at most
# $m$ eigenvalues that are not 0, so their mean is the trace over $m$: features per dimension, and
# exactly so. With more than $m$ features the mean exceeds 1, and changes along some direction are
# amplified. So both curves are measures of one matrix, and that they rise together follows from the
# task: the identity must be squeezed through too few dimensions. A classifier need not have a large
# response to its own input on any diagonal. It may ignore what it does not need, so this argument
# says nothing about it. Superposition may make it vulnerable as well, but that needs evidence of
# its own. 2. The scaled model has two features per dimension by the formula and shares nothing. It
# is *more* vulnerable than pairs are: gain is enough. The random arrangement has the same features
# per dimension as the trained one, and many times the vulnerability: how features are arranged
# matters, and training arranges them well. So the number neither needs superposition nor fixes the
# vulnerability. 3. With sparsity also change: how many features are active and how long the inputs
# are (and so the size of the attack), the biases, the loss without an attack, and the number of
# represented features. Experiments: attack all models with inputs of one density and one size; hold
# the density and change $m$; or act on one of the two and watch the other: train against attacks
# and measure superposition, or penalise superposition and measure vulnerability.
#
# **Rubric.** 1 point each: (1) trace or diagonal over $m$ eigenvalues, and that it comes from
# having to return the input; (2) one control read correctly, as "not sufficient" or "not
# needed"; (3) a confounder *and* an experiment that separates it. Half-right parts: no
# half points.
# ### END SOLUTION

# %% [markdown]
# ## What you have now
#
# - Row $i$ of $W^T W$ is the change of the input that output $i$ feels most. Its squared length is
#   $\|W_i\|^4 / D_i$: the less of a dimension a feature has, the more its output hears others.
# - The target of an attacked input is the clean one. Harm is the rise of the loss.
# - One change for all inputs, one for each, and gradient ascent are attackers of growing strength.
#   In a model without superposition they all do the same harm: size² times the largest
#   importance kept.
# - Relative to that, models in superposition are more vulnerable, and the more the sparser their
#   features. How much more depends on the attack and on its size.
# - In an autoencoder, features per dimension *are* the mean gain of $W^T W$. The link is partly
#   built in.
#
# **In the paper.** Elhage et al. (2022), "Toy Models of Superposition", section *Relationship to
# Adversarial Robustness*: the figure, and the attack along a row of $W^T W$, which we read as one
# for all inputs. It gives no $n$ and $m$; ours are our choice.
#
# **Later work.** Gorton and Lewis (2025), "Adversarial Examples Are Not Bugs, They Are
# Superposition", act on superposition and on robustness in turn and watch the other, in toy models
# and in an image classifier. Bereska et al. (2025), "Superposition as Lossy Compression", find that
# training against attacks can also *increase* the number of features that a network uses while it
# becomes more robust. The question is open.
#
# **Next.** Until here the hidden dimensions had no axes of their own: any rotation of $W$ was as
# good. Chapter 11 puts a ReLU on them, and neurons appear.
