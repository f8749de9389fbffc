# %% [markdown]
# # Chapter 5: What interference costs
#
# In a linear model every overlap costs, whatever its sign. So sharing a dimension never pays. Put a
# ReLU at the outputs, and half of the bill disappears. In this chapter you compute what is left.
# For very sparse features this needs one integral over a straight line. It tells why negative
# interference is free, what a negative bias buys and what it costs, and which arrangement of five,
# six, seven or eight features in two dimensions is best.
#
# **You will**
#
# - integrate the error of an output when a single feature is active, at its own output and at
#   another one;
# - find out what an output pays for staying silent while others speak;
# - put both together into the loss of any model with one active feature, in two parts;
# - find the best regular polygon for each number of corners, and see which models training finds;
# - compare features with electrons on a sphere, and see where the comparison ends.
#
# **You need** chapters 1 to 4: $W^T W$, the ReLU output model and its bias, the loss, and the split
# into feature benefit and interference. Of calculus, integrals of $x$ and $x^2$. The rules for all
# answers from chapter 1 hold: arguments stay as they are, dtype and device are kept, instances do
# not mix.
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
from jaxtyping import Float
from torch import Tensor, nn

import tms_lib
from autograder import check
from tms_lib import THOMSON_MINIMUM, BestPolygon, FeatureSampler, LossTerms, ReLUOutputModel
from tms_lib import SilencedOutput, TrainConfig, best_of_seeds, expected_loss, gram, minimise
from tms_lib import one_active_loss, plot_features_2d, plot_features_3d, relu_output, train

torch.set_num_threads(1)  # steps are too small to share, and waiting threads slow them down

# %% [markdown]
# ## One feature at a time
#
# Let all features have the density $p$, and let $p$ be small. Then most inputs are empty, some have
# one active feature, and hardly any has two: that takes a factor $p^2$. So the loss is nearly
#
# $$L \approx (1 - n p)\, L_0 + n p \, L_1,$$
#
# where $L_0 = \sum_j I_j [b_j]^2$ is the loss of the empty input, and $L_1$ is the mean loss of an
# input in which exactly one feature is active, each of the $n$ equally likely. We write
# $[z] = \max(z, 0)$ for the ReLU. A bias that is not positive makes $L_0 = 0$. What remains is
# $L_1$, and it is the subject of this chapter.
#
# Let feature $i$ be the active one, with the value $x$ from $U[0, 1]$. Output $j$ then shows
#
# $$x'_j = [\,g x + b_j\,] \qquad\text{with the gain}\qquad g = W_j \cdot W_i.$$
#
# That is a straight line in $x$, cut off at zero. There are $n$ such lines, one for each output.
# For the output of the feature itself, $j = i$, the gain is $\|W_i\|^2$, and $x$ would be right.
# For every other output the gain is the interference, and 0 would be right.

# %% explore
x = torch.linspace(0, 1, 201)
figure, axes = plt.subplots(1, 4, figsize=(11, 2.8), layout="constrained", sharey=True)
for ax, g, b in zip(axes, [1.5, -1.0, 0.4, -0.4], [-0.4, 0.5, 0.1, -0.1], strict=True):
    ax.plot(x, g * x + b, ":", color="0.5")
    ax.plot(x, (g * x + b).relu(), color="0.1", lw=2)
    ax.set(title=f"$g$ = {g}, $b$ = {b}", xlabel="$x$", ylim=(-0.6, 1.2))
axes[0].set(ylabel="$[g x + b]$")
plt.show()

# %% prompt positive_interval [markdown]
# ### Exercise 5.1: Where the line is positive
#
# Every error in this chapter is an integral of such a line. Where it is cut off, nothing is left to
# integrate. So first find the part of $[0, 1]$ where it is positive:
#
# $$\{\, x \in [0, 1] : g x + b > 0 \,\} \;\text{ from } x = s \text{ to } x = e$$
#
# - $g$ is `gain` and $b$ is `bias`. They broadcast, and the results have the shape they broadcast
#   to.
# - Return the tuple $(s, e)$, with $0 \le s \le e \le 1$.
#
# A line that rises is positive *after* it crosses zero, one that falls *before*. It may cross zero
# outside of $[0, 1]$: then it is positive everywhere, or nowhere.
#
# Edge cases: where the line is positive nowhere, any $s = e$ in $[0, 1]$ will do. A flat line,
# $g = 0$, crosses nothing: its bias decides. (No check has $g = b = 0$.)
#
# **Predict first.** $g = 2$ and $b = -0.5$; then $g = -2$ and $b = 1$; then $g = 0.5$ and $b = -1$.
#
# <details><summary>Hint 1: where to start</summary>
#
# The line crosses zero at $x = -b / g$. `.clamp(0, 1)` moves that into the interval. If the gain is
# positive, it is the start; if it is negative, the end. `torch.where(condition, a, b)` chooses, and
# takes plain numbers for `a` and `b`.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Do not ask only whether the line crosses zero in $[0, 1]$. A line that does not may lie above zero
# or below. Clamping gets this right by itself. For $g = 0$ you divide by zero: $-b/0$ is infinite
# with the sign of $-b$, and that clamps well, too. Or treat flat lines apart.
#
# </details>


# %% answer positive_interval
def positive_interval(
    gain: Float[Tensor, "*#shape"], bias: Float[Tensor, "*#shape"]
) -> tuple[Float[Tensor, "*shape"], Float[Tensor, "*shape"]]:
    """Where in [0, 1] the line g x + b is positive: start and end, equal if nowhere."""
    # solution: tms_lib.theory.one_active.positive_interval


# %% check positive_interval
check("positive_interval")

# %% explore
slopes = torch.linspace(-2, 2, 81)
figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained", sharey=True)
for ax, b in zip(axes, [-0.5, 0.2, 1.0], strict=True):
    start, end = positive_interval(slopes, torch.tensor(b))
    ax.fill_between(slopes, start, end, where=end > start, color="0.8", label="yours")
    start, end = tms_lib.positive_interval(slopes, torch.tensor(b))
    some = (end > start).nonzero().squeeze(-1)[::5]
    ax.plot(slopes[some], start[some], "k.", label="expected ends")
    ax.plot(slopes[some], end[some], "k.")
    ax.set(title=f"$b$ = {b}", xlabel="gain $g$", xlim=(-2, 2), xticks=range(-1, 2))
axes[0].set(ylabel="where $g x + b > 0$")
axes[0].legend(loc="lower left")
plt.show()

# %% [markdown]
# *Look.* The prediction: from 0.25 to 1; from 0 to 0.5; nowhere. The pictures show the interval
# upwards for every gain. With the negative bias, left, nothing comes out up to the gain 0.5, and
# beyond it only large $x$ do. With $b = 1$, right, the line is cut off only if the gain is below
# $-1$. Which of the three would you want for an output that should stay quiet?

# %% [markdown]
# ### A lemma
#
# How large is a line on average, if it runs from height $u$ to height $v$? Its mean is the middle,
# $(u + v)/2$. Its mean *square* is more than the square of the middle:
#
# $$\int_0^1 \bigl(u + (v - u)\, s\bigr)^2 ds = \frac{u^2 + u v + v^2}{3}.$$
#
# Over an interval of length $\ell$ the integral is $\ell$ times that. You need nothing else for the
# next two exercises, and you never have to divide by the gain.

# %% prompt interference_error [markdown]
# ### Exercise 5.2: The error at another output
#
# Feature $i$ is active, and feature $j$ is not. Output $j$ should show 0. Its mean squared error is
#
# $$B(g, b) = \int_0^1 [g x + b]^2 \, dx \qquad\text{with}\qquad g = W_j \cdot W_i$$
#
# - $g$ is `gain` and $b$ is `bias`, the bias of output $j$. They broadcast, and the result has the
#   shape they broadcast to.
# - $[z] = \max(z, 0)$.
#
# You may use `tms_lib.positive_interval(gain, bias)`, which returns start and end. Gradients must
# flow to both arguments, because models will be trained on this loss, and be finite for flat lines
# too.
#
# Edge case: with $g = 0$ the output shows the constant $[b]$, which costs $[b]^2$.
#
# **Predict first.** Three outputs: $g = 0.3$ and $b = 0$; $g = -0.3$ and $b = 0$; $g = 0.3$ and
# $b = -0.3$. Which of them err?
#
# <details><summary>Hint 1: where to start</summary>
#
# Between start and end the line is not cut off. What are its heights there? Then use the lemma.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# The antiderivative gives $([g + b]^3 - [b]^3) / (3 g)$. That is right too, but it is NaN at
# $g = 0$ and loses digits near it. And do not forget the length of the interval: the mean is over
# all of $[0, 1]$.
#
# </details>


# %% answer interference_error
def interference_error(
    gain: Float[Tensor, "*#shape"], bias: Float[Tensor, "*#shape"]
) -> Float[Tensor, "*shape"]:
    """The mean squared error that an active feature causes at the output of an absent one."""
    # solution: tms_lib.theory.one_active.interference_error


# %% check interference_error
check("interference_error")

# %% explore
few = torch.linspace(-1, 1, 9)
draws = torch.rand(100_000, 1, generator=torch.Generator().manual_seed(0))
wide = torch.linspace(-1, 1, 201)
figure, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
for b, style in [(0.2, ":"), (0.0, "-"), (-0.3, "--")]:
    ax.plot(wide, interference_error(wide, torch.tensor(b)), style, color="0.2", label=f"$b$ = {b}")
    sampled = (few * draws + b).relu().square().mean(0)
    ax.plot(few, sampled, "kx", label="expected: samples" if b == 0 else None)
ax.plot(wide, wide**2 / 3, color="0.8", lw=6, zorder=0, label="linear model, $b$ = 0")
ax.set(xlabel="gain $W_j \\cdot W_i$", ylabel="error at output $j$", ylim=(-0.02, 0.5))
ax.legend()
plt.show()

# %% [markdown]
# *Look.* The grey band is the linear model of chapter 4: interference costs on both sides. With the
# ReLU and $b = 0$ the left half is exactly zero. **Negative interference is free.** The output is
# pushed below zero, and the ReLU puts it back to 0, where it belongs.
#
# With $b = -0.3$ the free part reaches to $g = 0.3$. So of the three outputs only the first errs.
# And a positive bias costs even where nothing arrives. Should all biases be very negative, then?

# %% prompt own_error [markdown]
# ### Exercise 5.3: The error at the feature's own output
#
# Now the output of the active feature itself. It should show $x$:
#
# $$A(g, b) = \int_0^1 \bigl(x - [g x + b]\bigr)^2 dx \qquad\text{with}\qquad g = \|W_i\|^2$$
#
# - $g$ is `gain`: the *squared* norm, already squared. $b$ is `bias`, the feature's own. They
#   broadcast as before.
#
# You may use `tms_lib.positive_interval`. Gradients must flow to both arguments, and be finite for
# flat lines too.
#
# Edge cases: a line that is positive nowhere gives nothing, and the error is 1/3, the integral of
# $x^2$. A gain of 0 and negative gains are allowed, and a falling line may be cut off on the right.
#
# **Predict first.** What is the error with $g = 1$ and $b = 0$? With $g = 0$ and $b = 1/2$? And
# with $b = -0.3$, will the best gain be 1, less or more?
#
# <details><summary>Hint 1: where to start</summary>
#
# Cut $[0, 1]$ in three, at the start $s$ and at the end $e$. In the middle, $x - (g x + b)$ is a
# line: the lemma again. What does the output show to the left of $s$ and to the right of $e$, and
# what is the squared error there?
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Silence costs. Where the output is cut off, the error is $x^2$, and its integral from 0 to $s$ is
# $s^3/3$. From $e$ to 1 it is $(1 - e^3)/3$.
#
# </details>


# %% answer own_error
def own_error(
    gain: Float[Tensor, "*#shape"], bias: Float[Tensor, "*#shape"]
) -> Float[Tensor, "*shape"]:
    """The mean squared error of an active feature at its own output."""
    # solution: tms_lib.theory.one_active.own_error


# %% check own_error
check("own_error")

# %% explore
wide = torch.linspace(0, 3, 301)
few = torch.linspace(0, 3, 10)
figure, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
for b, style in [(0.0, "-"), (-0.3, "--"), (-0.8, ":")]:
    error = own_error(wide, torch.tensor(b))
    ax.plot(wide, error, style, color="0.2", label=f"$b$ = {b}")
    ax.plot(wide[error.argmin()], error.min(), "ko")
    sampled = (draws - (few * draws + b).relu()).square().mean(0)
    ax.plot(few, sampled, "kx", label="expected: samples" if b == 0 else None)
    print(f"b = {b}: best gain {wide[error.argmin()]:.2f}, error {error.min():.4f}")
ax.axhline(1 / 3, color="0.6", lw=1)
ax.set(xlabel=r"gain $\|W_i\|^2$", ylabel="error at the own output", ylim=(-0.02, 0.5))
ax.legend()
plt.show()
print("a constant 1/2:", own_error(torch.tensor(0.0), torch.tensor(0.5)).item())

# %% [markdown]
# *Look.* The prediction: 0, and $1/12$, the variance of $U[0, 1]$. With a negative bias the best
# gain is above 1: the dots move to the right. They also move up. The line at $1/3$ is the price of
# showing nothing.
#
# So this is the trade. A negative bias protects an output from the others. The feature itself pays
# for it, in part with a longer $W_i$ and in part with an error that stays.

# %% prompt silenced_output [markdown]
# ### Exercise 5.4: The price of silence
#
# How much does it pay? Let an output be silent for every $x$ up to a threshold $t$. Its line
# crosses zero at $t$, so $b = -g t$, and the output is $[\,g (x - t)\,]$. Find the best gain for
# this threshold, and the error that is left:
#
# $$g(t) = \arg\min_g A(g, -g t) \qquad\text{and}\qquad A\bigl(g(t), -g(t)\, t\bigr)$$
#
# Both are formulas in $t$. Work them out with pencil and paper:
#
# 1. Below $t$ nothing comes out. What does this cost? It does not depend on $g$.
# 2. Above $t$ the error is $\int_t^1 \bigl(x - g (x - t)\bigr)^2 dx$. Set its derivative by $g$ to
#    zero, and solve for $g$.
# 3. Put $g$ back in and add both parts.
#
# - $t$ is `threshold`, a tensor of any shape, with $0 \le t < 1$.
# - Return `SilencedOutput(gain=..., error=...)`, a tuple whose parts have names. A plain tuple will
#   do too. Both parts have the shape of `threshold`.
#
# Edge case: at $t = 0$ the gain is 1 and nothing is lost.
#
# **Predict first.** $t = 0.5$: the output ignores half of all values. Does it lose more than half
# of what could be lost, $1/3$?
#
# <details><summary>Hint 1: where to start</summary>
#
# The threshold is fixed, so the derivative of $g (x - t)$ by $g$ is $x - t$. The condition is
# $\int_t^1 (x - t) \bigl(x - g (x - t)\bigr) dx = 0$. Substitute $s = x - t$, from 0 to $1 - t$.
#
# </details>
#
# <details><summary>Hint 2: check your formula</summary>
#
# $\int_t^1 x (x - t)\, dx = (1 - t)^2 (2 + t) / 6$ and $\int_t^1 (x - t)^2 dx = (1 - t)^3 / 3$. The
# gain is the first over the second. The total error is $1/3$ minus the gain times the first. Test:
# at $t = 0.4$ the gain is 2.
#
# </details>


# %% answer silenced_output
def silenced_output(
    threshold: Float[Tensor, "*shape"],
) -> tuple[Float[Tensor, "*shape"], Float[Tensor, "*shape"]]:
    """The best gain of an output that is silent up to a threshold, and the error that is left."""
    # solution: tms_lib.theory.one_active.silenced_output


# %% check silenced_output
check("silenced_output")

# %% explore
t = torch.linspace(0, 0.95, 96)
gain, error = silenced_output(t)
gains = torch.linspace(1, 40, 3901)[:, None]
few = t[5::15]
searched = tms_lib.own_error(gains, -gains * few).min(0)

figure, axes = plt.subplots(1, 3, figsize=(12, 3.5), layout="constrained")
for ax, curve, found, name in (
    (axes[0], gain, gains[searched.indices, 0], "best gain"),
    (axes[1], error, searched.values, "error that is left"),
):
    ax.plot(t, curve, color="0.2", label="yours")
    ax.plot(few, found, "kx", ms=8, label="expected: searched")
    ax.set(xlabel="threshold $t$", ylabel=name)
    ax.legend()
axes[0].set(ylim=(0, 12))
axes[1].axhline(1 / 3, color="0.6", lw=1)
for threshold, style in [(0.0, "-"), (0.3, "--"), (0.6, ":")]:
    g = tms_lib.silenced_output(torch.tensor(threshold)).gain
    axes[2].plot(x, (g * (x - threshold)).relu(), style, color="0.2", label=f"$t$ = {threshold}")
axes[2].set(xlabel="$x$", ylabel="output $[g (x - t)]$")
axes[2].legend()
plt.show()
for corners in (5, 6, 8):
    cosine = torch.tensor(math.cos(2 * math.pi / corners))
    price = silenced_output(cosine)[1]
    print(f"silent for neighbours at {360 / corners:g} degrees: t = {cosine:.3f}, lost {price:.4f}")
print(f"silent up to 0.5: lost {silenced_output(torch.tensor(0.5))[1]:.4f} of 0.3333")

# %% [markdown]
# *Look.* At $t = 0.5$ less than a quarter is lost: small values are no great loss. The error starts
# flat, like $t^2/4$, so **a little silence costs very little.** In the right picture every output
# ends above 1 at $x = 1$: too low for most $x$, and a bit too high for the largest.
#
# What does silence buy? Let all features have the same norm, and let feature $i$ be active. Its
# gain at output $j$ is $g \cos\theta$, where $\theta$ is the angle between both. Output $j$ is
# silent if $g \cos\theta \le g t$. So the threshold $t$ frees every feature that is at least
# $\arccos t$ away. Without bias that is $90°$. The printed lines are the prices of $72°$, $60°$ and
# $45°$.
#
# Is it wise to pay for complete silence? Exercise 5.7 will tell.

# %% [markdown]
# ## The whole model

# %% prompt one_active_terms [markdown]
# ### Exercise 5.5: Feature benefit and interference
#
# Add up the errors of all outputs, and average over which feature is active. As in chapter 4, keep
# two parts apart:
#
# $$\underbrace{\frac1n \sum_i I_i\, A(\|W_i\|^2, b_i)}_{\text{feature benefit}}
# \qquad\text{and}\qquad
# \underbrace{\frac1n \sum_i \sum_{j \neq i} I_j\, B(W_j \cdot W_i, b_j)}_{\text{interference}}$$
#
# - $i$ is the active feature, each of the $n$ with probability $1/n$. $j$ is an output.
# - $A$ is `tms_lib.own_error(gain, bias)` and $B$ is `tms_lib.interference_error(gain, bias)`. Both
#   work elementwise and broadcast.
# - $W_i$ is column $i$ of `W`, of shape `(*instances, hidden, features)`. `b` has shape
#   `(*instances, features)`.
# - $I_j$ is `importance`, of shape `(*instances, features)`; axes of size 1 and missing instance
#   axes broadcast. Importance and bias are those of the output that errs.
# - Return `LossTerms(feature_benefit=..., interference=...)`. Each has shape `(*instances)`.
#
# The sum of both is $L_1$; the library has it as `one_active_loss`. As in chapter 4, the first part
# is what is still *lost* at the features' own outputs.
#
# Edge case: a zero column answers a constant, $[b_i]$, in both parts.
#
# **Predict first.** Three antipodal pairs, each in a dimension of its own, with $b = 0$. What are
# the two parts?
#
# <details><summary>Hint 1: where to start</summary>
#
# `G = gram(W)` has all gains: $G_{ji} = W_j \cdot W_i$. Its diagonal,
# `G.diagonal(dim1=-2, dim2=-1)`, goes into $A$. All of it goes into $B$; then remove the diagonal
# and sum over the active features.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# $G$ is symmetric, but the errors are not, since they depend on $b_j$. Let outputs be rows:
# `b.unsqueeze(-1)` makes the biases a column, so that row $j$ gets $b_j$. Then the sum over the
# active features is `.sum(-1)`.
#
# </details>


# %% answer one_active_terms
def one_active_terms(
    W: Float[Tensor, "*#instances hidden features"],
    b: Float[Tensor, "*#instances features"],
    *,
    importance: Float[Tensor, "*#instances #features"],
) -> tuple[Float[Tensor, "*instances"], Float[Tensor, "*instances"]]:
    """Feature benefit and interference of the ReLU output model, given one active feature."""
    # solution: tms_lib.theory.one_active.one_active_terms


# %% check one_active_terms
check("one_active_terms")

# %% explore
pairs = torch.block_diag(*3 * [torch.tensor([[1.0, -1.0]])])  # 3 hidden, 6 features
terms = one_active_terms(pairs, torch.zeros(6), importance=torch.ones(6))
print("three antipodal pairs:", *(f"{term:.4f}" for term in terms))

noise = torch.Generator().manual_seed(1)
W, b = torch.randn(30, 2, 5, generator=noise), 0.5 * torch.randn(30, 5, generator=noise)
active = F.one_hot(torch.randint(5, (20_000,), generator=noise), 5)
samples = (active * torch.rand(20_000, 1, generator=noise)).expand(30, -1, -1)
measured = (samples - relu_output(samples, W=W, b=b)).square().sum(-1).mean(-1)
yours = sum(one_active_terms(W, b, importance=torch.ones(5)))

degrees = torch.linspace(0, 180, 181)
angle = torch.deg2rad(degrees)
second = torch.stack([angle.cos(), angle.sin()], dim=-1)
two = torch.stack([torch.tensor([1.0, 0.0]).expand_as(second), second], dim=-1)  # angles hidden 2
figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
axes[0].loglog(yours, measured, "ko", ms=4, fillstyle="none")
axes[0].loglog([0.1, 20], [0.1, 20], color="0.6", label="expected: equal")
axes[0].set(xlabel="your benefit + interference", ylabel="20,000 samples, one active")
axes[0].set_title("30 random models")
axes[0].legend()
for common, style in [(0.0, "-"), (-0.3, "--")]:
    interference = one_active_terms(two, torch.full((2,), common), importance=torch.ones(2))[1]
    axes[1].plot(degrees, interference, style, color="0.2", label=f"ReLU, $b$ = {common}")
linear = (two[..., 0] * two[..., 1]).sum(-1) ** 2 / 3
axes[1].plot(degrees, linear, color="0.8", lw=6, zorder=0, label="linear, $b$ = 0")
axes[1].set(xlabel="angle between two unit features, degrees", xticks=range(0, 181, 30))
axes[1].set(ylabel="interference")
axes[1].legend()
plt.show()

# %% [markdown]
# *Look.* The pairs lose nothing at all: six features in three dimensions, perfectly, as long as
# they come one at a time. On the right, the whole side beyond $90°$ is free with the ReLU. In a
# linear model only $90°$ itself is. A bias of $-0.3$ moves the border to about $73°$.
#
# How many features fit into $m$ dimensions, if every angle has to be $90°$ or more? Twice $m$, no
# more: the antipodal pairs. Whoever wants more features must accept some positive interference, or
# silence it.

# %% question free_interference [markdown]
# ### Question: why is it free?
#
# *6 minutes · 2 points, graded by hand*
#
# 1. Explain in your own words why *negative* interference costs nothing in the ReLU output model if
#    one feature is active, and why it does in a linear model.
# 2. A negative bias makes some *positive* interference free. Who pays for it, and in which two
#    ways?
# 3. Is negative interference still free if two features that share a dimension are active at once?

# %% written free_interference [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** The output of an absent feature should be 0. Negative interference drives it
# below zero, and the ReLU returns exactly 0. A linear output shows the negative number, whose
# square counts. A negative bias shifts the border from 0 to $-b_j$: what arrives below it is put
# back to 0. The feature of that output pays. It must have a larger gain (a longer column), which in
# turn makes its interference elsewhere larger; and an error stays, since its small values are not
# shown at all: $t^2 (3 + t) / 12$ at the threshold $t$. With two active features it is not free.
# The output of an *active* feature should show $x$, and negative interference lowers that: an
# antipodal pair shows $[x_0 - x_1]$. This happens with probability $p^2$, so it matters less the
# sparser the features are.
#
# **Rubric.** 2 points: the ReLU puts a negative output back to 0, which is the right value, *and*
# the feature's own output pays (larger norm, or lost small values), *and* no for two active
# features. 1 point: two of these three. 0 points: one or none.
# ### END SOLUTION

# %% [markdown]
# ## Polygons
#
# Two dimensions, $n$ features of importance 1. Up to four fit without any loss. What is best for
# five, six, seven, eight? A natural guess is to put them on a circle, at equal distances.

# %% prompt regular_polygon [markdown]
# ### Exercise 5.6: A regular polygon
#
# Put the first $k$ features on the corners of a regular polygon with radius 1:
#
# $$W_i = \bigl(\cos(2 \pi i / k), \; \sin(2 \pi i / k)\bigr) \quad\text{for } i = 0, \dots, k - 1,
# \qquad W_i = 0 \quad\text{for } i \ge k$$
#
# - $k$ is `n_corners`, from 1 to `n_features`.
# - The result has shape `(2, n_features)` and dtype float32. Features are columns.
#
# Turned and mirrored polygons are as good, and the check accepts them: it compares $W^T W$.
#
# Edge cases: two corners are an antipodal pair. One corner is a feature alone.
#
# **Predict first.** A pentagon has neighbours at $72°$. At which angle are the corners after them?
#
# <details><summary>Hint 1: where to start</summary>
#
# `torch.arange(k)` gives the $i$. Start from `torch.zeros(2, n_features)` and fill the first $k$
# columns.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `torch.linspace(0, 2 * math.pi, k)` contains both ends, so the last corner lies on the first.
#
# </details>


# %% answer regular_polygon
def regular_polygon(n_corners: int, *, n_features: int) -> Float[Tensor, "2 {n_features}"]:
    """Weights that put the first features on the corners of a regular polygon."""
    # solution: tms_lib.theory.polygons.regular_polygon


# %% check regular_polygon
check("regular_polygon")

# %% explore
figure, axes = plt.subplots(1, 4, figsize=(12, 3.2), layout="constrained")
for ax, corners in zip(axes, [2, 4, 5, 8], strict=True):
    W = regular_polygon(corners, n_features=8)
    plot_features_2d(W, ax=ax)
    yours = one_active_loss(W, torch.zeros(8), importance=torch.ones(8))
    W = tms_lib.regular_polygon(corners, n_features=8)
    expected = one_active_loss(W, torch.zeros(8), importance=torch.ones(8))
    ax.set(title=f"$L_1$ = {yours:.4f}\n(expected {expected:.4f})")
plt.show()

# %% [markdown]
# *Look.* The corners after the neighbours are at $144°$, where interference is free. The losses are
# those of radius 1 and bias 0, with eight features. The square keeps four of them perfectly. The
# pentagon keeps one more, and its interference costs nearly all that this saves. The octagon keeps
# all, and loses as much as a model that shows nothing. But radius 1 and bias 0 are not the best
# that a polygon can do.

# %% prompt best_polygon [markdown]
# ### Exercise 5.7: The best polygon
#
# Give all corners the radius $r$ and the bias $b$, and find the best of both:
#
# $$\min_{r, b} \; \frac{k}{n} \Bigl[ A(r^2, b)
# + \sum_{j=1}^{k-1} B\bigl(r^2 \cos(2 \pi j / k), b\bigr) \Bigr]
# + \frac{n - k}{n}\, \min_c \Bigl( \frac13 - c + n c^2 \Bigr)$$
#
# - $k$ is `n_corners`, from 1 to 8, and $n$ is `n_features`, at least $k$.
# - The bracket is the loss if a corner is active: its own error, and what it does to the $k - 1$
#   others. $A$ is `tms_lib.own_error` and $B$ is `tms_lib.interference_error`.
# - The $n - k$ features without a corner answer a constant $c$. Such a feature costs
#   $\int_0^1 (x - c)^2 dx = 1/3 - c + c^2$ if it is the active one, and $c^2$ if one of the $n - 1$
#   others is. Find the best $c$ with pencil and paper.
# - Return `BestPolygon(radius=..., bias=..., dropped_bias=..., loss=...)` with the best $r \ge 0$,
#   $b$ and $c$, and the loss. Or a plain tuple, in this order. All are Python numbers: `.item()`
#   makes one of a tensor.
# - Search in any way you like, for two seconds at most. The radius must be right within 0.005, the
#   bias within 0.01, and the loss within 0.00001.
#
# Edge cases: return the best $c$ also for $k = n$, where no feature needs it. With one corner the
# sum is empty.
#
# **Predict first.** There are eight features. Which $k$ will be best: 4, 5, 6, 7 or 8?
#
# <details><summary>Hint 1: where to start</summary>
#
# `r, b = torch.meshgrid(radii, biases, indexing="ij")` makes a grid of both, and the errors
# broadcast over it. The cosines need an axis of their own: `(r**2).unsqueeze(-1) * cosine`.
# `argmin` finds the best point. Then search a smaller grid around it, and again.
#
# </details>
#
# <details><summary>Hint 2: why descent is hard here</summary>
#
# The valley is long and nearly flat: a longer $W_i$ makes up for a more negative bias. And where
# $b \le -r^2$ nothing comes out, and there is no gradient either. A grid with $r$ from 0 to 3 and
# $b$ from $-2$ to 1 contains the valley. Use float64 for the last digits.
#
# </details>


# %% answer best_polygon
def best_polygon(n_corners: int, *, n_features: int) -> tuple[float, float, float, float]:
    """Radius, bias, the constant of dropped features, and the loss of the best polygon."""
    # solution: tms_lib.theory.polygons.best_polygon


# %% check best_polygon
check("best_polygon")

# %% explore
print("       radius    bias   silent up to   next corner at   1/(1 + b)   radius^2   L_1, n = k")
for corners in range(4, 9):
    radius, bias, _, loss = best_polygon(corners, n_features=corners)
    cosine = math.cos(2 * math.pi / corners)
    rule = f"{1 / (1 + bias):.3f}" if bias > -1 else "-"
    print(
        f"k = {corners}  {radius:.4f} {bias:8.4f} {-bias / radius**2:10.3f} {cosine:16.3f}"
        f" {rule:>15} {radius**2:10.3f} {loss:11.5f}"
    )
expected = [tms_lib.best_polygon(k, n_features=k).loss for k in range(4, 9)]
print("expected losses:", [f"{loss:.5f}" for loss in expected])
losses = [best_polygon(k, n_features=8)[3] for k in range(1, 9)]
print(f"eight features: best is k = {1 + losses.index(min(losses))}")

# %% [markdown]
# *Look.* From five corners on, the bias is negative and the radius above 1. Compare the column
# *silent up to* with *next corner at*, the cosine of the angle to the neighbours. The best outputs
# are **not** silent for their neighbours. They let a part through, because the last bit of silence
# is the most expensive. And a larger radius makes the interference at the neighbours larger,
# too.
#
# For eight features the heptagon is best, by a little. One feature is left out so that the others
# have more room.
#
# The paper has a rule of thumb for such biases, $\|W_i\| = 1 / (1 - b_i)$ for a bias that is
# *subtracted*. With our sign that is $1/(1 + b)$. By the table, it is close to the *squared* norm
# of the pentagon, and far from that of polygons with more corners.

# %% [markdown]
# ### What training finds
#
# Is a regular polygon really the best that one can do? The next cell trains models of five to eight
# features directly on $L_1$, the exact loss, 48 seeds each. It takes some seconds for every $n$.

# %% explore
trained = {}  # for each n: W and losses, sorted by loss
for n in range(5, 9):
    generator = torch.Generator().manual_seed(n)
    start = {"W": torch.randn(48, 2, n, generator=generator), "b": torch.zeros(48, n)}
    model = nn.ParameterDict(start)

    def exact_loss(model=model, n=n):
        return one_active_loss(model["W"], model["b"], importance=torch.ones(n))

    minimise(model, exact_loss, generator=generator, config=TrainConfig(n_steps=800, lr=0.05))
    with torch.no_grad():
        losses, order = exact_loss().sort()
    trained[n] = model["W"].detach()[order], losses

figure, axes = plt.subplots(2, 4, figsize=(12, 6.2), dpi=80, layout="constrained")
for column, n in enumerate(trained):
    W, losses = trained[n]
    best = min(tms_lib.best_polygon(k, n_features=n).loss for k in range(1, n + 1))
    plot_features_2d(W[0], ax=axes[0, column])
    axes[0, column].set(title=f"$n$ = {n}, best of 48 seeds")
    plot_features_2d(W[24], ax=axes[1, column])
    axes[1, column].set(title=f"median seed, $L_1$ = {losses[24]:.3f}")
    good = int((losses < 1.01 * best).sum())
    print(f"n = {n}: least trained loss / best polygon {losses[0] / best:.4f}, {good} of 48 seeds")
plt.show()

# %% [markdown]
# *Look.* No seed falls below the best polygon, and for most $n$ few seeds reach it. Many end with a
# feature left out, or with features of unequal lengths. The paper reports that models do not embed
# six features as a hexagon. In the limit of one active feature the hexagon *is* the best solution
# that we know of; gradient descent just rarely arrives there.
#
# And does any of this matter for real data, where two features may be active at once? Train on
# samples, five features in two dimensions, and look at the best of eight seeds as features get
# sparser.

# %% explore
densities = [0.3, 0.1, 0.03, 0.01, 0.003, 0.001]
p = torch.tensor(densities).repeat_interleave(8)[:, None].expand(-1, 5).contiguous()
generator = torch.Generator().manual_seed(0)
model = ReLUOutputModel(n_instances=len(p), n_features=5, n_hidden=2, generator=generator)
sampler = FeatureSampler(p)
settings = {"importance": torch.ones(5), "generator": generator}
train(model, sampler, **settings, config=TrainConfig(n_steps=1200, batch_size=256))
losses = expected_loss(model, sampler, **settings, n_samples=2**14).unflatten(0, (-1, 8))
W_sparse = best_of_seeds(model.W.detach().unflatten(0, (-1, 8)), losses)
b_sparse = best_of_seeds(model.b.detach().unflatten(0, (-1, 8)), losses)
for k, density in enumerate(densities):
    norms, biases = W_sparse[k].norm(dim=0).sort().values, b_sparse[k].sort().values
    ratio = losses[k].min() / (5 * density)
    found = f"norms {norms[0]:.3f} to {norms[4]:.3f}, median bias {biases[2]:.3f}"
    print(f"p = {density:5}:    loss / (n p) {ratio:.4f}, {found}")
best = tms_lib.best_polygon(5, n_features=5)
print(f"best pentagon: {best.loss:19.4f}, {'':6} norm {best.radius:.3f}, bias {best.bias:.3f}")

# %% [markdown]
# *Look.* As $p$ falls, trained models become the pentagon that you computed, norm, bias and loss.
# At $p = 0.1$ all five features have the same norm already, but a smaller one, and the bias is
# nearer to 0: there, two active features are no longer rare. At $p = 0.3$ one feature is left out.

# %% [markdown]
# ## Electrons
#
# Features that share a space keep each other at a distance. So do electrons. Where do $n$ electrons
# settle on a sphere? J. J. Thomson asked this in 1904, and the answers are polytopes. The paper
# points to this likeness. Let us see how far it goes.

# %% prompt thomson_energy [markdown]
# ### Exercise 5.8: Thomson's energy
#
# Equal charges have the potential energy
#
# $$E = \sum_{i < j} \frac{1}{\|x_i - x_j\|}$$
#
# - $x_i$ is column $i$ of `points`, of shape `(*instances, dims, points)`. Columns are points, as
#   features are in $W$.
# - Each pair counts once.
# - The result has shape `(*instances)`. Gradients must flow to `points`.
#
# Take the points as they are. Whether they lie on a sphere is the caller's business.
#
# Edge cases: a point alone has energy 0. Two points in the same place have an infinite energy.
#
# **Predict first.** Eight points on a sphere: is a cube best?
#
# <details><summary>Hint 1: where to start</summary>
#
# `i, j = torch.triu_indices(n, n, offset=1, device=points.device)` lists all pairs with $i < j$.
# Then `points[..., i] - points[..., j]` has all differences.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# A matrix of all distances has zeros on its diagonal, and $1/0$ is infinite. Setting these entries
# to 0 *afterwards* gives the right energy, but its gradients may be NaN. Leave the pairs $i = j$
# out from the beginning.
#
# </details>


# %% answer thomson_energy
def thomson_energy(
    points: Float[Tensor, "*instances dims points"],
) -> Float[Tensor, "*instances"]:
    """The potential energy of equal charges."""
    # solution: tms_lib.theory.thomson.thomson_energy


# %% check thomson_energy
check("thomson_energy")

# %% explore
signs = torch.tensor([1.0, -1.0])
cube = torch.cartesian_prod(signs, signs, signs).T / math.sqrt(3)
shapes = {name: tms_lib.polytope(name) for name in ("tetrahedron", "triangular bipyramid")}
shapes |= {name: tms_lib.polytope(name) for name in ("octahedron", "pentagonal bipyramid")}
shapes |= {"cube": cube, "square antiprism": tms_lib.polytope("square antiprism")}
for name, shape in shapes.items():
    n = shape.shape[-1]
    energies = f"energy {thomson_energy(shape):8.5f}, expected {tms_lib.thomson_energy(shape):8.5f}"
    print(f"{n} points, {name:20} {energies}, least known {THOMSON_MINIMUM[n]:8.5f}")

# %% [markdown]
# *Look.* Up to seven points the polytope has the least energy known. The cube does not: turn its
# upper square by $45°$, and the corners get further apart. That is the square antiprism. Its energy
# is a little above the minimum, because ours has the proportions that suit features (chapter 7).
#
# Now let them move. The next cell starts from random points and goes downhill on *your* energy.

# %% explore
steps = tuple(range(0, 601, 10))
settled = {}  # for each n: the points at each step, and the energies
for n in (4, 5, 6, 7, 8, 12):
    generator = torch.Generator().manual_seed(1)
    cloud = nn.ParameterDict({"x": torch.randn(8, 3, n, generator=generator)})

    def energy(cloud=cloud):
        return thomson_energy(F.normalize(cloud["x"], dim=-2))

    config = TrainConfig(n_steps=600, lr=0.1)
    result = minimise(cloud, energy, generator=generator, config=config, snapshots=steps)
    paths = F.normalize(result.snapshots["x"], dim=-2)  # steps runs 3 points
    settled[n] = paths, tms_lib.thomson_energy(paths)
    gap = settled[n][1][-1] / THOMSON_MINIMUM[n] - 1
    print(f"{n:2} points: all 8 runs within {gap.max():.1e} of the least energy known")

# %% [markdown]
# *Look.* All eight runs arrive, for every number of points. Compare that with the features, of
# which few seeds found the best polygon. Electrons cannot drop out.
#
# Next, the same numbers of *features* in three dimensions, again trained on $L_1$. To compare
# shapes that may be turned, take the cosines of all pairs of directions and sort them. Equal shapes
# have equal lists.

# %% explore
figure, axes = plt.subplots(1, 4, figsize=(13, 3.6), layout="constrained", sharey=True)
for ax, n in zip(axes, (5, 6, 7, 8), strict=True):
    generator = torch.Generator().manual_seed(n)
    start = {"W": torch.randn(48, 3, n, generator=generator), "b": torch.zeros(48, n)}
    model = nn.ParameterDict(start)

    def exact_loss(model=model, n=n):
        return one_active_loss(model["W"], model["b"], importance=torch.ones(n))

    minimise(model, exact_loss, generator=generator, config=TrainConfig(n_steps=800, lr=0.05))
    with torch.no_grad():
        losses, order = exact_loss().sort()
    paths, energies = settled[n]
    directions = [paths[-1, energies[-1].argmin()]]
    directions += list(F.normalize(model["W"].detach()[order[:3]], dim=-2))
    i, j = torch.triu_indices(n, n, offset=1)
    for k, (points, marker) in enumerate(zip(directions, ["-", "o", "x", "+"], strict=True)):
        cosines = gram(points)[i, j].sort().values
        label = f"features, number {k}" if k else "electrons"
        ax.plot(cosines, marker, color="0.2" if k else "0.7", lw=3, fillstyle="none", label=label)
    ax.set(title=f"$n$ = {n}", xlabel="pair, sorted")
    print(f"n = {n}: least losses", ", ".join(f"{loss:.5f}" for loss in losses[:3].tolist()))
axes[0].set(ylabel="cosine of the angle")
axes[0].legend()
plt.show()

# %% [markdown]
# *Look.* The marks are the three best of 48 seeds, the line is the electrons. For which numbers do
# the marks agree with each other? For which do they agree with the line?

# %% question electrons_and_features [markdown]
# ### Question: where the likeness ends
#
# *6 minutes · 2 points, graded by hand*
#
# The paper compares features with electrons on a sphere. Use the last picture and what you know
# about interference.
#
# 1. For six points, and nearly for eight, electrons and features have the same shape. For five, the
#    best seeds all have the loss 0, and different shapes. Why is there no best shape of five
#    features in three dimensions, but one of five electrons?
# 2. Name two things that features can do and electrons on a sphere cannot.

# %% written electrons_and_features [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** Electrons repel at every distance, so every pair wants to be as far apart as
# possible, and five have a definite best place (a triangular bipyramid). Features disturb each
# other only at angles below $90°$. Beyond that, interference is free, and a larger angle gains
# nothing. Five features fit into three dimensions with all angles at $90°$ or more, in many ways:
# all of them lose nothing, so no shape is better than another. (Six fit in one way only, as three
# antipodal pairs.) From seven on, some angles must be below $90°$, and the features have a definite
# shape again; at seven it is another one than the electrons'. Features can also change their
# lengths, use a bias to silence their neighbours, be left out, or differ in importance.
#
# **Rubric.** 2 points: says that interference beyond $90°$ costs nothing while electrons repel at
# every distance, so that several arrangements of five have no loss, *and* two things that features
# can do. 1 point: one of the two. 0 points: neither.
# ### END SOLUTION

# %% [markdown]
# ## The big picture
#
# Above: your best polygons, loss against corners, for five to eight features. The short dashes are
# trained models, a little to the right of the number of features that they represent. Below: points
# that settle into polytopes, by your energy.

# %% explore
figure = plt.figure(figsize=(13, 9), dpi=80, layout="constrained")
upper, lower = figure.subfigures(2, 1, height_ratios=[5, 4])
left, right = upper.subplots(1, 2)
shades = plt.get_cmap("viridis")([0.0, 0.3, 0.6, 0.85])
for (n, (W, losses)), shade, marker in zip(trained.items(), shades, "osD^", strict=True):
    corners = range(2, n + 1)
    yours = [best_polygon(k, n_features=n)[3] for k in corners]
    left.plot(corners, yours, marker=marker, color=shade, label=f"$n$ = {n}")
    expected = [tms_lib.best_polygon(k, n_features=n).loss for k in corners]
    left.plot(corners, expected, "k.", ms=4, zorder=3)
    kept = tms_lib.count_represented(W, threshold=0.3).clamp(max=n)
    shift = 0.05 * (n - 6.5)
    left.plot(kept + 0.12 + shift, losses, "_", color=shade, ms=9, alpha=0.6)
left.set(xlabel="corners $k$, features represented", ylabel="$L_1$, one active feature")
left.set(title="best $k$-gon (line, dots: expected); trained models (dashes)", ylim=(-0.005, 0.25))
left.legend()

styles = ["-", "--", ":", "-.", "-", "--"]
for (n, (_, energies)), style in zip(settled.items(), styles, strict=True):
    excess = (energies / THOMSON_MINIMUM[n] - 1).clamp(min=1e-7).median(-1).values
    right.semilogy(steps, excess, style, color=str(0.06 * n - 0.2), label=f"{n} points")
right.set(xlabel="step", ylabel="energy above the least known, relative", ylim=(1e-7, 3))
right.set_title("points settling, median of 8 runs")
right.legend()

for column, n in enumerate((4, 6, 7, 8, 12)):
    paths, energies = settled[n]
    run = energies[-1].argmin()
    ax = lower.add_subplot(1, 5, column + 1, projection="3d")
    plot_features_3d(paths[-1, run], ax=ax)
    for point in paths[:, run].unbind(-1):
        ax.plot(*point.T, color="tab:blue", lw=1)  # its way, from the start
    ax.set_box_aspect(None, zoom=1.2)
    ax.set_title(f"{n} points")
plt.show()

# %% [markdown]
# *Look.* Each line falls while more features find a place, and flattens as they crowd. For eight
# features it turns up at the end: the heptagon beats the octagon. No trained model lies below the
# lowest point of its line. The fine lines show the ways of the points to the tetrahedron,
# octahedron, pentagonal bipyramid, square antiprism and icosahedron.
#
# ## What you have now
#
# - With one active feature every output sees a line, cut off at zero. Its errors are two integrals:
#   $A(g, b)$ at the own output, $B(g, b)$ at the others.
# - Negative interference is free: $B(g, 0) = [g]^2/3$. So $2m$ features fit into $m$ dimensions
#   without any loss.
# - A negative bias makes some positive interference free. An output that is silent up to $t$ needs
#   the gain $(2 + t) / (2 (1 - t))$ and loses $t^2 (3 + t) / 12$: little, if $t$ is small.
# - So five or more features can share two dimensions. The best polygons are longer than 1 and have
#   negative biases, but do not silence their neighbours completely. For eight features seven
#   corners are best.
# - Sparse trained models are these polygons. Many seeds end elsewhere, so keep the best of several.
# - Electrons on a sphere form similar shapes. They repel at every distance, and features only below
#   $90°$.
#
# **In the paper.** Elhage et al. (2022), "Toy Models of Superposition", section *Mathematical
# Understanding*: the loss of the ReLU output model for one active feature, feature benefit and
# interference, negative interference and the role of the bias, and the Thomson problem.
#
# **Later work.** Chen et al. (2023), "Dynamical versus Bayesian Phase Transitions in a Toy Model of
# Superposition", treat the polygons of this chapter in two dimensions: which $k$-gons are critical
# points of the loss, and how training moves between them.
#
# **Next.** With two active features, sharing costs. Chapter 6 weighs that against ignoring a
# feature, and finds a phase change.
