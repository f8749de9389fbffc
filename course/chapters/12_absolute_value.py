# %% [markdown]
# # Chapter 12: Computing absolute values
#
# So far models stored features and gave them back. A network has to do something with them. Can it
# also *compute* with more features than it has neurons? The smallest computation that needs a
# neuron's ReLU is the absolute value. In this chapter you build circuits for it by hand, read
# trained ones off their weights, and watch 40 neurons learn the absolute values of 100 features.
#
# **You will**
#
# - sample features of both signs, and write the absolute-value model and its loss;
# - build a circuit in which every neuron has one feature, and use its loss as a yardstick;
# - read from a model's weights what it computes, whatever the scale and order of its neurons;
# - bring neurons to one scale and into the paper's order, and draw its three kinds of picture;
# - see neurons go from one feature to many as features become sparse;
# - build two neurons by hand that let two features share one of them: asymmetric superposition and
#   inhibition.
#
# **You need** chapters 1 to 3: the sampler, the loss, $W$ and its axes, the best linear model and
# its loss. Chapter 11 helps: it has neurons and polysemanticity, for a model that computes nothing.
# The rules for all answers from chapter 1 hold: arguments stay as they are, dtype and device are
# kept, instances do not mix, and all randomness comes from `generator`.
#
# **How it works:** run the cells from top to bottom, write your answer in place of
# `raise NotImplementedError()`, run the check below it, and read what it says. About two hours.

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
from tms_lib import AbsoluteValueModel, FeatureSampler, TrainConfig, expected_loss
from tms_lib import features_per_neuron, geometric_importance, linear_optimal_loss, linear_optimum
from tms_lib import plot_neurons, plot_weight_graph, plot_weight_matrix, plot_weight_stack
from tms_lib import polysemanticity, sample_features, train, train_absolute_value

torch.set_num_threads(1)  # on a busy machine, threads that share small steps mostly wait

# %% [markdown]
# ## Features of both signs
#
# The absolute value of a number that is never negative is the number itself. So features now have
# both signs.

# %% prompt sample_signed_features [markdown]
# ### Exercise 12.1: Signed features
#
# Draw samples in which every feature is independently
#
# $$x_i = 0 \;\text{ with probability } 1 - p_i, \qquad
# x_i \sim U[-1, 1] \;\text{ with probability } p_i$$
#
# - $p_i$ is `feature_probability`, the density, of shape `(*instances, features)`.
# - $U[-1, 1]$ is the uniform law: every value from $-1$ to $1$ is equally likely.
# - `n_samples` is the batch size. The result has shape `(*instances, batch, features)` and the
#   dtype of `feature_probability`.
# - All features, rows and instances are drawn independently of each other, from `generator`.
#
# Edge cases: with $p_i = 0$ a feature is always exactly 0. With $p_i = 1$ it is always active.
#
# The check measures shares, means and correlations on large batches and allows six standard
# errors. A right answer fails it less than once in a hundred thousand runs.
#
# **Predict first.** What are the mean of $x_i$, and the mean of $|x_i|$, for $p_i = 0.6$?
#
# <details><summary>Hint 1: where to start</summary>
#
# `torch.rand` gives numbers from 0 to 1. Stretch and shift them to $[-1, 1]$. Draw a second time to
# decide who is active. `feature_probability.unsqueeze(-2)` puts in an axis for the batch.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Make the value first and mask it last. If you mask first and then subtract 1, everything that is
# inactive becomes $-1$.
#
# </details>


# %% answer sample_signed_features
def sample_signed_features(
    feature_probability: Float[Tensor, "*instances features"],
    n_samples: int,
    *,
    generator: torch.Generator,
) -> Float[Tensor, "*instances batch features"]:
    """Independent draws: each entry is 0 with probability 1 - p, else uniform on [-1, 1]."""
    # solution: tms_lib.features.sample_signed_features


# %% check sample_signed_features
check("sample_signed_features")

# %% explore
p = torch.tensor([0.6])
yours = sample_signed_features(p, 50_000, generator=torch.Generator().manual_seed(0)).squeeze(-1)
unsigned = sample_features(p, 50_000, generator=torch.Generator().manual_seed(1)).squeeze(-1)
print(f"mean {yours.mean():+.3f}, mean of |x| {yours.abs().mean():.3f}")

figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained", sharey=True)
bins = {"bins": 20, "density": True}
for ax, values, low in zip(axes, [yours, yours.abs()], [-1, 0], strict=True):
    active = values[values != 0]
    ax.hist(active, range=(low, 1), **bins, color="0.8", ec="0.5", label="yours")
axes[0].plot([-1, 1], [0.5, 0.5], "k--", label="expected: uniform")
axes[1].hist(unsigned[unsigned > 0], **bins, histtype="step", color="k", label="chapter 1's")
axes[0].set(xlabel="$x$, where it is active", ylabel="density of values", ylim=(0, 1.5))
axes[1].set(xlabel="$|x|$, where it is active")
for ax in axes:
    ax.legend()
plt.show()

# %% [markdown]
# *Look.* The prediction: 0, and $p/2 = 0.3$.
#
# On the right, $|x|$ cannot be told from a feature of chapter 1, and so all its moments are known:
# mean $p/2$, variance $p/3 - p^2/4$. Which of the two would you call the target of a model that
# computes absolute values?

# %% prompt absolute_value [markdown]
# ### Exercise 12.2: The model
#
# The model has two matrices, and a ReLU on its neurons as well as on its outputs:
#
# $$h = \mathrm{ReLU}(W_1 x), \qquad y = \mathrm{ReLU}(W_2 h + b)$$
#
# - $x$: the input, with the axes `*instances batch features`.
# - $W_1$: what the neurons read, `*instances hidden features`. Row $k$ belongs to neuron $k$.
# - $W_2$: what the neurons write, `*instances features hidden`. Column $k$ belongs to neuron $k$.
#   It is a matrix of its own and not the transpose of $W_1$.
# - $b$: the biases of the outputs, `*instances features`. The neurons have none.
# - $y$: the result, `*instances batch features`.
#
# Edge case: without input, or with neurons that are all off, the outputs are $\mathrm{ReLU}(b)$.
#
# **Predict first.** There is one feature. Neuron 0 reads $x$, neuron 1 reads $-x$. Both write with
# weight 1, and $b = 0$. What comes out for $x = 0.5$ and for $x = -0.5$? And without neuron 1?
#
# <details><summary>Hint 1: where to start</summary>
#
# Samples are rows of `x`, so $W_1 x$ is `x @ W1.mT`. The second layer works alike.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `b` has no batch axis. `b.unsqueeze(-2)` puts one in, also where there are several instances.
#
# </details>


# %% answer absolute_value
def absolute_value(
    x: Float[Tensor, "*instances batch features"],
    *,
    W1: Float[Tensor, "*instances hidden features"],
    W2: Float[Tensor, "*instances features hidden"],
    b: Float[Tensor, "*instances features"],
) -> Float[Tensor, "*instances batch features"]:
    """The absolute-value model's output y = ReLU(W2 ReLU(W1 x) + b)."""
    # solution: tms_lib.models.absolute_value


# %% check absolute_value
check("absolute_value")

# %% explore
x = torch.linspace(-1, 1, 41).unsqueeze(-1)  # batch features
both_sides = {"W1": torch.tensor([[1.0], [-1.0]]), "W2": torch.tensor([[1.0, 1.0]])}
one_side = {"W1": torch.tensor([[1.0], [0.0]]), "W2": torch.tensor([[1.0, 1.0]])}
panels = [
    ("two neurons", both_sides, 0.0),
    ("positive side only", one_side, 0.0),
    ("positive side only, $b$ = 0.2", one_side, 0.2),
]
figure, axes = plt.subplots(1, 3, figsize=(10, 3), layout="constrained", sharey=True)
for ax, (title, circuit, bias) in zip(axes, panels, strict=True):
    b = torch.tensor([bias])
    ax.plot(x, absolute_value(x, **circuit, b=b), color="0.6", lw=5, label="yours")
    ax.plot(x[::4], tms_lib.absolute_value(x[::4], **circuit, b=b), "k.", label="expected")
    ax.plot(x, x.abs(), "k:", lw=1, label="$|x|$")
    ax.set(title=title, xlabel="$x$")
axes[0].set(ylabel="output $y$")
axes[0].legend(loc="upper center")
plt.show()

# %% [markdown]
# *Look.* The prediction: 0.5 for both. One neuron is on for each side:
#
# $$|x| = \mathrm{ReLU}(x) + \mathrm{ReLU}(-x)$$
#
# Without neuron 1, $x = -0.5$ gives 0. A bias then answers something on the negative side, but
# spoils the positive one. So an absolute value takes **two neurons**, one for each side. With $m$
# neurons and no sharing, a model can serve $m/2$ features.

# %% prompt absolute_value_loss [markdown]
# ### Exercise 12.3: The loss
#
# The outputs should be the absolute values of the inputs. So the loss of chapter 2 gets another
# target:
#
# $$L = \frac{1}{B} \sum_x \sum_i I_i \, \bigl(|x_i| - y_i\bigr)^2$$
#
# - $B$: the number of samples in the batch. The outer sum runs over them.
# - $x$: the inputs, with the axes `*instances batch features`. They have both signs.
# - $y$: what the model of exercise 12.2 makes of $x$ with `W1`, `W2` and `b`.
# - $I_i \ge 0$: the importance of feature $i$. `importance` broadcasts over `*instances features`.
# - $L$: the result, `*instances`, one number per instance. The batch is averaged, the features are
#   summed.
#
# Edge case: a feature of importance 0 costs nothing, however wrong it is.
#
# You may use `tms_lib.absolute_value` and `tms_lib.weighted_mse`.
#
# **Predict first.** One feature of importance 1 and density $p = 1$. A model has the positive side
# right and answers 0 on the negative one. What is its loss?
#
# <details><summary>Hint 1: where to start</summary>
#
# `weighted_mse(target, output, importance=...)` is the loss of chapter 2.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# The model reads $x$. Only the target is $|x|$.
#
# </details>


# %% answer absolute_value_loss
def absolute_value_loss(
    x: Float[Tensor, "*instances batch features"],
    *,
    W1: Float[Tensor, "*instances hidden features"],
    W2: Float[Tensor, "*instances features hidden"],
    b: Float[Tensor, "*instances features"],
    importance: Float[Tensor, "..."],
) -> Float[Tensor, "*instances"]:
    """Each instance's loss if the outputs should be the absolute values of the inputs."""
    # solution: tms_lib.circuits.absolute_value_loss


# %% check absolute_value_loss
check("absolute_value_loss")

# %% explore
x = tms_lib.sample_signed_features(
    torch.ones(1), 50_000, generator=torch.Generator().manual_seed(0)
)
weight = torch.linspace(0, 2, 21)  # that the neuron of the negative side writes with
W1 = torch.tensor([[1.0], [-1.0]])
yours = [
    absolute_value_loss(
        x, W1=W1, W2=torch.tensor([[1.0, w]]), b=torch.zeros(1), importance=torch.ones(1)
    )
    for w in weight
]
figure, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
ax.plot(weight, yours, color="0.6", lw=5, label="yours")
ax.plot(weight, (1 - weight) ** 2 / 6, "k.", label=r"expected, $(1 - w)^2 / 6$")
ax.set(xlabel="weight $w$ of the negative side's neuron", ylabel="loss")
ax.legend()
print(f"without the negative side: {yours[0]:.3f}")
plt.show()

# %% [markdown]
# *Look.* The prediction: the negative side comes up half of the time, and then the mean square is
# $1/3$, so the loss is $1/6$. Where does the $(1 - w)^2$ come from?

# %% [markdown]
# ## A circuit by hand
#
# A trained model should be measured against something. What can be done *without* sharing neurons?
# Choose $m/2$ features and give each its two neurons. Answer all others by a constant, the bias.

# %% prompt monosemantic_circuit [markdown]
# ### Exercise 12.4: A neuron for each side
#
# Build $W_1$, $W_2$ and $b$ of that circuit:
#
# $$y_i = \mathrm{ReLU}(x_i) + \mathrm{ReLU}(-x_i) \;\text{ for served features}, \qquad
# y_i = E|x_i| = p_i / 2 \;\text{ for the others}$$
#
# - Served are the $m/2$ features with the largest cost $I_i \, \mathrm{Var}|x_i|$, where $m$ is
#   `n_hidden`, $I_i$ is `importance`, and $\mathrm{Var}|x_i| = p_i/3 - p_i^2/4$.
# - $p_i$ is `feature_probability`. It and `importance` have shape `(*instances, features)`; axes of
#   size 1 broadcast, and so do missing instance axes.
# - The result is the tuple `(W1, W2, b)`, of shapes `(*instances, hidden, features)`,
#   `(*instances, features, hidden)` and `(*instances, features)`.
#
# Neurons may stand in any order and have any scale. The check compares what each feature alone does
# to the outputs, what 64 random inputs do, and the biases.
#
# Edge cases: `n_hidden` is always even, and at most $2n$; then all features are served. No check
# has equal costs where one feature is served and the other is not.
#
# **Predict first.** Chapter 3's best *linear* model gives back features that are never negative.
# Let it have the same densities and importances, and one hidden dimension for each feature that is
# served here. Is this circuit's loss at $p = 1$ larger than that model's, smaller, or the same?
#
# <details><summary>Hint 1: where to start</summary>
#
# `tms_lib.feature_moments(p)` has `.mean` and `.variance`: those of $|x_i|$. Sort the costs with
# `torch.argsort(..., dim=-1, descending=True)`. `F.one_hot(indices, n)` turns the served features
# into rows with a single 1. It gives integers, so convert them with `.to(...)`.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# One neuron reads $x_i$, the other $-x_i$, and both *write* $+1$. If the second writes $-1$, the
# two together give $x_i$ back.
#
# </details>


# %% answer monosemantic_circuit
def monosemantic_circuit(
    feature_probability: Float[Tensor, "*#instances #features"],
    *,
    importance: Float[Tensor, "*#instances #features"],
    n_hidden: int,
) -> tuple[
    Float[Tensor, "*instances {n_hidden} features"],
    Float[Tensor, "*instances features {n_hidden}"],
    Float[Tensor, "*instances features"],
]:
    """W1, W2 and b of the circuit that gives features neurons of their own, two to each."""
    # solution: tms_lib.circuits.monosemantic_circuit


# %% check monosemantic_circuit
check("monosemantic_circuit")

# %% explore
densities = torch.tensor([1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001])
labels = [f"{p:g}" for p in densities.tolist()]
importance = geometric_importance(0.8, 100)
p = densities.unsqueeze(-1).expand(-1, 100)  # densities features

W1, W2, b = monosemantic_circuit(p, importance=importance, n_hidden=40)
generator = torch.Generator().manual_seed(0)
by_hand = AbsoluteValueModel(n_instances=7, n_features=100, n_hidden=40, generator=generator)
by_hand.load_state_dict({"W1": W1, "W2": W2, "b": b})
settings = {"importance": importance, "n_samples": 2**16, "target": torch.abs}
sampler = FeatureSampler(p, signed=True)  # the same data, drawn faster
loss_by_hand = expected_loss(by_hand, sampler, generator=generator, **settings)
yardstick = linear_optimal_loss(p, importance=importance, n_hidden=20)
guessing = tms_lib.feature_moments(densities).variance * importance.sum()

figure, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
ax.loglog(1 / densities, guessing, ":", color="0.3", label="only biases")
ax.loglog(1 / densities, loss_by_hand, color="0.6", lw=5, label="your circuit")
ax.loglog(1 / densities, yardstick, "k.", label="expected: best linear model, 20 dimensions")
ax.set(xlabel="$1/p$", ylabel="loss", ylim=(5e-6, 2))
ax.legend(loc="lower left", fontsize=8)
plt.show()
print(f"your circuit's loss / only biases: {(loss_by_hand / guessing).mean():.3f}")

# %% [markdown]
# *Look.* The same. $|x_i|$ has the law of a feature of chapter 1, a served feature costs nothing,
# and an unserved one costs its variance. So `tms_lib.linear_optimal_loss` with `n_hidden=m // 2`
# gives this circuit's loss, and it will be our **yardstick**: a model of 40 neurons that does
# better must share neurons.
#
# The importances are $0.8^i$. The 20 served features are only a fifth of all, but almost all of the
# importance. The last line says what share of the loss is left. Is there much to gain by serving
# the other 80?

# %% [markdown]
# ## Three features, six neurons
#
# First a case with enough neurons. We train six models with $n = 3$ dense features and $m = 6$
# neurons, and look at the best.

# %% explore
generator = torch.Generator().manual_seed(0)
small = AbsoluteValueModel(n_instances=6, n_features=3, n_hidden=6, generator=generator)
sampler = FeatureSampler(torch.ones(6, 3), signed=True)
task = {"importance": torch.ones(3), "target": torch.abs, "generator": generator}
train(small, sampler, **task, config=TrainConfig(n_steps=2000, batch_size=128))
losses = expected_loss(small, sampler, **task, n_samples=2**14)
print("losses:", [f"{loss:.1e}" for loss in losses.sort().values.tolist()])
best = losses.argmin()
W1_small, W2_small, b_small = (values.detach()[best] for values in small.parameters())
print("biases:", b_small)
figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
plot_weight_matrix(W1_small, ax=axes[0]).set_title("$W_1$, as trained")
plot_weight_matrix(W2_small, rows="feature", ax=axes[1]).set_title("$W_2$, as trained")
plt.show()

# %% [markdown]
# The best model has learned the task: its loss is almost 0. But its weights are hard to read. They
# have all sizes, and the neurons stand in no order. Both can differ between models that compute
# exactly the same. So ask for something that cannot: what does each feature, alone, do to each
# output?

# %% prompt side_responses [markdown]
# ### Exercise 12.5: Reading a circuit
#
# Turn on one feature at a time, first at $+1$, then at $-1$, and add up what arrives at the outputs
# before their biases and their ReLU:
#
# $$P = W_2 \, \mathrm{ReLU}(W_1), \qquad N = W_2 \, \mathrm{ReLU}(-W_1)$$
#
# - $W_1$ has shape `(*instances, hidden, features)` and $W_2$ `(*instances, outputs, hidden)`.
# - The ReLUs act on every entry. The products are matrix products.
# - The result is the tuple `(P, N)`, each of shape `(*instances, outputs, features)`. Entry
#   $(j, i)$ of $P$ is what $x_i = 1$ does to output $j$, and of $N$ what $x_i = -1$ does.
#
# Why is that so? With $x_i = 1$ and all others 0, $W_1 x$ is column $i$ of $W_1$. The neurons cut
# it to $\mathrm{ReLU}(W_1)$'s column, and $W_2$ adds it up. An exact circuit without biases has
# ones on both diagonals, and nothing positive beside them.
#
# Edge case: a neuron whose row or column is zero adds nothing.
#
# **Predict first.** A model has the neuron of feature 0's positive side twice, each half as strong.
# Do you see that in $P$ and $N$?
#
# <details><summary>Hint 1: where to start</summary>
#
# `torch.relu` works entry by entry, and `@` multiplies the matrices of every instance.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# $W_2$ stays as it is on both sides. And the negative side gets no minus sign: for an absolute
# value, $x_i = -1$ should give $+1$.
#
# </details>


# %% answer side_responses
def side_responses(
    W1: Float[Tensor, "*instances hidden features"],
    W2: Float[Tensor, "*instances outputs hidden"],
) -> tuple[
    Float[Tensor, "*instances outputs features"], Float[Tensor, "*instances outputs features"]
]:
    """What each feature alone does to each output, on its positive and on its negative side."""
    # solution: tms_lib.circuits.side_responses


# %% check side_responses
check("side_responses")

# %% explore
figure, axes = plt.subplots(1, 4, figsize=(11, 2.8), layout="constrained")
for pair, who, responses in [
    (axes[:2], "yours", side_responses(W1_small, W2_small)),
    (axes[2:], "expected", tms_lib.side_responses(W1_small, W2_small)),
]:
    for ax, name, response in zip(pair, ["$x_i = 1$", "$x_i = -1$"], responses, strict=True):
        ax.imshow(response, cmap="RdBu", vmin=-2, vmax=2)  # pale, so that numbers can be read
        for j in range(3):
            for i in range(3):
                ax.text(i, j, f"{response[j, i]:.2f}", ha="center", va="center")
        ax.set(title=f"{name}, {who}", xlabel="feature $i$, alone", ylabel="output $j$")
        ax.set(xticks=range(3), yticks=range(3))
plt.show()

# %% [markdown]
# *Look.* The prediction: no. Two halves add up to the same response.
#
# Twice the identity, nearly. Every feature, on either side, turns on its own output by 1 and hardly
# any other. That is the function, but not yet the mechanism: which neurons do it?

# %% prompt canonical_neurons [markdown]
# ### Exercise 12.6: One scale for all neurons
#
# For any $c > 0$, $\mathrm{ReLU}(c z) = c \, \mathrm{ReLU}(z)$. So a neuron may read ten times as
# strongly and write ten times as weakly, and nothing changes. Take this freedom away: scale every
# neuron so that its largest input weight is 1 in absolute value.
#
# $$s_k = \max_i |W_{1,ki}|, \qquad
# W_{1,ki} \leftarrow W_{1,ki} / s_k, \qquad W_{2,jk} \leftarrow W_{2,jk} \cdot s_k$$
#
# - $W_1$ has shape `(*instances, hidden, features)` and $W_2$ `(*instances, outputs, hidden)`.
# - $k$ runs over neurons: rows of $W_1$, columns of $W_2$. $i$ runs over features, $j$ over
#   outputs.
# - $s_k$ is the scale of neuron $k$.
# - The result is the tuple `(W1, W2)` of the new matrices, in the shapes of the old ones.
#
# Edge case: a neuron with a zero row has no scale. It stays as it is, row and column, without NaN.
# The others must be exact, also if their weights are tiny.
#
# **Predict first.** Neuron 0 reads $-4$ and writes $0.25$. What does it read and write afterwards?
#
# <details><summary>Hint 1: where to start</summary>
#
# `W1.abs().amax(-1)` has one number per neuron. To divide the rows of $W_1$ it needs
# `.unsqueeze(-1)`, to multiply the columns of $W_2$ `.unsqueeze(-2)`.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Only positive factors pass a ReLU. Dividing by a negative largest weight would turn the neuron
# around.
#
# </details>


# %% answer canonical_neurons
def canonical_neurons(
    W1: Float[Tensor, "*instances hidden features"],
    W2: Float[Tensor, "*instances outputs hidden"],
) -> tuple[Float[Tensor, "*instances hidden features"], Float[Tensor, "*instances outputs hidden"]]:
    """W1 and W2 rescaled so that each neuron's largest input weight is 1 in absolute value."""
    # solution: tms_lib.neurons.canonical_neurons


# %% check canonical_neurons
check("canonical_neurons")

# %% explore
yours = canonical_neurons(W1_small, W2_small)
expected = tms_lib.canonical_neurons(W1_small, W2_small)
figure, axes = plt.subplots(1, 4, figsize=(13, 3), layout="constrained")
for pair, who, (W1, W2) in [(axes[:2], "yours", yours), (axes[2:], "expected", expected)]:
    plot_weight_matrix(W1, ax=pair[0]).set_title(f"$W_1$, {who}")
    plot_weight_matrix(W2, rows="feature", ax=pair[1]).set_title(f"$W_2$, {who}")
plt.show()

x = tms_lib.sample_signed_features(torch.ones(3), 1000, generator=torch.Generator().manual_seed(0))
before = tms_lib.absolute_value(x, W1=W1_small, W2=W2_small, b=b_small)
after = tms_lib.absolute_value(x, W1=yours[0], W2=yours[1], b=b_small)
print(f"largest change of an output: {(after - before).abs().max():.1e}")

# %% [markdown]
# *Look.* The prediction: it reads $-1$ and writes 1.
#
# Now the mechanism is plain. Every row of $W_1$ has one large entry, 1 or $-1$: a neuron reads one
# side of one feature. Every column of $W_2$ has one, 1: it writes to that feature's output. The
# trained model is the circuit of exercise 12.4, $\mathrm{ReLU}(x_i) + \mathrm{ReLU}(-x_i)$ for each
# feature. It only has to be sorted.

# %% prompt sort_neurons [markdown]
# ### Exercise 12.7: The order of the neurons
#
# Put the neurons in the order of the paper's plots: by the importance of their largest feature.
#
# 1. A neuron's *largest feature* is the $i$ with the largest $|W_{ki}|$ in its row $k$.
# 2. Neurons whose largest feature is more important come first. Of equally important features, the
#    one with the lower index comes first, with all its neurons.
# 3. Among neurons of the same feature, the one with the larger $|W_{ki}|$ for it comes first.
#
# - `W` has shape `(*instances, hidden, features)`; its rows are neurons.
# - `importance` broadcasts over `(*instances, features)`. It need not fall with the index.
# - The result has shape `(*instances, hidden)` and holds integers: the neurons' indices, first to
#   last. Without instance axes, `W[order]` is sorted.
#
# Edge case: neurons with a zero row have no largest feature. They come last. (No check has two
# zero rows in a model, or two equal weights.)
#
# **Predict first.** `importance` is $(1, 0.5)$, and the rows of $W$ are $(0.1, 2)$, $(-0.3, 0.2)$
# and $(0.7, -0.1)$. What is the order?
#
# <details><summary>Hint 1: where to start</summary>
#
# `W.abs().max(-1)` gives the largest weights and their features. A *stable* sort keeps what is
# equal in its old order. So sort by the last criterion first: by weight; then, stably, by the
# feature's place. `order.gather(-1, other.argsort(...))` reorders an order. Or loop over the models
# and use Python's `sorted` with a tuple as key.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `argsort` gives the neuron at each place, and that is what is asked for. `argsort` of an `argsort`
# gives the place of each neuron; for features that is useful: the place of a feature is its rank by
# importance. With `stable=True`, write `dim=-1` by name.
#
# </details>


# %% answer sort_neurons
def sort_neurons(
    W: Float[Tensor, "*instances hidden features"],
    *,
    importance: Float[Tensor, "*#instances #features"],
) -> Int[Tensor, "*instances hidden"]:
    """The order of the neurons by the importance of their largest feature."""
    # solution: tms_lib.neurons.sort_neurons


# %% check sort_neurons
check("sort_neurons")

# %% explore
W1, W2 = tms_lib.canonical_neurons(W1_small, W2_small)
order = sort_neurons(W1, importance=torch.ones(3))
expected = tms_lib.sort_neurons(W1, importance=torch.ones(3))
print("order, yours:   ", order.tolist())
print("order, expected:", expected.tolist())
rows = torch.tensor([[0.1, 2.0], [-0.3, 0.2], [0.7, -0.1]])
print("the prediction: ", sort_neurons(rows, importance=torch.tensor([1.0, 0.5])).tolist())

figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
plot_weight_stack(W1[order], ax=axes[0]).set_title("$W_1$ in your order")
plot_weight_stack(W1[expected], ax=axes[1]).set_title("expected")
plt.show()

# %% [markdown]
# *Look.* The prediction: 2, 1, 0.
#
# A bar is a neuron, its parts are what it reads: up for positive weights, down for negative ones.
# Here each has one part, whose number is the feature. Two neurons of the same feature stand
# together, one for each side. Which of the three criteria puts them in *their* order?

# %% question no_way_around [markdown]
# ### Question: no way around the ReLU
#
# *5 minutes · 2 points, graded by hand*
#
# A model that only gives features back can do without its hidden ReLU: give every neuron a bias so
# large that it is always on, and let the output biases take it away again. Chapter 11 shows models
# that do so.
#
# 1. Allow the absolute-value model such hidden biases too. Show that it cannot compute $|x|$, not
#    even of one feature, as long as its neurons are always on.
# 2. Suppose you find neurons that serve several features in a model of the identity, and others
#    in a model of absolute values. Which finding says more about superposition of *computation*?
#    Why?

# %% written no_way_around [markdown] points=2 minutes=5
# ### BEGIN SOLUTION
# **Model answer.** 1. Where all neurons are on, the hidden layer is linear (affine), so
# $y = \mathrm{ReLU}(a x + d)$ with numbers $a$ and $d$. This is monotone in $x$ on the whole
# interval: it only rises or only falls (or is constant). $|x|$ falls and then rises, so the two
# cannot agree at $-1$, $0$ and $1$. 2. The absolute values. In the model of the identity, the
# neurons' ReLU need not do anything: features that share neurons may merely be stored there and
# read out linearly. In the model of absolute values the nonlinear step must happen in the neurons,
# so where neurons serve several features and the outputs are right, the computation itself was done
# in superposition.
#
# **Rubric.** 2 points: an argument that a single output ReLU of a linear function cannot fall and
# then rise (or that the outputs at $-1, 0, 1$ contradict each other), *and* that only here the
# neurons' ReLU is needed for the task. 1 point: one of the two. 0 points: only that the model is
# "linear" without saying what follows.
# ### END SOLUTION

# %% [markdown]
# ## A hundred features, forty neurons
#
# Now the paper's experiment: $n = 100$ features with importances $I_i = 0.8^i$, $m = 40$ neurons,
# seven densities. Without sharing, 20 features can be served.
#
# The paper does not say how it trained, and this model is hard to train. The cell below starts
# models as usual and trains them plainly, at three of the densities, to see what happens.

# %% explore
few = [0, 2, 4]
generator = torch.Generator().manual_seed(0)
plain = AbsoluteValueModel(n_instances=3, n_features=100, n_hidden=40, generator=generator)
sampler = FeatureSampler(p[few], signed=True)
train(
    plain,
    sampler,
    importance=importance,
    generator=generator,
    config=TrainConfig(n_steps=1500, batch_size=128),
    target=torch.abs,
)
losses = expected_loss(plain, sampler, generator=torch.Generator().manual_seed(1), **settings)
positive, negative = tms_lib.side_responses(plain.W1.detach(), plain.W2.detach())
sides = torch.stack([positive.diagonal(dim1=-2, dim2=-1), negative.diagonal(dim1=-2, dim2=-1)])
for place, k in enumerate(few):
    print(
        f"p = {labels[k]:>4}: loss / yardstick {losses[place] / yardstick[k]:5.1f}, "
        f"loss / only biases {losses[place] / guessing[k]:.2f}; of the 40 sides of "
        f"features 0 to 19, {(sides[:, place, :20] > 0.5).sum()} are served"
    )

# %% [markdown]
# A side of a feature counts as served if it alone, at full size, gets more than half of its output.
#
# The sparse models lose most sides, and stay far above the yardstick. An output whose ReLU is off
# for every input gets no gradient, so it never comes back. Dense models have another trouble:
# several of their neurons settle on the same side of a feature.
#
# `train_absolute_value` therefore helps during the first half of training, less and less. Where an
# output ReLU is off, it lets the gradient pass, so that missing outputs can grow. And it pushes
# neurons apart that point the same way. In the second half nothing of that is left: it is ordinary
# training on the true loss. The next cell takes half a minute to a minute, the longest wait of this
# chapter.

# %% explore
model, _ = train_absolute_value(
    p,
    importance=importance,
    n_hidden=40,
    generator=torch.Generator().manual_seed(0),
    config=TrainConfig(n_steps=4000, batch_size=128),
)
sampler = FeatureSampler(p, signed=True)
losses = expected_loss(model, sampler, generator=torch.Generator().manual_seed(1), **settings)
W1_trained, W2_trained, b_trained = (values.detach() for values in model.parameters())

positive, negative = tms_lib.side_responses(W1_trained, W2_trained)
sides = torch.stack([positive.diagonal(dim1=-2, dim2=-1), negative.diagonal(dim1=-2, dim2=-1)])
print("density   loss / yardstick   features served on both sides   on one side")
for k, label in enumerate(labels):
    n_sides = (sides[:, k] > 0.5).sum(0)
    ratio = losses[k] / yardstick[k]
    print(f"{label:>7}   {ratio:16.2f}   {(n_sides == 2).sum():29d}   {(n_sides == 1).sum():11d}")

# %% [markdown]
# Read the ratio first. At 1 a model does as well as the circuit in which nobody shares. Dense
# models come near it, and sparse ones go below it, though they have the same 40 neurons. They serve
# more than 20 features. So they must share neurons, and *compute* with features in superposition.
# All seven are drawn at the end. First the question how a neuron can serve two features at all.

# %% [markdown]
# ## How two features share a neuron
#
# Let one neuron serve the positive side of feature 0 and the negative side of feature 1. It reads
# both and writes to both outputs. Alone, either feature then also raises the *other* output, where
# nothing should happen. With equal weights, each disturbs the other fully.
#
# The paper found an asymmetric solution in its models. The neuron reads feature 0 strongly, with
# 2, and feature 1 weakly, with $-1/2$. It writes the other way round: $1/2$ to output 0 and 2 to
# output 1. Both features still get their own output right: $2 \cdot 1/2 = 1/2 \cdot 2 = 1$. But now
# feature 1 hardly disturbs output 0, by $1/2 \cdot 1/2 = 1/4$. Feature 0 disturbs output 1 all the
# more, by $2 \cdot 2 = 4$. One large disturbance instead of two medium ones: what is that good for?
# It can be **inhibited**. A second neuron, which only feature 0 turns on, pulls output 1 below
# zero, and the output's ReLU does the rest.

# %% prompt asymmetric_circuit [markdown]
# ### Exercise 12.8: A shared neuron and its inhibitor
#
# Build the two neurons, for any ratio $r$ in place of 2:
#
# | neuron | reads $x_0$ | reads $x_1$ | writes to $y_0$ | writes to $y_1$ |
# |---|---|---|---|---|
# | 0, shared | $r$ | $-1/r$ | $1/r$ | $r$ |
# | 1, inhibitor | 1 | 0 | 0 | find it |
#
# The inhibitor's last weight follows from what it has to achieve. $x_0 = 1$ alone must bring
# output 1, before the ReLU, to
#
# $$P_{10} = -g$$
#
# - $r > 0$ is `ratio`, a tensor of shape `(*instances)`: one circuit per instance.
# - $g \ge 0$ is `margin`, a number: how far below zero output 1 is pushed.
# - $P_{10}$ is the response of exercise 12.5: output 1, feature 0.
# - The result is the tuple `(W1, W2)`, of shapes `(*instances, 2, 2)`: $W_1$ has a row for each
#   neuron, $W_2$ a column. There are no biases.
#
# Neurons may stand in any order and have any scale: the check compares $P$, $N$, and what 64 random
# inputs do.
#
# Edge cases: $r = 1$ is symmetric sharing. With $g = 0$ the disturbance is just cancelled.
#
# **Predict first.** With $r = 2$ and $g = 1$, what is the inhibitor's weight? What are $P$ and $N$?
#
# <details><summary>Hint 1: where to start</summary>
#
# $x_0 = 1$ turns neuron 0 on to $r$. What does that add to output 1? The inhibitor is on to 1, so
# its weight is what is missing to $-g$.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Rows of $W_2$ are outputs, columns are neurons. Read the table's last two columns accordingly.
# `torch.stack([a, b, c, d], dim=-1).unflatten(-1, (2, 2))` makes a 2 x 2 matrix per instance.
#
# </details>


# %% answer asymmetric_circuit
def asymmetric_circuit(
    ratio: Float[Tensor, "*instances"], *, margin: float
) -> tuple[Float[Tensor, "*instances 2 2"], Float[Tensor, "*instances 2 2"]]:
    """W1 and W2 of two neurons: one that two features share, and its inhibitor."""
    # solution: tms_lib.circuits.asymmetric_circuit


# %% check asymmetric_circuit
check("asymmetric_circuit")

# %% explore
W1, W2 = asymmetric_circuit(torch.tensor(2.0), margin=1.0)
positive, negative = tms_lib.side_responses(W1, W2)
print("P:", positive.tolist(), " N:", negative.tolist())


def losses_over_ratios(ratio: Tensor, *, circuit, margin: float, inhibited: bool) -> Tensor:
    """Two whole absolute values at p = 0.05: the two neurons, and one for each other side."""
    W1, W2 = circuit(ratio, margin=margin)
    W2 = W2 * torch.tensor([1.0, float(inhibited)])
    others = torch.tensor([[-1.0, 0.0], [0.0, 1.0]]).expand(len(ratio), 2, 2)
    W1 = torch.cat([W1, others], dim=-2)
    W2 = torch.cat([W2, torch.eye(2).expand(len(ratio), 2, 2)], dim=-1)
    p = torch.full((2,), 0.05)
    x = tms_lib.sample_signed_features(p, 50_000, generator=torch.Generator().manual_seed(0))
    x, b = x.expand(len(ratio), -1, -1), torch.zeros(len(ratio), 2)  # the same for all ratios
    return tms_lib.absolute_value_loss(x, W1=W1, W2=W2, b=b, importance=torch.ones(2))


ratio = torch.logspace(0, 0.6, 13)
figure, axes = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
plot_weight_graph(W1, W2=W2, ax=axes[0]).set_title("your circuit, $r$ = 2, $g$ = 1")
for name, margin, inhibited, style in [
    ("no inhibitor", 0.0, False, ":"),
    ("inhibitor, $g$ = 1", 1.0, True, "--"),
    ("inhibitor, $g$ = 0", 0.0, True, "-"),
]:
    how = {"margin": margin, "inhibited": inhibited}
    yours = losses_over_ratios(ratio, circuit=asymmetric_circuit, **how)
    expected = losses_over_ratios(ratio[::3], circuit=tms_lib.asymmetric_circuit, **how)
    axes[1].loglog(ratio, yours, style, color="0.4", label=f"yours, {name}")
    axes[1].loglog(ratio[::3], expected, "k.", label="expected" if name == "no inhibitor" else None)
axes[1].axhline(0.05 / 6, color="0.7", lw=1, label="leave one side out")
axes[1].set(xlabel="ratio $r$", ylabel="loss of both absolute values")
axes[1].set_xticks([1, 2, 3, 4], ["1", "2", "3", "4"])
axes[1].minorticks_off()
axes[1].legend(fontsize=8)
plt.show()

# %% [markdown]
# *Look.* The prediction: $-5$. $P$ has 1 in its corner and $-1$ below, $N$ has $1/4$ above 1.
#
# Without an inhibitor, symmetric sharing is best, and even that is worse than leaving one side out.
# The more asymmetric, the worse: the large disturbance grows as $r^2$. With the inhibitor the large
# one is gone, and only the small one is left. Now asymmetry pays, until what remains is the inputs
# with both features on. Why does $g = 1$ cost more than $g = 0$ there?
#
# One thing is odd. These two neurons serve two sides. Two neurons without any sharing would do the
# same, without error. The next cell has neurons that inhibit *each other*: both read feature 0, and
# each inhibits the output that the other one serves. Two neurons serve three sides.

# %% explore
reads = torch.tensor([[2.0, -0.5, 0.0], [2.0, 0.0, -0.5]])
writes = torch.tensor([[0.25, 0.25], [2.0, -2.5], [-2.5, 2.0]])
positive, negative = tms_lib.side_responses(reads, writes)
print("P, column 0:       ", positive[:, 0].tolist())
print("N, columns 1 and 2:", negative[:, 1].tolist(), negative[:, 2].tolist())

one = torch.eye(3)
others = torch.diag(torch.tensor([-1.0, 1.0, 1.0]))  # the sides that still need a neuron
sharing = torch.cat([reads, others]), torch.cat([writes, one], dim=-1)
# five neurons, each with a side to itself; the sixth side has none
leaving_out = torch.cat([one, -one])[:5], torch.cat([one, one], dim=-1)[:, :5]
print("five neurons, six sides: loss of sharing / loss of leaving a side out")
for q in (0.3, 0.1, 0.03, 0.01):
    x = tms_lib.sample_signed_features(
        torch.full((3,), q), 200_000, generator=torch.Generator().manual_seed(0)
    )
    shared, left_out = (
        tms_lib.absolute_value_loss(x, W1=W1, W2=W2, b=torch.zeros(3), importance=torch.ones(3))
        for W1, W2 in (sharing, leaving_out)
    )
    print(f"  p = {q:g}: {shared / left_out:.2f}")

# %% question who_pays [markdown]
# ### Question: when does sharing pay?
#
# *6 minutes · 2 points, graded by hand*
#
# 1. Leaving a side out costs in proportion to $p$, for small $p$. How does the cost of sharing in
#    the last cell depend on $p$? Which two kinds of input does it come from? Use the printed
#    numbers to explain why the sparser features make sharing pay, and name a part of the cost that
#    does *not* go away against leaving out, however small $p$ is.
# 2. In the trained models, which features keep neurons to themselves the longest as $p$ falls? Why
#    these?

# %% written who_pays [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** 1. Two kinds of input cost. First, those with two or more of the features on:
# their signals mix in the shared neurons. They have probability of order $p^2$, so against leaving
# out, which costs of order $p$, this part falls in proportion to $p$ and vanishes. That is why the
# ratio falls with $p$. Second, a feature alone: $x_1 = -1$ raises output 0 by $1/8$, and so does
# $x_2$. That costs of order $p$ too, like leaving out, so the ratio has a floor; but it is small,
# because the disturbance is squared (two times $1/64$). 2. The most important ones. An error counts
# $I_i$ times, at the outputs of an important feature the most, so disturbing one costs more than
# the unimportant feature gains that would be served in return. Features of low importance lose
# little by being disturbed, and otherwise would have no neuron at all.
#
# **Rubric.** 2 points: that collisions go as $p^2$ against $p$ for leaving out, *and* that the
# important features stay alone because disturbing their outputs is weighted most. 1 point: one of
# the two. The floor from single features is worth a remark, but not required. 0 points: neither.
# ### END SOLUTION

# %% [markdown]
# ## The big picture
#
# First the small model, from the raw weights to the paper's three kinds of picture, with your
# functions. Then the seven densities: the neurons of each model at one scale and in your order, and
# in the last panel the loss and the part of neurons with one feature.

# %% explore
W1, W2 = canonical_neurons(W1_small, W2_small)
order = sort_neurons(W1, importance=torch.ones(3))
W1, W2 = W1[order], W2[:, order]
figure, axes = plt.subplots(1, 3, figsize=(13, 3.6), layout="constrained")
plot_weight_matrix(W1, ax=axes[0]).set_title("$W_1$ as matrix")
plot_weight_stack(W1, ax=axes[1]).set_title("$W_1$ as stack")
plot_weight_graph(W1, W2=W2, ax=axes[2]).set_title("$W_1$ and $W_2$ as graph")
figure.suptitle("$n$ = 3, $m$ = 6: $|x_i|$ = ReLU($x_i$) + ReLU($-x_i$)")
plt.show()

# %% explore
W1, W2 = canonical_neurons(W1_trained, W2_trained)
order = sort_neurons(W1, importance=importance)
alone = (features_per_neuron(W1) == 1).float().mean(-1)

figure, axes = plt.subplots(4, 2, figsize=(14, 13), layout="constrained")
for k, ax in enumerate(axes.flat[:7]):
    plot_neurons(W1[k], order=order[k], ax=ax).set_title(f"$1 - S$ = {labels[k]}")
ax = axes.flat[7]
ax.semilogx(1 / densities, alone, "s-", color="0.3", label="part of the neurons with one feature")
ax.semilogx(1 / densities, losses / yardstick, "o--", color="0.6", label="loss / yardstick")
ax.axhline(1, color="0.8", lw=1, zorder=0)
ax.set(xlabel="$1/(1 - S)$", ylim=(0, None))
ax.legend()
figure.suptitle("$n$ = 100, $m$ = 40, $I_i = 0.8^i$: absolute weights, each neuron's largest is 1")
plt.show()

print("density   neurons with one feature   features per neuron, median   mean polysemanticity")
for k, label in enumerate(labels):
    n_features = features_per_neuron(W1[k])
    print(
        f"{label:>7}   {(n_features == 1).sum():24d}   {n_features.median():27d}"
        f"   {polysemanticity(W1[k]).mean():20.2f}"
    )
expected = tms_lib.canonical_neurons(W1_trained, W2_trained)[0]
places = order != tms_lib.sort_neurons(expected, importance=importance)
x = sample_signed_features(p, 2000, generator=torch.Generator().manual_seed(3))
weights = {"W1": W1_trained, "W2": W2_trained, "b": b_trained, "importance": importance}
gap = absolute_value_loss(x, **weights) - tms_lib.absolute_value_loss(x, **weights)
print(f"yours against expected: weights differ by up to {(W1 - expected).abs().max():.1e},")
print(f"{int(places.sum())} neurons elsewhere, losses by up to {gap.abs().max():.1e}")

# %% [markdown]
# *Look.* The matrix shows every weight of the small model. The stack has a bar for each neuron. The
# graph has a line for each weight, dashed if it is negative, and shows both layers.
#
# With 100 features only the stack can still be read, of absolute values. The largest part of a bar
# is at the bottom. The page behind it is the greyer the more *polysemantic* the neuron is:
# `polysemanticity` is the part of a row's squared norm that is not its largest entry's, 0 for a
# neuron with one feature and $1/2$ for one with two equal ones. `features_per_neuron` counts
# weights above a quarter of the largest. From dense to sparse:
#
# - **1 and 0.3.** All or nearly all neurons have one feature. You read a feature's value off its
#   two neurons.
# - **0.1 and 0.03.** The neurons on the left, for the important features, stay as they are. On the
#   right first a few, then many serve several features of low importance.
# - **0.01.** Few neurons still have one feature. Now the grey pages reach the left side as well.
# - **0.003 and 0.001.** No neuron, or hardly one, has a feature to itself, and ever more features
#   share each. And yet the sparsest model does best, measured against the circuit without sharing.
#
# The heights grow as well: a bar is the sum of a neuron's absolute weights, over its largest one.
# Light parts are features whose directions others share.
#
# Another seed gives other counts, and the same order of events. Longer training brings the losses
# down further.

# %% [markdown]
# ## What you have now
#
# - $|x| = \mathrm{ReLU}(x) + \mathrm{ReLU}(-x)$ takes two neurons. A circuit without sharing serves
#   $m/2$ features, and its loss is that of a linear model with $m/2$ dimensions.
# - $P = W_2 \mathrm{ReLU}(W_1)$ and $N = W_2 \mathrm{ReLU}(-W_1)$ say what a circuit does with each
#   feature alone, whatever the scale and order of its neurons.
# - Sparse models beat that circuit. Their neurons serve several features each, and the computation
#   is done in superposition: here, other than in a model that gives features back, the neurons'
#   ReLU is needed.
# - Two features can share a neuron asymmetrically, at the price of one large disturbance, which
#   another neuron inhibits.
#
# **In the paper.** Elhage et al. (2022), "Toy Models of Superposition", section *Computation in
# Superposition*: the three pictures of the small model, the seven stacked plots, and the asymmetric
# motif. The inhibitor's weight and the circuit in which two neurons inhibit each other are this
# course's.
#
# **Later work.** Hänni et al. (2024), "Mathematical Models of Computation in Superposition", prove
# how many logical operations a layer can compute in superposition, and how. Adler and Shavit
# (2024), "On the Complexity of Neural Computation in Superposition", bound the number of neurons
# from below.
# Bushnaq and Mendel (2024), "Circuits in Superposition", put many small networks into one. Be
# careful with toy models: a network can look as if it computed in superposition and only mix
# features linearly. This is why you measured against a yardstick.
#
# **Next.** Chapter 13 goes the other way: given only the activations of a model in superposition,
# can the features be recovered?
