# %% [markdown]
# # Chapter 11: A privileged basis
#
# So far a hidden dimension had no meaning of its own. Rotate all hidden vectors, and the model
# computes the same. Now each hidden dimension gets a ReLU. It becomes a **neuron**, and a rotation
# changes what the model computes. Features begin to line up with neurons. Some neurons serve one
# feature, others several, and sparsity decides which. In this chapter you build such models,
# measure what their neurons serve, and then find out how they get rid of their ReLU as soon as they
# can.
#
# **You will**
#
# - write the model that reconstructs its input through ReLU neurons;
# - count the features that a neuron serves, and measure how mixed it is;
# - see neurons go from one feature each to several as features become sparser;
# - measure how often a ReLU acts at all, and build biases with which it never does;
# - build a bias out of many features, and watch trained models do both;
# - tell neurons that are mixed by superposition from neurons that are mixed by a rotation.
#
# **You need** chapters 1 to 3: density and moments of a feature, the ReLU output model, why one
# keeps the best of several seeds, norm and superposition of a feature. The rules for all answers
# from chapter 1 hold: arguments stay as they are, dtype and device are kept, instances do not mix.
#
# **How it works:** run the cells from top to bottom, write your answer in place of
# `raise NotImplementedError()`, run the check below it, and read what it says. About two hours.

# %% setup
# %load_ext jaxtyping
# %jaxtyping.typechecker beartype.beartype

import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

import tms_lib
from autograder import check
from tms_lib import FeatureSampler, ReLUHiddenModel, ReLUOutputModel, TrainConfig
from tms_lib import best_of_seeds, embed, expected_loss, feature_moments, geometric_importance
from tms_lib import plot_neurons, plot_weight_matrix, relu_output, same_for_seeds
from tms_lib import sample_features, sort_neurons, train, weighted_mse

torch.set_num_threads(1)  # steps are too small to share, and waiting threads slow them down

# %% [markdown]
# ## Neurons
#
# The models of chapters 2 and 3 have a linear hidden layer, $h = W x$. Multiply $W$ by a rotation
# matrix $R$ from the left. Then $W^T W$ becomes $W^T R^T R \, W = W^T W$: nothing has changed. So
# the axes of the hidden space mean nothing. One says that it has no **privileged basis**.
#
# A function that acts on each hidden dimension by itself, like a ReLU, changes that. It tells the
# axes from all other directions. From here on we call a hidden dimension a neuron. Neuron $k$ reads
# the input with row $k$ of $W$.

# %% prompt relu_embed [markdown]
# ### Exercise 11.1: A layer of neurons
#
# Compute the neurons for every sample:
#
# $$h = \mathrm{ReLU}(W x + c) \qquad\text{or, without a hidden bias,}\qquad
# h = \mathrm{ReLU}(W x)$$
#
# - $x$ is one sample, $n$ feature values. `x` has the axes `*instances batch features`.
# - $W$ holds the weights. `W` has the axes `*instances hidden features`.
# - $c$ is the **hidden bias**, one number per neuron. `c` has the axes `*instances hidden`, or it
#   is `None`. Then there is none.
# - $\mathrm{ReLU}(z) = \max(z, 0)$, for each neuron by itself.
# - The result has the axes `*instances batch hidden`.
#
# Edge case: for $x = 0$ and without $c$, all neurons are 0.
#
# `embed(x, W)` gives $W x$ for every sample.
#
# **Predict first.** A neuron has the weights $(1, -1)$. What does it give for $x = (0.7, 0)$ and
# for $x = (0, 0.3)$, first without a bias, then with $c = 0.5$?
#
# <details><summary>Hint 1: where to start</summary>
#
# `h = embed(x, W)`, then add `c` if it is not `None`, then `torch.relu`.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `c` has no batch axis. Insert one with `c.unsqueeze(-2)`, as with the output bias in chapter 2.
#
# </details>


# %% answer relu_embed
def relu_embed(
    x: Float[Tensor, "*instances batch features"],
    W: Float[Tensor, "*instances hidden features"],
    *,
    c: Float[Tensor, "*instances hidden"] | None = None,
) -> Float[Tensor, "*instances batch hidden"]:
    """The hidden neurons ReLU(W x + c), or ReLU(W x) without c."""
    # solution: tms_lib.models.relu_embed


# %% check relu_embed
check("relu_embed")

# %% explore
pair, samples = torch.tensor([[1.0, -1.0]]), torch.tensor([[0.7, 0.0], [0.0, 0.3]])
print("without a bias:", relu_embed(samples, pair).squeeze(-1))
print("with c = 0.5:  ", relu_embed(samples, pair, c=torch.tensor([0.5])).squeeze(-1))

angle = 2 * math.pi * (torch.arange(5) / 5 + 0.05)
pentagon = torch.stack([angle.cos(), angle.sin()])  # hidden features
one_active = torch.eye(5)  # sample i: feature i has the value 1, all others 0

figure, axes = plt.subplots(
    1, 2, figsize=(7.6, 3.8), layout="constrained", sharex=True, sharey=True
)
yours, expected = relu_embed(one_active, pentagon), tms_lib.relu_embed(one_active, pentagon)
axes[0].plot(*pentagon, "o", color="0.3")
axes[1].plot(*yours.T, "o", color="0.3", label="yours")
axes[1].plot(*expected.T, "kx", ms=11, label="expected")
for i in range(5):
    axes[0].annotate(f"  {i}", pentagon[:, i].tolist())
for ax, title in zip(axes, ["linear hidden layer", "ReLU neurons"], strict=True):
    ax.axhline(0, color="0.7", lw=1, zorder=0)
    ax.axvline(0, color="0.7", lw=1, zorder=0)
    ax.set(title=title, xlabel="neuron 0", ylabel="neuron 1", aspect="equal", xlim=(-1.2, 1.3))
axes[1].legend(loc="lower left")
plt.show()

# %% [markdown]
# *Look.* The prediction: 0.7 and 0 without a bias. With one, 1.2 and 0.2.
#
# Five features lie on a pentagon, as in chapter 2, each active alone with the value 1. The ReLU
# pushes everything that is negative onto the axes. Two of the five features keep their direction.
# The others end on an axis or at 0. Can the outputs still tell which feature was active? Negative
# directions, and with them antipodal pairs, are gone.

# %% prompt relu_hidden [markdown]
# ### Exercise 11.2: The identity through neurons
#
# The model reads the features back with the transpose, as before:
#
# $$h = \mathrm{ReLU}(W x + c), \qquad x' = \mathrm{ReLU}(W^T h + b)$$
#
# - $W$, $x$ and the hidden bias $c$ are as in exercise 11.1. `c` may be `None`.
# - $b$ is the output bias. `b` has the axes `*instances features`.
# - $x'$ is the reconstruction, in the shape of `x`.
#
# It is called a model of the **identity**: it should give back $x$. The same $W$ encodes and
# decodes.
#
# Edge case: a feature whose column is zero comes back as $\max(b_i, 0)$.
#
# You may use `tms_lib.relu_embed`.
#
# **Predict first.** Chapter 2's antipodal pair shares one dimension, $W = (1, -1)$ and $b = 0$.
# Here the dimension is a neuron without a bias. What comes back for $x = (0.7, 0)$, and what for
# $x = (0, 0.3)$?
#
# <details><summary>Hint 1: where to start</summary>
#
# Samples are rows, so $W^T h$ reads `h @ W`. There are two ReLUs, one for `h` and one at the end.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Each bias belongs inside its ReLU, and each needs a batch axis.
#
# </details>


# %% answer relu_hidden
def relu_hidden(
    x: Float[Tensor, "*instances batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    c: Float[Tensor, "*instances hidden"] | None = None,
) -> Float[Tensor, "*instances batch features"]:
    """The ReLU hidden layer model's reconstruction x' = ReLU(W^T ReLU(W x + c) + b)."""
    # solution: tms_lib.models.relu_hidden


# %% check relu_hidden
check("relu_hidden")

# %% explore
print("the pair gives back", relu_hidden(samples, W=pair, b=torch.zeros(2)))

degrees = torch.linspace(-180, 180, 73)
cos, sin = torch.deg2rad(degrees).cos(), torch.deg2rad(degrees).sin()
W_turned = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], dim=-2)
no_bias = torch.zeros(len(degrees), 2)
x = sample_features(torch.full((2,), 0.5), 4096, generator=torch.Generator().manual_seed(0))
x = x.expand(len(degrees), -1, -1)


def loss_when_turned(model) -> Tensor:
    return weighted_mse(x, model(x, W=W_turned, b=no_bias), importance=torch.ones(2))


figure, ax = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
ax.plot(degrees, loss_when_turned(relu_hidden), color="0.3", label="your model with neurons")
expected = loss_when_turned(tms_lib.relu_hidden)
ax.plot(degrees[::6], expected[::6], "kx", ms=8, label="expected")
ax.plot(degrees, loss_when_turned(relu_output), "--", color="0.6", label="ReLU output model")
ax.set(xlabel="$W$ is the identity matrix, turned by degrees", ylabel="loss")
ax.set_xticks(range(-180, 181, 45))
ax.legend()
plt.show()

# %% [markdown]
# *Look.* The prediction: $(0.7, 0)$ and $(0, 0)$. The second feature is lost.
#
# The figure has two features and two neurons, so there is room for both. The dashed line does not
# move: a linear hidden layer has no privileged basis. For your model one angle is perfect, and
# every other one costs. At which angle does it cost most, and what does $W$ do to the features
# there?

# %% [markdown]
# ## What trained models do
#
# Now the paper's experiment: $n = 10$ features, $m = 5$ neurons without biases, importances
# $I_i = 0.75^i$, five densities. Good solutions are hard to find here. The paper trains 1000 models
# and keeps the best. We train up to 200 at each density, briefly, and compare all of them on the
# same samples. It takes from a quarter of a minute to a minute, the longest wait of this chapter.

# %% explore
n_features, n_hidden = 10, 5
importance = geometric_importance(0.75, n_features)
densities = torch.tensor([0.5, 0.3, 0.15, 0.12, 0.06])
labels = [f"$p$ = {p:g}" for p in densities.tolist()]


def best_models(make_model, p: Tensor, *, importance: Tensor, n_seeds: int, seed: int, **options):
    """Trains `n_seeds` models for each row of densities p, and keeps the best of each."""
    generator = torch.Generator().manual_seed(seed)
    sizes = {"n_instances": len(p) * n_seeds, "n_features": p.shape[1], "n_hidden": n_hidden}
    model = make_model(**sizes, **options, generator=generator)
    sample = FeatureSampler(p.repeat_interleave(n_seeds, 0))
    config = TrainConfig(n_steps=1200, batch_size=128)
    train(model, sample, importance=importance, generator=generator, config=config)
    same_samples = same_for_seeds(FeatureSampler(p), n_seeds=n_seeds)
    loss = expected_loss(
        model, same_samples, importance=importance, n_samples=2**14, generator=generator
    ).unflatten(0, (len(p), n_seeds))
    parameters = {
        name: best_of_seeds(value.detach().unflatten(0, loss.shape), loss)
        for name, value in model.named_parameters()
    }
    return parameters, loss.amin(1)


p = densities.unsqueeze(-1).expand(-1, n_features)  # densities features
runs = [
    best_models(ReLUHiddenModel, p[k : k + 1], importance=importance, n_seeds=n_seeds, seed=k)
    for k, n_seeds in enumerate([40, 40, 200, 200, 200])
]
W = torch.cat([parameters["W"] for parameters, _ in runs])  # densities hidden features
loss_without = torch.cat([loss for _, loss in runs])
order = sort_neurons(W, importance=importance)  # by the importance of the largest feature
W = W.gather(-2, order.unsqueeze(-1).expand_as(W))
print("W", tuple(W.shape), "is (densities, hidden, features)")

# %% [markdown]
# The neurons of each model are sorted: first the one whose largest feature is most important.
# `sort_neurons` does it. You write your own in chapter 12.

# %% prompt features_per_neuron [markdown]
# ### Exercise 11.3: Features per neuron
#
# Since neurons mean something, we may look at $W$ itself, row by row. How many features does neuron
# $k$ serve? Count the weights that are not small beside its largest:
#
# $$\#\bigl\{\, i : |W_{ki}| > t \cdot \max_j |W_{kj}| \,\bigr\}$$
#
# - $W_{ki}$ is the weight of neuron $k$ for feature $i$, row $k$ and column $i$ of `W`, which has
#   the axes `*instances hidden features`.
# - $t$ is `threshold`, 0.25 unless the caller says otherwise. It is a *fraction* of the neuron's
#   own largest weight, so that scaling a neuron changes nothing.
# - The result is an integer tensor with the axes `*instances hidden`: one count per neuron.
#
# A neuron that serves one feature is called **monosemantic**. One that serves several is
# **polysemantic**.
#
# Edge cases: a weight at the threshold does not exceed it. A neuron whose weights are all 0 serves
# none. It is dead.
#
# **Predict first.** Three neurons have the weights $(1, 0.3, -0.2)$, $(0.1, -0.1, 0)$ and
# $(0.3, 0, -2)$. Which of them is monosemantic?
#
# <details><summary>Hint 1: where to start</summary>
#
# `size.amax(-1, keepdim=True)` gives the largest entry of each row, with the axis kept, so that it
# can be compared with the row.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# A weight of $-1$ serves its feature as much as a weight of 1. Take absolute values first.
#
# </details>


# %% answer features_per_neuron
def features_per_neuron(
    W: Float[Tensor, "*instances hidden features"], *, threshold: float = 0.25
) -> Int[Tensor, "*instances hidden"]:
    """How many features each neuron serves: weights above `threshold` times its largest."""
    # solution: tms_lib.neurons.features_per_neuron


# %% check features_per_neuron
check("features_per_neuron")

# %% explore
three = torch.tensor([[1.0, 0.3, -0.2], [0.1, -0.1, 0.0], [0.3, 0.0, -2.0]])
print("the three neurons serve", features_per_neuron(three).tolist())

figure, axes = plt.subplots(1, 3, figsize=(12, 3.2), layout="constrained")
for ax, k in zip(axes, [0, 1, 2], strict=True):
    plot_weight_matrix(W[k], ax=ax).set_title(f"$W$ at {labels[k]}")
plt.show()
print("density   features per neuron: yours   expected        monosemantic")
for k, density in enumerate(densities.tolist()):
    yours, expected = features_per_neuron(W[k]), tms_lib.features_per_neuron(W[k])
    alone = int((yours == 1).sum())
    print(f"{density:7g}   {yours.tolist()!s:>26}   {expected.tolist()}   {alone}")

# %% [markdown]
# *Look.* The prediction: the first neuron serves two features, the second two, and the third is
# monosemantic.
#
# At $p = 0.5$ every neuron serves one feature, and the matrix has one clear entry per row. Any
# rotation of it would be as good for a linear hidden layer. The ReLU has chosen this one. At
# $p = 0.3$ some neurons serve more. Which features share neurons there: the important ones, or the
# others? Read the last column from top to bottom. The paper's best models have 5, 3, 2, 1 and 0
# monosemantic neurons at these densities.

# %% prompt polysemanticity [markdown]
# ### Exercise 11.4: How mixed is a neuron?
#
# A count needs a threshold, and it jumps. Here is a measure without one: the part of a neuron that
# is *not* about its largest feature.
#
# $$1 - \frac{\max_i W_{ki}^2}{\sum_i W_{ki}^2}$$
#
# - $W_{ki}$ is the weight of neuron $k$ for feature $i$. `W` has the axes
#   `*instances hidden features`.
# - The result has the axes `*instances hidden`, with values from 0 to below 1.
#
# 0 means monosemantic. 1/2 means two features of equal weight, or one as large as all the others
# together. The squares keep many tiny weights from adding up. Scale and signs play no role.
#
# Edge cases: a dead neuron gets 0, not NaN. Scaling a neuron changes nothing, so do not add a small
# number below the line.
#
# The paper judges its plots by eye. This measure is ours.
#
# **Predict first.** What do the neurons $(0, 3, 0)$, $(1, 0, -1)$ and $(3, 1, 1)$ get? And one that
# has the same weight for all of $n$ features?
#
# <details><summary>Hint 1: where to start</summary>
#
# Square once. Then you need the largest and the sum of each row: `amax(-1)` and `sum(-1)`.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# 0 / 0 is NaN. `torch.where(total > 0, total, 1.0)` makes the division harmless, and a second
# `torch.where` writes the 0.
#
# </details>


# %% answer polysemanticity
def polysemanticity(
    W: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances hidden"]:
    """The part of a neuron that is not about its largest feature."""
    # solution: tms_lib.neurons.polysemanticity


# %% check polysemanticity
check("polysemanticity")

# %% explore
three = torch.tensor([[0.0, 3.0, 0.0], [1.0, 0.0, -1.0], [3.0, 1.0, 1.0]])
print("the three neurons:", polysemanticity(three))

figure, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
for k in range(len(densities)):
    yours = polysemanticity(W[k]).sort().values
    expected = tms_lib.polysemanticity(W[k]).sort().values
    places = k + torch.linspace(-0.2, 0.2, n_hidden)
    ax.plot(places, yours, "o", color="0.5", ms=8, label="yours" if k == 0 else None)
    ax.plot(places, expected, "k.", ms=4, label="expected" if k == 0 else None)
ax.axhline(1 / 2, color="0.7", ls=":", lw=1)
ax.set(ylabel="polysemanticity of each neuron", ylim=(-0.04, 1))
ax.set_xticks(range(len(densities)), labels)
ax.legend(loc="upper left")
plt.show()

# %% [markdown]
# *Look.* The prediction: 0, 1/2 and $2/11$. A neuron with $n$ equal weights gets $1 - 1/n$.
#
# Each group of five dots is one model, its neurons in rising order. At $p = 0.5$ all lie at 0. Then
# some neurons leave while others stay: both kinds live in one model. At the right end all are
# mixed. Do the neurons slide up, or do they jump? The paper sees a phase change here, like that of
# features in chapter 6, and says that it is not clear how to make this precise.

# %% [markdown]
# ## Does the model want its ReLU?
#
# So far the ReLU looks like a helper: it makes neurons readable. But what does the *model* gain
# from it? The task is to give back $x$. A linear layer can pass numbers on. A ReLU can only lose
# some of them. So ask how often it acts at all.

# %% prompt clipped_share [markdown]
# ### Exercise 11.5: How often does the ReLU act?
#
# A ReLU changes its input only if that is negative. For each neuron, measure the share of samples
# at which it does:
#
# $$\frac{1}{B} \, \#\bigl\{\, s : W_k \cdot x^{(s)} + c_k < 0 \,\bigr\}$$
#
# - $x^{(s)}$ is sample $s$ of $B$. `x` has the axes `*instances batch features`.
# - $W_k$ is *row* $k$ of `W`, the weights of neuron $k$. `W` has the axes
#   `*instances hidden features`.
# - $c_k$ is its hidden bias. `c` has the axes `*instances hidden`, or is `None` for none.
# - The result has the axes `*instances hidden`, in the dtype of `x`.
#
# 0: on these samples the neuron is linear. 1: it never fires.
#
# Edge case: an input of exactly 0 passes unchanged, so it does not count. Without a bias, every
# sample without active features gives a neuron this input.
#
# **Predict first.** A neuron has the weights $(1, -1)$ and no bias. What is its share if both
# features have density 1? And if both have density 1/2?
#
# <details><summary>Hint 1: where to start</summary>
#
# You need the neuron *before* the ReLU: `embed(x, W)`, plus the bias if there is one. A comparison
# gives bools. `.to(x.dtype)` turns them into numbers that have a mean.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# After the ReLU, an output of 0 may come from an input of 0 or from a negative one. Look before.
#
# </details>


# %% answer clipped_share
def clipped_share(
    x: Float[Tensor, "*instances batch features"],
    W: Float[Tensor, "*instances hidden features"],
    *,
    c: Float[Tensor, "*instances hidden"] | None = None,
) -> Float[Tensor, "*instances hidden"]:
    """The share of samples at which each neuron's ReLU acts: those with W_k . x + c_k < 0."""
    # solution: tms_lib.bypass.clipped_share


# %% check clipped_share
check("clipped_share")

# %% [markdown]
# The next cell trains the same models again, with a hidden bias $c$ that training may set as it
# likes. Then it trains ReLU output models, whose hidden layer is linear. It takes some seconds.

# %% explore
generator = torch.Generator().manual_seed(0)
for density in (1.0, 0.5):
    x = sample_features(torch.full((2,), density), 2**16, generator=generator)
    print(f"weights (1, -1) at density {density:g}: {clipped_share(x, pair).item():.3f}")

settings = {"importance": importance, "n_seeds": 16, "seed": 0}
with_bias, loss_with = best_models(ReLUHiddenModel, p, **settings, hidden_bias=True)
linear, loss_linear = best_models(ReLUOutputModel, p, **settings)
W_bias, b_bias, c_bias = with_bias["W"], with_bias["b"], with_bias["c"]

x = sample_features(p, 2**13, generator=generator)
models = torch.arange(len(densities)).unsqueeze(-1)  # where each model is drawn
neurons = models + torch.linspace(-0.2, 0.2, n_hidden)  # and each of its neurons
figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
for name, shade, W_of, c_of in [("without", "0.3", W, None), ("with", "0.7", W_bias, c_bias)]:
    yours, expected = clipped_share(x, W_of, c=c_of), tms_lib.clipped_share(x, W_of, c=c_of)
    axes[0].plot(neurons.ravel(), yours.ravel(), "o", ms=8, color=shade, label=f"yours, {name} $c$")
    axes[0].plot(neurons.ravel(), expected.ravel(), "k.", ms=3)
axes[0].set(ylabel="share of samples that are clipped", ylim=(-0.03, 0.55))
axes[0].legend(loc="upper left", ncols=2, title="black dots: expected")
axes[1].plot(models, loss_without, "o-", color="0.3", label="ReLU neurons without $c$")
axes[1].plot(models, loss_with, "o-", color="0.7", label="ReLU neurons with $c$")
axes[1].plot(models, loss_linear, "kx", ms=8, label="linear hidden layer")
axes[1].set(ylabel="loss of the best model", ylim=(0, None))
axes[1].legend()
for ax in axes:
    ax.set_xticks(range(len(densities)), labels)
plt.show()
print(f"hidden biases c lie between {c_bias.min():.2f} and {c_bias.max():.2f}")
print(f"mean share clipped without c {tms_lib.clipped_share(x, W).mean():.3f}, ", end="")
print(f"with c {tms_lib.clipped_share(x, W_bias, c=c_bias).mean():.3f}")
print("loss with c over that without:     ", [f"{r:.2f}" for r in loss_with / loss_without])
print("loss with c over the linear layer's:", [f"{r:.2f}" for r in loss_with / loss_linear])

# %% [markdown]
# *Look.* The prediction: 1/2 if both are always active. At density 1/2 the second feature must be
# active, and the first either inactive or smaller: $1/4 + 1/8 = 3/8$.
#
# Without a bias, neurons are clipped on many samples. Given a bias, training makes **every** $c_k$
# positive. The neurons rest well above 0, and few samples clip them. On the right their loss falls
# on that of a linear hidden layer. (The ratios are not exactly 1: each loss is the best of 16
# seeds.) So the ReLU was no help. It was in the way, and the model has walked around it.

# %% prompt bypass_biases [markdown]
# ### Exercise 11.6: The first way around
#
# Can a model with ReLU neurons do *exactly* what the ReLU output model does? It can. Choose $c$ so
# large that no input in $[0, 1]^n$ is clipped. The least value of $W_k \cdot x$ is reached when the
# features with negative weights are 1 and all others 0. So the least bias that suffices is
#
# $$c_k = \sum_i \max(-W_{ki}, 0)$$
#
# Now the neurons are $W x + c$, and the outputs get $W^T c$ too much. The new output bias takes it
# away:
#
# $$b'_i = b_i - \sum_k W_{ki} \, c_k$$
#
# Then $\mathrm{ReLU}\bigl(W^T\,\mathrm{ReLU}(W x + c) + b'\bigr) = \mathrm{ReLU}(W^T W x + b)$ for
# every $x$ in $[0, 1]^n$.
#
# - `W` has the axes `*instances hidden features`, and $W_{ki}$ is row $k$, column $i$.
# - `b` has the axes `*instances features`: the output bias of the model without hidden ReLU.
# - The result is the tuple `(b', c)`, with the axes `*instances features` and `*instances hidden`.
#
# Edge case: a neuron without negative weights needs no bias.
#
# **Predict first.** For the antipodal pair, $W = (1, -1)$ and $b = 0$: what are $c$ and $b'$? What
# does the neuron give for $x = (0, 1)$?
#
# <details><summary>Hint 1: where to start</summary>
#
# `(-W).clamp(min=0)` holds the sizes of the negative weights and 0 elsewhere. Which axis are the
# features on?
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# $\sum_k W_{ki} c_k$ runs over the *rows*. Give `c` a feature axis with `c.unsqueeze(-1)`,
# multiply, and sum over `dim=-2`.
#
# </details>


# %% answer bypass_biases
def bypass_biases(
    W: Float[Tensor, "*instances hidden features"], b: Float[Tensor, "*instances features"]
) -> tuple[Float[Tensor, "*instances features"], Float[Tensor, "*instances hidden"]]:
    """Biases b' and c with which the hidden ReLU never acts: the model is ReLU(W^T W x + b)."""
    # solution: tms_lib.bypass.bypass_biases


# %% check bypass_biases
check("bypass_biases")

# %% explore
b_pair, c_pair = bypass_biases(pair, torch.zeros(2))
print(f"the pair: c = {c_pair.tolist()}, b' = {b_pair.tolist()}")

# put the trained model with a linear hidden layer behind ReLU neurons
b_new, c_new = bypass_biases(linear["W"], linear["b"])
before = relu_output(x, W=linear["W"], b=linear["b"])
after = tms_lib.relu_hidden(x, W=linear["W"], b=b_new, c=c_new)
print(f"largest difference of the outputs: {(after - before).abs().max():.1e}")

_, c_least = bypass_biases(W_bias, b_bias)
_, c_expected = tms_lib.bypass_biases(W_bias, b_bias)
figure, ax = plt.subplots(figsize=(7.2, 3.4), layout="constrained")
ax.bar(neurons.ravel(), c_least.ravel(), width=0.08, color="0.8", label="yours: never clipped")
ax.plot(neurons.ravel(), c_expected.ravel(), "kx", ms=7, label="expected")
ax.plot(neurons.ravel(), c_bias.ravel(), "o", color="0.3", ms=5, label="trained")
ax.set_xticks(range(len(densities)), labels)
ax.set(ylabel="hidden bias $c_k$", ylim=(0, 1.3 * c_expected.max().item()))
ax.legend(ncols=3, loc="upper center")
plt.show()

# %% [markdown]
# *Look.* The prediction: $c = 1$ and $b' = (-1, 1)$. For $x = (0, 1)$ the neuron gives exactly 0.
# Your biases put a trained ReLU output model behind ReLU neurons, and up to rounding the outputs
# are the same.
#
# The figure shows the models that *training* gave a bias. A bar is what it takes never to be
# clipped with their weights. Every trained bias is smaller. A bar provides for all features with
# negative weights being 1 at once. Why does the trained bias fall short of it most where features
# are sparse?

# %% question rotated_neurons [markdown]
# ### Question: mixed, and yet not in superposition?
#
# *6 minutes · 2 points, graded by hand*
#
# Run the cell below your answer. It trains models without and with a hidden bias at $p = 0.6$. Look
# at the features per neuron, at the number of represented features, and at their superposition.
#
# With a bias the neurons are mixed. Why, although five features have five dimensions? Why does this
# not happen without a bias? What follows for someone who finds polysemantic neurons in a network
# and takes them for a sign of superposition?

# %% written rotated_neurons [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** With the bias the neurons are practically never clipped, so the model is linear
# up to its output. Then $W$ may be rotated without any change in the outputs: $W^T W$ stays. The
# five features are orthogonal, superposition is about 0, and each has a dimension to itself. But
# these dimensions are five directions anywhere in the hidden space, in general not along the
# neurons. So a neuron has a part of several features. Nothing privileges the neurons. Without a
# bias the ReLU does: a direction with negative parts would be clipped, so features are best stored
# along the axes, one to a neuron. So polysemantic neurons have two possible causes. Either there
# are more features than neurons (superposition), or there are enough dimensions and the basis is
# simply rotated. To tell them apart one has to look at the features' directions and not at single
# neurons.
#
# **Rubric.** 2 points: the rotation is free because the ReLU does not act (or: $W^T W$ decides, not
# $W$), *and* the conclusion that polysemanticity alone does not show superposition. 1 point: one of
# the two. 0 points: neither.
# ### END SOLUTION

# %% explore
for name, options in [("without c", {}), ("with c", {"hidden_bias": True})]:
    parameters, _ = best_models(
        ReLUHiddenModel, torch.full((1, n_features), 0.6), **settings, **options
    )
    W_dense = parameters["W"][0]
    kept = tms_lib.feature_norm(W_dense) > 0.5
    print(f"p = 0.6, {name}:")
    print("  features per neuron:        ", tms_lib.features_per_neuron(W_dense).tolist())
    print("  represented features:       ", int(kept.sum()))
    print(f"  their largest superposition: {tms_lib.superposition(W_dense)[kept].max():.3f}")

# %% [markdown]
# ## Take the bias away, add features
#
# Without $c$ the first way is closed. The paper reports a second one: with enough features, the
# model makes a bias of them. If a neuron reads many features with small positive weights, their sum
# is nearly the same on every sample. And nearly constant is what a bias is.

# %% prompt preactivation_moments [markdown]
# ### Exercise 11.7: What a neuron's input looks like
#
# Find mean and standard deviation of $W_k \cdot x$, the input of neuron $k$, over the distribution
# of $x$:
#
# $$\mathrm{E}[W_k \cdot x] = \sum_i W_{ki} \, \mu_i, \qquad
# \mathrm{std}[W_k \cdot x] = \sqrt{\textstyle\sum_i W_{ki}^2 \, \sigma_i^2}$$
#
# - $\mu_i$ and $\sigma_i^2$ are mean and variance of feature $i$. With $p_i$ its density, they are
#   $p_i / 2$ and $p_i / 3 - p_i^2 / 4$ (chapter 1). `feature_moments(p)` gives an object with the
#   attributes `mean`, `second_moment` and `variance`.
# - Features are independent. This is why variances simply add up.
# - `W` has the axes `*instances hidden features`. `feature_probability` holds the $p_i$, with the
#   axes `*instances features`, or with axes that broadcast to these, such as `features`.
# - The result is the tuple (mean, standard deviation), each with the axes `*instances hidden`.
#
# Edge case: a feature with density 0 adds nothing to either. One with density 1 still varies.
#
# **Predict first.** A neuron reads $k$ features of density 1, each with weight 1. What are mean and
# standard deviation for $k = 3$, and for $k = 300$? How many standard deviations does the mean lie
# above 0?
#
# <details><summary>Hint 1: where to start</summary>
#
# `feature_moments(feature_probability).mean` has no axis for the neurons. Insert one with
# `unsqueeze(-2)`, multiply, and sum over the features.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Standard deviations do not add up, variances do. Take the root at the end.
#
# </details>


# %% answer preactivation_moments
def preactivation_moments(
    W: Float[Tensor, "*instances hidden features"],
    *,
    feature_probability: Float[Tensor, "*#instances #features"],
) -> tuple[Float[Tensor, "*instances hidden"], Float[Tensor, "*instances hidden"]]:
    """Mean and standard deviation of W_k . x, the input of each neuron."""
    # solution: tms_lib.bypass.preactivation_moments


# %% check preactivation_moments
check("preactivation_moments")

# %% explore
figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained")
for ax, k in zip(axes, [3, 30, 300], strict=True):
    density, weights = torch.ones(k), torch.ones(1, k)
    mean, std = (
        value.item() for value in preactivation_moments(weights, feature_probability=density)
    )
    expected = tms_lib.preactivation_moments(weights, feature_probability=density)
    x_k = sample_features(density, 2**13, generator=torch.Generator().manual_seed(0))
    h = embed(x_k, weights).squeeze(-1)
    ax.hist(h.numpy(), bins=40, density=True, color="0.85", label="samples")
    z = torch.linspace(0, mean + 4 * std, 200)
    bell = torch.exp(-0.5 * ((z - mean) / std) ** 2) / (std * math.sqrt(2 * math.pi))
    ax.plot(z, bell, color="0.3", label="your mean and std")
    for side in (-1, 1):
        ax.axvline((expected[0] + side * expected[1]).item(), color="k", ls="--", lw=1)
    ax.set(
        title=f"{k} features: mean / std = {mean / std:.1f}",
        xlabel="$W_k \\cdot x$",
        xlim=(0, None),
    )
    ax.set_yticks([])
axes[0].legend(fontsize=8)
plt.show()

# %% [markdown]
# *Look.* The prediction: 1.5 and 0.5 for three features, 150 and 5 for 300. The mean lies 3 and 30
# standard deviations above 0. In general $\sqrt{3 k}$.
#
# The dashed lines are the expected mean plus and minus one standard deviation. With 300 features
# the sum hardly varies, compared with its size. Scale it down, and you have a bias with a little
# noise.

# %% prompt simulated_bias_weights [markdown]
# ### Exercise 11.8: The second way around
#
# Build a bias. Extra features are there, which nobody needs back. Let every neuron read all of them
# with one and the same weight, such that they add $c_k$ on average:
#
# $$W_{kj} = \frac{c_k}{\sum_{j'} \mu_{j'}} \qquad\text{with}\qquad \mu_{j'} = p_{j'} / 2$$
#
# - $c_k$ is the bias that neuron $k$ should have. `c` has the axes `*instances hidden`.
# - $j$ and $j'$ run over the extra features. $p_{j'}$ is the density of extra feature $j'$, and
#   `feature_probability` has the axes `*instances extra`, or axes that broadcast to these.
# - The result has the axes `*instances hidden extra`. Within a row all weights are equal.
#
# Edge case: a density of 0 is allowed for some of them. (No check has 0 for all.)
#
# **Predict first.** 100 extra features with density 0.2 should give $c_k = 0.5$. What is the
# weight? Is the noise larger or smaller than with 100 features of density 1?
#
# <details><summary>Hint 1: where to start</summary>
#
# First one weight per neuron: `c / mean.sum(-1, keepdim=True)`. Then repeat it along a new last
# axis. Multiplying by `torch.ones_like(mean).unsqueeze(-2)` does that.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# An extra feature adds $p_j / 2$ on average, not 1: it is active with probability $p_j$, and then
# 1/2 on average.
#
# </details>


# %% answer simulated_bias_weights
def simulated_bias_weights(
    c: Float[Tensor, "*instances hidden"],
    *,
    feature_probability: Float[Tensor, "*#instances extra"],
) -> Float[Tensor, "*instances hidden extra"]:
    """Weights from extra features that stand in for the hidden biases c."""
    # solution: tms_lib.bypass.simulated_bias_weights


# %% check simulated_bias_weights
check("simulated_bias_weights")

# %% explore
numbers = [10, 30, 100, 300, 1000, 3000]
at = 2  # p = 0.15: the model that was trained with a hidden bias there
weight = simulated_bias_weights(torch.tensor([0.5]), feature_probability=torch.full((100,), 0.2))
print(f"weight for c = 0.5: {weight[0, 0]:.3f}")


def noise(density: float, k: int) -> float:
    p_extra = torch.full((k,), density)
    weights = simulated_bias_weights(torch.ones(1), feature_probability=p_extra)
    return tms_lib.preactivation_moments(weights, feature_probability=p_extra)[1].item()


def loss_without_its_bias(k: int, weights_of) -> float:
    """The loss of that model, if k extra features of the same density stand in for c."""
    p_all = densities[at].expand(n_features + k)
    x_all = sample_features(p_all, 2**12, generator=torch.Generator().manual_seed(0))
    extra = weights_of(c_bias[at], feature_probability=p_all[n_features:])
    h = torch.relu(embed(x_all, torch.cat([W_bias[at], extra], dim=-1)))
    x_hat = torch.relu(h @ W_bias[at] + b_bias[at])
    return weighted_mse(x_all[:, :n_features], x_hat, importance=importance).item()


figure, axes = plt.subplots(1, 2, figsize=(9.6, 3.4), layout="constrained")
for density, style in [(1.0, "o-"), (0.15, "^--")]:
    yours = [noise(density, k) for k in numbers]
    expected = [math.sqrt((4 / (3 * density) - 1) / k) for k in numbers]
    axes[0].loglog(numbers, yours, style, color="0.4", label=f"yours, density {density:g}")
    axes[0].loglog(numbers, expected, "kx", ms=8)
axes[0].set(xlabel="extra features", ylabel="standard deviation for $c_k = 1$")
axes[0].legend(title="crosses: expected")
yours = [loss_without_its_bias(k, simulated_bias_weights) for k in numbers]
expected = [loss_without_its_bias(k, tms_lib.simulated_bias_weights) for k in numbers]
axes[1].loglog(numbers, yours, "o-", color="0.4", label="yours")
axes[1].loglog(numbers, expected, "kx", ms=8, label="expected")
axes[1].axhline(loss_without[at], color="0.6", ls=":", label="trained without a bias")
axes[1].axhline(loss_with[at], color="0.6", ls="--", label="with its real bias")
axes[1].set(xlabel="extra features", ylabel=f"loss at {labels[at]}")
axes[1].minorticks_off()
axes[1].set_yticks([0.02, 0.05, 0.1, 0.2, 0.5], ["0.02", "0.05", "0.1", "0.2", "0.5"])
axes[1].legend()
plt.show()

# %% [markdown]
# *Look.* The prediction: $0.5 / (100 \cdot 0.1) = 0.05$. The noise is larger than with dense
# features.
#
# For $k$ extra features of one density the noise is $c_k \sqrt{(4 / (3 p) - 1) / k}$. These are the
# crosses on the left. Sparse features vary more, so it takes more of them. On the right nothing is
# trained anew: a model lost its bias, and gets one made of features. With few of them the noise
# ruins it. With how many does it beat the model that was trained without a bias?

# %% [markdown]
# ### Does training find it?
#
# Ten features as before at density 0.2, neurons without biases. Beside them we put $k$ extra
# features with importance 0: the model may ignore them at no cost. Watch what it does instead. With
# 300 extra features this takes some seconds.

# %% explore
extra_numbers = [0, 10, 30, 100, 300]
losses, clipped, mixed = [], [], []
print("extra features   bias that they make   its noise")
for k in extra_numbers:
    p_all = torch.full((1, n_features + k), 0.2)
    importance_all = torch.cat([importance, torch.zeros(k)])
    found, loss = best_models(ReLUHiddenModel, p_all, importance=importance_all, n_seeds=8, seed=0)
    own, extra = found["W"].split([n_features, k], dim=-1)
    x_all = sample_features(p_all, 2**13, generator=torch.Generator().manual_seed(1))
    losses.append(loss.item())
    clipped.append(tms_lib.clipped_share(x_all, found["W"]).mean().item())
    mixed.append(tms_lib.polysemanticity(own).mean().item())
    moments = tms_lib.preactivation_moments(extra, feature_probability=p_all[:, n_features:])
    print(f"{k:14d}   {moments[0].mean():19.2f}   {moments[1].mean():9.2f}")
_, real = best_models(ReLUHiddenModel, p_all[:, :n_features], **settings, hidden_bias=True)

figure, axes = plt.subplots(1, 3, figsize=(12, 3.2), layout="constrained")
for ax, values, name in zip(
    axes,
    [losses, clipped, mixed],
    ["loss", "mean clipped share", "mean polysemanticity"],
    strict=True,
):
    ax.plot(range(len(values)), values, "o-", color="0.3")
    ax.set_xticks(range(len(values)), extra_numbers)
    ax.set(xlabel="extra features", ylabel=name, ylim=(0, 1.1 * max(values)))
axes[0].axhline(real.item(), color="0.6", ls="--", label="with a hidden bias $c$")
axes[0].legend(loc="lower left")
plt.show()

# %% [markdown]
# *Look.* With ten extra features little changes: so few are too noisy for a bias. From 30 on the
# model reads them, and they lift the neurons by some tenths on average, with less noise than that.
# Clipping becomes rarer, and the neurons become mixed. With 100 and more the loss falls towards
# that with a real bias, without reaching it. Features that nobody asked for have become a bias.
#
# In the paper's words the model "will only use the ReLU activation function if absolutely forced".

# %% question identity [markdown]
# ### Question: a poor task
#
# *6 minutes · 2 points, graded by hand*
#
# The paper calls this a "significant mark against" studying the identity with ReLU neurons. Give
# two pieces of evidence from this chapter that the ReLU does nothing for this task but restrict the
# model. Then suggest a task for which a model *needs* its ReLU neurons, and say why biases would
# not make them superfluous there.

# %% written identity [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** Evidence, any two of these. (1) Given hidden biases, training makes all of them
# positive, and samples are hardly ever clipped. (2) The loss is then that of a model whose hidden
# layer is linear; without the bias it is higher. (3) `bypass_biases` shows that the model with
# biases can copy every ReLU output model exactly, so a hidden ReLU can be switched off at no cost.
# (4) Without biases but with many unneeded features, the model builds a bias out of them, is
# clipped less, and its loss falls. A task that needs the ReLU is one that no linear hidden layer
# can do: for example $|x_i|$ for inputs of both signs, $|x| = \mathrm{ReLU}(x) + \mathrm{ReLU}(-x)$
# (chapter 12), or $\max(x_1, x_2)$ at several outputs. If biases keep all neurons unclipped, the
# hidden layer is linear, and each output is a ReLU of a linear function of $x$. Such an output is
# monotone along every line, and $|x|$ is not.
#
# **Rubric.** 2 points: two pieces of evidence *and* a task that is not linear in its hidden layer,
# with the reason. 1 point: only the evidence, or only the task. 0 points: neither.
# ### END SOLUTION

# %% [markdown]
# ## The big picture
#
# The paper's plot of neurons. A bar is a neuron, and its parts are the absolute weights of its
# features, the largest at the bottom. A dark part is a feature that has its direction to itself, a
# light one shares it. The page behind a bar is the greyer the more polysemantic the neuron.
#
# In the first row the shading is yours, and so is the number above each bar: of features that the
# neuron serves. The second row is the same from the library. The third has the models with a hidden
# bias.


# %% explore
def stack_neurons(W_k: Tensor, *, mixed: Tensor, counts: Tensor, ax: plt.Axes) -> None:
    """Stacked absolute weights, coloured by superposition, on a page shaded by `mixed`."""
    colors = plt.get_cmap("viridis")(tms_lib.superposition(W_k).clamp(max=1).numpy())
    for k, row in enumerate(W_k.abs()):
        ax.axvspan(k - 0.5, k + 0.5, color=str(1 - 0.3 * mixed[k].item()), lw=0, zorder=0)
        bottom = 0.0
        for i in row.argsort(descending=True).tolist():
            ax.bar(k, row[i].item(), bottom=bottom, color=colors[i], edgecolor="black", lw=0.4)
            bottom += row[i].item()
        ax.text(k, bottom + 0.05, str(counts[k].item()), ha="center")
    ax.set(xlim=(-0.5, len(W_k) - 0.5), ylim=(0, 1.15 * W_k.abs().sum(-1).max().item()))


order = sort_neurons(W_bias, importance=importance)
W_bias_sorted = W_bias.gather(-2, order.unsqueeze(-1).expand_as(W_bias))
figure, axes = plt.subplots(3, 5, figsize=(15, 8.4), dpi=80, layout="constrained")
for k, label in enumerate(labels):
    yours = features_per_neuron(W[k])
    stack_neurons(W[k], mixed=polysemanticity(W[k]), counts=yours, ax=axes[0, k])
    expected = tms_lib.features_per_neuron(W[k])
    plot_neurons(W[k], ax=axes[1, k])
    plot_neurons(W_bias_sorted[k], ax=axes[2, k])
    biased = tms_lib.features_per_neuron(W_bias_sorted[k])
    titles = [
        f"yours, {label}: {int((yours == 1).sum())} monosemantic",
        f"expected, {label}: {int((expected == 1).sum())} monosemantic",
        f"with $c$, {label}: {int((biased == 1).sum())} monosemantic",
    ]
    for row, title in enumerate(titles):
        ax = axes[row, k]
        ax.set_title(title, fontsize=10)
        ax.set(xlabel="neuron" if row == 2 else "", ylabel="absolute weights" if k == 0 else "")
        if k < len(labels) - 1:
            for bar in ax.child_axes:  # one colour bar at the end of a row will do
                bar.remove()
plt.show()

# %% [markdown]
# *Look.* From left to right in the upper rows:
#
# - $p = 0.5$. Five neurons, five features. Every neuron is monosemantic, and you can read a
#   feature's value off a neuron. The other five features are ignored.
# - $p = 0.3$. Three monosemantic neurons stay. The last two serve three features together: a
#   feature can belong to a *set* of neurons.
# - $p = 0.15$ and $0.12$. The mixed part grows neuron by neuron, from the least important end.
# - $p = 0.06$. All neurons are mixed.
#
# Both kinds of neurons form, and sparsity governs which. The important features keep their neurons
# longest, as they keep their dimensions longest in chapter 3.
#
# The third row shows the same task, with biases. Now all neurons are mixed. At $p = 0.5$ most of
# their parts are dark: features share these neurons, but not their directions. The basis is no
# longer privileged, and the bars tell little.
#
# Which neurons mix at $p = 0.12$ depends on the seeds: solutions with other numbers of monosemantic
# neurons have nearly the same loss there.

# %% [markdown]
# ## What you have now
#
# - A function that acts on each hidden dimension by itself makes a privileged basis. Then a row of
#   $W$ is a neuron, and it makes sense to ask what it serves.
# - `features_per_neuron` counts with a threshold, `polysemanticity` measures without one.
# - As features become sparser, neurons go from monosemantic to polysemantic, one after the other.
#   Both kinds exist in one model.
# - The identity has no use for a ReLU. A hidden bias switches it off, and many features can stand
#   in for a bias. Neurons that are never clipped may be rotated, so they are mixed without any
#   superposition.
#
# **In the paper.** Elhage et al. (2022), "Toy Models of Superposition", section *Superposition in a
# Privileged Basis*: the figure that you drew and the limits of the model. The two ways around the
# ReLU are described there in words. The least bias, the noise of a simulated one and the
# experiments on them are this course's.
#
# **Later work.** Elhage et al. (2023), "Privileged Bases in the Transformer Residual Stream", look
# for basis-aligned features in large models. Gurnee et al. (2023), "Finding Neurons in a Haystack",
# find features in sets of neurons and in single ones. Lecomte et al. (2024), "What Causes
# Polysemanticity?", show that neurons can be mixed by chance, without any need to share.
#
# **Next.** A task that needs the ReLU: the absolute value. Chapter 12 builds it by hand, trains it,
# and finds computation in superposition.
