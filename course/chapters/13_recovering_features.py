# %% [markdown]
# # Chapter 13: Recovering features
#
# In every chapter so far you knew the features. They were the inputs, and $W$ was there to look at.
# In a real network nobody has either. There are only hidden activations, with more features in them
# than dimensions. Can the features be found again? In this chapter you build the tool that people
# use for this, a sparse autoencoder. And because you do know the truth here, you can see when the
# tool works, and when it only looks as if it did.
#
# **You will**
#
# - write a sparse autoencoder: its encoder, its decoder and its loss;
# - compare what it found with the true directions, by a measure that is hard to fool;
# - find latents that have died, and give them a second start;
# - write the training, and recover the features of toy models from their hidden vectors alone;
# - see an autoencoder reconstruct almost perfectly and recover nothing.
#
# **You need** chapter 2 (training loops) and chapter 3: the columns of $W$ are the features'
# directions. The rules for all answers from chapter 1 hold: arguments stay as they are, dtype and
# device are kept, instances do not mix, and all randomness comes from `generator`.
#
# **How it works:** run the cells from top to bottom, write your answer in place of
# `raise NotImplementedError()`, run the check below it, and read what it says. About two hours.

# %% setup
# %load_ext jaxtyping
# %jaxtyping.typechecker beartype.beartype

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

import tms_lib
from autograder import check
from tms_lib import FeatureSampler, ReLUOutputModel, TrainConfig, embed, sample_features, train

torch.set_num_threads(1)  # on a busy machine, threads that share small steps mostly wait

# %% [markdown]
# ## What there is to see
#
# The first model is an old friend: five features in two dimensions, sparse ($p = 0.05$) and equally
# important. The next cell trains some seeds, keeps the best, and feeds it 8,192 inputs $x$. From
# then on we look only at the hidden vectors $h = W x$.

# %% explore
generator = torch.Generator().manual_seed(0)


def trained_toy_model(p: Tensor, *, n_hidden: int) -> Tensor:
    """W of the best of some seeds; `p` has the axes `seeds features`."""
    n_seeds, n_features = p.shape
    model = ReLUOutputModel(
        n_instances=n_seeds, n_features=n_features, n_hidden=n_hidden, generator=generator
    )
    importance = torch.ones(n_features)
    config = TrainConfig(n_steps=2000, batch_size=128)
    sampler = FeatureSampler(p)
    train(model, sampler, importance=importance, generator=generator, config=config)
    losses = tms_lib.expected_loss(
        model, sampler, importance=importance, n_samples=4096, generator=generator
    )
    return model.W.detach()[losses.argmin()]


p = torch.full((8, 5), 0.05)
W = trained_toy_model(p, n_hidden=2)  # hidden features
x = sample_features(p[0], 8192, generator=generator)  # inputs features
h = embed(x, W)  # inputs hidden

figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained", sharex=True, sharey=True)
tms_lib.plot_features_2d(W, ax=axes[0]).set_title("what the model has: $W$")
axes[1].plot(*h.T, "k.", ms=2, alpha=0.5)
axes[1].set(title="what we are given: $h$", xlabel="hidden dimension 0", aspect="equal")
active = (x > 0).sum(-1)
shares = [(active == k).float().mean().item() for k in range(3)]
print("inputs with 0, 1, 2 active features:", [f"{share:.0%}" for share in shares])
plt.show()

# %% [markdown]
# *Look.* The picture on the right knows nothing of features, and yet it shows them: five rays. An
# input with one active feature lies on the ray of that feature. The dots between two rays are
# inputs with two. So sparsity betrays the directions. We want a program that finds the rays, also
# where no one can draw a picture.

# %% [markdown]
# ## A sparse autoencoder
#
# It writes $h$ as a sum of a few directions, chosen from a list that is longer than $h$ has
# dimensions. How much of each direction it takes is called a *latent*. If all goes well, latent
# $k$ is the value of one feature, and direction $k$ is that feature's.

# %% prompt sparse_encode [markdown]
# ### Exercise 13.1: The encoder
#
# The encoder reads the latents off $h$:
#
# $$f = \mathrm{ReLU}\bigl(W_\text{enc} (h - b_\text{dec}) + b_\text{enc}\bigr)$$
#
# - $h$ is a hidden vector, a row of `h`, which has shape `(*instances, batch, hidden)`.
# - $W_\text{enc}$ is `W_enc`, of shape `(*instances, latents, hidden)`. Latent $k$ reads with
#   **row** $k$.
# - $b_\text{enc}$ is `b_enc`, of shape `(*instances, latents)`. A negative entry is a threshold.
# - $b_\text{dec}$ is `b_dec`, of shape `(*instances, hidden)`. The decoder will add it, so the
#   encoder takes it off first.
# - The result has shape `(*instances, batch, latents)`. No latent is negative.
#
# Edge case: no instance axis at all, or several, works too.
#
# **Predict first.** Let the rows be the five true directions, a pentagon of unit vectors, with both
# biases 0. Only feature 0 is active. How many of the five latents are active?
#
# <details><summary>Hint 1: where to start</summary>
#
# `b_dec.unsqueeze(-2)` gets an axis for the batch, so that it broadcasts against `h`. `W_enc.mT` is
# the transpose of every instance's matrix.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `b_enc` needs the batch axis as well. Without it, torch may take the instances for the batch.
#
# </details>


# %% answer sparse_encode
def sparse_encode(
    h: Float[Tensor, "*instances batch hidden"],
    *,
    W_enc: Float[Tensor, "*instances latents hidden"],
    b_enc: Float[Tensor, "*instances latents"],
    b_dec: Float[Tensor, "*instances hidden"],
) -> Float[Tensor, "*instances batch latents"]:
    """How strongly each latent is active."""
    # solution: tms_lib.autoencoder.sparse_encode


# %% check sparse_encode
check("sparse_encode")

# %% explore
W_hat = F.normalize(W, dim=0)  # true directions, hidden features
one_feature = torch.linspace(0, 1, 21).unsqueeze(-1) * W[:, 0]  # feature 0 at 21 values
figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained", sharey=True)
for ax, threshold in zip(axes, [0.0, 0.4], strict=True):
    encoder = {"W_enc": W_hat.T, "b_enc": torch.full((5,), -threshold), "b_dec": torch.zeros(2)}
    values = torch.linspace(0, 1, 21)
    ax.plot(values, sparse_encode(one_feature, **encoder), color="0.6", lw=5)
    ax.plot(values, tms_lib.sparse_encode(one_feature, **encoder), "k.--", lw=1)
    ax.set(title=f"all of $b_{{enc}}$ at {0 - threshold:g}", xlabel="feature 0; all others are 0")
axes[0].plot([], [], color="0.6", lw=5, label="yours")
axes[0].plot([], [], "k.--", lw=1, label="expected")
axes[0].set_ylabel("the five latents")
axes[0].legend()
plt.show()

# %% [markdown]
# *Look.* The prediction: three. The two neighbours are at 72°, and $\cos 72° = 0.31$ is positive,
# so they hear something too. (Their lines nearly coincide.) Features interfere for whoever reads
# directions, not only for the toy model.
#
# On the right the threshold silences the neighbours. This is what the toy model's negative bias did
# in chapter 3. It has its price: the right latent is now too small, and silent while the feature is
# weak. Remember this price. It will explain the strangest result of the chapter.

# %% prompt sparse_decode [markdown]
# ### Exercise 13.2: The decoder
#
# The decoder puts $h$ together again:
#
# $$h' = \sum_k f_k \, d_k + b_\text{dec} \qquad\text{with}\qquad d_k = W_k / \|W_k\|$$
#
# - $f_k$ is latent $k$: `latents` has shape `(*instances, batch, latents)`.
# - $W_k$ is **column** $k$ of `W_dec`, which has shape `(*instances, hidden, latents)`. As in the
#   toy model, directions are columns.
# - $d_k$ is the unit vector in its direction. Only the direction counts.
# - $b_\text{dec}$ is `b_dec`, of shape `(*instances, hidden)`.
# - The result has shape `(*instances, batch, hidden)`.
#
# Edge cases: a zero column has no direction and adds nothing, but the shortest other one has a
# direction. If no latent is active, $b_\text{dec}$ is left.
#
# **Predict first.** Suppose the columns were not divided by their length, and large latents cost
# something. Which way out would a training find?
#
# <details><summary>Hint 1: where to start</summary>
#
# `F.normalize(W_dec, dim=-2)` makes unit columns, and leaves a zero column at zero.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `dim=-1` would normalise the rows. Count the axes from the end: columns run along `-2`.
#
# </details>


# %% answer sparse_decode
def sparse_decode(
    latents: Float[Tensor, "*instances batch latents"],
    *,
    W_dec: Float[Tensor, "*instances hidden latents"],
    b_dec: Float[Tensor, "*instances hidden"],
) -> Float[Tensor, "*instances batch hidden"]:
    """The hidden vector that the latents stand for."""
    # solution: tms_lib.autoencoder.sparse_decode


# %% check sparse_decode
check("sparse_decode")

# %% explore
encoder = {"W_enc": W_hat.T, "b_enc": torch.full((5,), -0.4), "b_dec": torch.zeros(2)}
latents = tms_lib.sparse_encode(h, **encoder)
figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained", sharex=True, sharey=True)
for ax, decode, title in zip(
    axes, [sparse_decode, tms_lib.sparse_decode], ["yours", "expected"], strict=True
):
    h_hat = decode(latents, W_dec=W, b_dec=torch.zeros(2))
    error = ((h - h_hat) ** 2).sum() / (h**2).sum()
    ax.plot(*h.T, ".", color="0.75", ms=4, label="$h$")
    ax.plot(*h_hat.T, "k.", ms=2, label="$h'$")
    ax.set(title=f"{title}: error {error:.0%}", xlabel="hidden dimension 0", aspect="equal")
axes[0].legend(loc="upper left")
plt.show()

# %% [markdown]
# *Look.* The prediction: the columns would become long and the latents short, with the same sum and
# next to no cost.
#
# The autoencoder here has the true directions and the threshold of the last picture. Its rays are
# right, but too short: every reconstruction falls short by the threshold. The error is given as a
# share of the mean of $\|h\|^2$. An autoencoder that knows *all* the features thus makes an error
# that others may undercut.

# %% prompt sparse_loss [markdown]
# ### Exercise 13.3: The loss
#
# A good autoencoder reconstructs, with small and few latents:
#
# $$L(h) = \|h - h'\|^2 + \lambda \sum_k f_k$$
#
# - $h$ and $h'$ are rows of `h` and `h_hat`, which have shape `(*instances, batch, hidden)`.
#   $\|h - h'\|^2$ is the sum of squares over the hidden dimensions.
# - $f_k$ is latent $k$ of this input; `latents` has shape `(*instances, batch, latents)`.
# - $\lambda$ is `l1`, a number: the *price* of the latents. (Since no $f_k$ is negative, the sum is
#   their L1 norm.)
# - The result has shape `(*instances, batch)`: one loss per input.
#
# Edge case: $\lambda = 0$ leaves the error.
#
# **Predict first.** Let $h = v \, d$ with a unit vector $d$ and $v = 1$, and let a latent have just
# this direction. At the price $\lambda = 0.4$, which value of the latent has the least loss?
#
# <details><summary>Hint 1: where to start</summary>
#
# Two sums over the last axis, of different tensors.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Sums, not means. The mean over the batch comes later, in the training.
#
# </details>


# %% answer sparse_loss
def sparse_loss(
    h: Float[Tensor, "*instances batch hidden"],
    h_hat: Float[Tensor, "*instances batch hidden"],
    *,
    latents: Float[Tensor, "*instances batch latents"],
    l1: float,
) -> Float[Tensor, "*instances batch"]:
    """The squared error of each input, plus the price of its latents."""
    # solution: tms_lib.autoencoder.sparse_loss


# %% check sparse_loss
check("sparse_loss")

# %% explore
f = torch.linspace(0, 1.2, 61).unsqueeze(-1)  # 61 candidates for the latent
d = torch.tensor([0.6, 0.8])
figure, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
for price, dash in zip([0.0, 0.4, 1.0], ["-", "--", ":"], strict=True):
    loss = sparse_loss(d.expand(61, 2), f * d, latents=f, l1=price)
    expected = tms_lib.sparse_loss(d.expand(61, 2), f * d, latents=f, l1=price)
    ax.plot(f, loss, color="0.6", lw=4, ls=dash, label=rf"$\lambda$ = {price:g}")
    ax.plot(f[::4], expected[::4], "k.", ms=4)
    best = loss.argmin()
    ax.plot(f[best], loss[best], "k^", ms=9)
    print(f"price {price:.1f}: the best latent is {f[best].item():.2f}")
ax.set(xlabel="the latent", ylabel="loss at $v = 1$: yours, and expected (dots)")
ax.legend()
plt.show()

# %% [markdown]
# *Look.* The prediction: 0.8. The loss is $(v - f)^2 + \lambda f$, which is least at
# $f = v - \lambda / 2$. So a latent should come out too small by half the price, and an input with
# $v < \lambda / 2$ should be left alone. The price asks for a threshold by itself.
#
# One more fact, for later. Unit directions that add up to a vector of length $v$ need latents that
# add up to at least $v$. They add up to just $v$ if there is only one. So the price does not count
# the active latents. But it is least for a single latent that points the right way.

# %% [markdown]
# ## Is it the truth?
#
# Suppose somebody hands you an autoencoder. Before we train any, let us settle how to judge one.

# %% prompt cosine_similarity [markdown]
# ### Exercise 13.4: Directions compared
#
# Compare each true direction with each one that was found:
#
# $$c_{ik} = \hat W_i \cdot d_k$$
#
# - $\hat W_i$ is the unit vector along column $i$ of `W`, which has shape
#   `(*instances, hidden, features)`.
# - $d_k$ is the unit vector along column $k$ of `W_dec`, of shape `(*instances, hidden, latents)`.
# - The result has shape `(*instances, features, latents)`: features in the rows.
#
# 1 means the same direction. The sign stays: an antipodal pair, such as chapter 3 had, is *two*
# features, and $-1$ is the opposite of a match.
#
# Edge case: a zero column, on either side, gets 0, not NaN. All others must be exact, however short
# they are.
#
# **Predict first.** Take eight directions in a plane at random. What is the largest cosine that a
# true direction has with one of them, on average: 0.5, 0.7 or 0.9?
#
# <details><summary>Hint 1: where to start</summary>
#
# Unit columns on both sides first. Then one matrix product has all pairs.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `F.cosine_similarity(W, W_dec, dim=-2)` pairs column 0 with column 0. All pairs were asked for.
#
# </details>


# %% answer cosine_similarity
def cosine_similarity(
    W: Float[Tensor, "*instances hidden features"],
    W_dec: Float[Tensor, "*instances hidden latents"],
) -> Float[Tensor, "*instances features latents"]:
    """The cosine between each true direction and each one that was found."""
    # solution: tms_lib.recovery.cosine_similarity


# %% check cosine_similarity
check("cosine_similarity")

# %% explore
n_draws = 500
for hidden, n_latents in ((2, 5), (2, 8), (6, 40)):
    true = torch.randn(n_draws, hidden, 5, generator=generator)
    chance = torch.randn(n_draws, hidden, n_latents, generator=generator)
    yours = cosine_similarity(true, chance).amax(-1).mean()
    expected = tms_lib.cosine_similarity(true, chance).amax(-1).mean()
    print(
        f"{n_latents:2} random directions in {hidden} dimensions: mean largest cosine "
        f"{yours:.2f} (expected {expected:.2f})"
    )

# %% [markdown]
# *Look.* The prediction: 0.9. In few dimensions something is always close by. The mean
# over the features of the largest cosine is a popular measure of recovery. It is worth nothing
# without this baseline: 0.9 sounds like success, and may be chance.
#
# It has a second weakness. Two features may have the *same* latent as their nearest.

# %% prompt matched_cosine_similarity [markdown]
# ### Exercise 13.5: A latent of its own
#
# Give every feature a latent that it shares with no other:
#
# 1. Take the largest cosine $c_{ik}$ of all. Feature $i$ and latent $k$ are matched, and $c_{ik}$
#    is feature $i$'s value.
# 2. Cross out feature $i$ and latent $k$, and repeat with what is left, until no feature or no
#    latent is left.
#
# - $c_{ik}$ is the cosine of exercise 13.4, between column $i$ of `W`,
#   `(*instances, hidden, features)`, and column $k$ of `W_dec`, `(*instances, hidden, latents)`.
# - The result has shape `(*instances, features)`: one cosine per feature. Every instance has its
#   own matching.
#
# Edge cases: with fewer latents than features, the features that are left over get 0. A matched
# value may be negative, if nothing better is left. (No check has two equal cosines.)
#
# `tms_lib.cosine_similarity` is there to use.
#
# **Predict first.** Features at 0° and 30°, latents at 10° and 100°. What are the two values?
#
# <details><summary>Hint 1: where to start</summary>
#
# The number of rounds is known: the smaller of the two numbers. `similarity.flatten(-2).max(-1)`
# finds each instance's largest entry and its place; `place // n_latents` is the feature and
# `place % n_latents` the latent. Or loop over the instances: the check does not mind.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# Cross out with `-torch.inf`. A 0 would be larger than a negative cosine, and be matched.
#
# </details>


# %% answer matched_cosine_similarity
def matched_cosine_similarity(
    W: Float[Tensor, "*instances hidden features"],
    W_dec: Float[Tensor, "*instances hidden latents"],
) -> Float[Tensor, "*instances features"]:
    """For each feature, its cosine with a latent of its own."""
    # solution: tms_lib.recovery.matched_cosine_similarity


# %% check matched_cosine_similarity
check("matched_cosine_similarity")

# %% explore
angle = torch.tensor([0.0, 30.0, 10.0, 100.0]).deg2rad()
four = torch.stack([angle.cos(), angle.sin()])
print("0° and 30° against 10° and 100°:", matched_cosine_similarity(four[:, :2], four[:, 2:]))

chance = torch.randn(500, 2, 5, generator=generator)
true = W.expand(500, 2, 5)
for name, matched in {
    "yours": matched_cosine_similarity(true, chance),
    "expected": tms_lib.matched_cosine_similarity(true, chance),
}.items():
    row = ", ".join(f"{value:.2f}" for value in matched.sort(descending=True).values.mean(0))
    print(f"five random directions, matched, best feature first, {name}: {row}")
nearest = tms_lib.cosine_similarity(true, chance).amax(-1).sort(descending=True).values.mean(0)
print("the same, nearest latent:", ", ".join(f"{value:.2f}" for value in nearest))

# %% [markdown]
# *Look.* The prediction: $\cos 10° = 0.98$ for the first, and $\cos 70° = 0.34$ for the second,
# which has to take what is left.
#
# Matching is a harder judge. By their nearest latents, even the last of the five features seems to
# have something. Asked for a latent of its own, it is left with one that points away from it. From
# here on, we call a feature **recovered** if its matched cosine is above 0.95.

# %% [markdown]
# ## Latents that die
#
# Now a larger toy model: 20 features in 6 dimensions. Eight autoencoders with 20 latents each are
# trained on its hidden vectors, from different starts. There are just enough latents: one for every
# feature.

# %% explore
p_large = torch.full((2, 20), 0.02)
W_large = trained_toy_model(p_large, n_hidden=6)
x_large = sample_features(p_large[0], 8192, generator=generator)
h_large = embed(x_large, W_large)
print("represented features:", tms_lib.count_represented(W_large).item(), "in 6 dimensions")

autoencoders = tms_lib.SparseAutoencoder(
    n_instances=8, n_hidden=6, n_latents=20, generator=generator
)
tms_lib.train_autoencoder(
    autoencoders,
    FeatureSampler(p_large[:1].expand(8, 20)),
    W=W_large.expand(8, 6, 20),
    l1=0.6,
    generator=generator,
    config=TrainConfig(n_steps=500, batch_size=128, lr=0.03),
    n_resamplings=0,
)
batch = h_large.expand(8, -1, -1)  # the same inputs for all
old = {name: values.detach() for name, values in autoencoders.named_parameters()}
latents = tms_lib.sparse_encode(batch, W_enc=old["W_enc"], b_enc=old["b_enc"], b_dec=old["b_dec"])

# %% prompt dead_latents [markdown]
# ### Exercise 13.6: Dead latents
#
# A latent is dead if no input activates it:
#
# $$\text{dead}_k \iff f_k = 0 \text{ for every input of the batch}$$
#
# - $f_k$ is latent $k$; `latents` has shape `(*instances, batch, latents)`.
# - The result is a bool tensor of shape `(*instances, latents)`. True means dead.
#
# Edge case: the weakest activation of a single input makes a latent alive.
#
# **Predict first.** Will a dead latent come back to life if training goes on?
#
# <details><summary>Hint 1: where to start</summary>
#
# A comparison with 0, and `.all` over one axis.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# The batch is the second axis from the end, `dim=-2`.
#
# </details>


# %% answer dead_latents
def dead_latents(
    latents: Float[Tensor, "*instances batch latents"],
) -> Bool[Tensor, "*instances latents"]:
    """Which latents no input activates."""
    # solution: tms_lib.autoencoder.dead_latents


# %% check dead_latents
check("dead_latents")

# %% explore
matched = tms_lib.matched_cosine_similarity(W_large.expand(8, 6, 20), old["W_dec"])
missing = matched < 0.95  # autoencoders features
for name, dead in {
    "yours": dead_latents(latents),
    "expected": tms_lib.dead_latents(latents),
}.items():
    print(f"dead latents of each autoencoder, {name}: {dead.sum(-1).tolist()}")
print(f"features that are not recovered: {missing.sum(-1).tolist()}, of 20")

# %% [markdown]
# *Look.* The prediction: hardly ever. Where the ReLU is 0 it passes no gradient, so nothing moves
# the latent's own weights. Only a shift of $b_\text{dec}$ could wake it by accident.
#
# Each dead latent is one direction fewer to find features with, and here none can be spared. (Dead
# latents are not all that is wrong: a feature is missing also where two latents share another one,
# or one latent lies between two features.)

# %% prompt resample_latents [markdown]
# ### Exercise 13.7: A second start
#
# Give each dead latent a new start, at an input that the others reconstruct badly. In each
# instance:
#
# 1. **Which are dead?** Those that none of the inputs `h` activates.
# 2. **Draw an input for each.** Input $h$ is drawn with a probability proportional to
#    $\bigl(\|h - h'\|^2\bigr)^2$: its squared error, squared once more. No input is drawn twice.
# 3. **Start there.** Let $u$ be the unit vector from $b_\text{dec}$ to the drawn $h$. The latent's
#    column of $W_\text{dec}$ becomes $u$. Its row of $W_\text{enc}$ becomes $0.2 \, \ell \, u$,
#    with $\ell$ the mean length of the **living** latents' rows of $W_\text{enc}$. Its
#    $b_\text{enc}$ becomes 0.
#
# The short row lets the newcomer start softly, so that it does not disturb the others.
#
# - `h` has shape `(instances, batch, hidden)`. `W_enc`, `b_enc`, `W_dec`, `b_dec` are as in
#   exercises 13.1 and 13.2, with one instance axis.
# - `generator`: every random number comes from it.
# - The result has three parts: the new `W_enc`, `b_enc` and `W_dec`. Living latents have the values
#   that they had. The arguments stay as they are.
#
# Edge cases: if no latent lives, $\ell = 1$. If none is dead, nothing changes. There are at least
# as many inputs as latents.
#
# `tms_lib.sparse_encode`, `sparse_decode` and `dead_latents` are there to use.
#
# **Predict first.** Why is it better to draw an input than to take a random direction?
#
# <details><summary>Hint 1: where to start</summary>
#
# `torch.multinomial(odds, n, generator=generator)` draws `n` different places from each row of
# `odds`; they need not add up to 1. `torch.where(dead.unsqueeze(-1), new, old)` replaces rows. A
# loop over instances and dead latents, on clones, is right as well.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# If you draw one input for *every* latent, the first draws must go to the dead ones. Among draws
# without repetition, the first are the likeliest, and a living latent would use them up.
#
# </details>


# %% answer resample_latents
def resample_latents(
    h: Float[Tensor, "instances batch hidden"],
    *,
    W_enc: Float[Tensor, "instances latents hidden"],
    b_enc: Float[Tensor, "instances latents"],
    W_dec: Float[Tensor, "instances hidden latents"],
    b_dec: Float[Tensor, "instances hidden"],
    generator: torch.Generator,
) -> tuple[
    Float[Tensor, "instances latents hidden"],
    Float[Tensor, "instances latents"],
    Float[Tensor, "instances hidden latents"],
]:
    """New starts for the dead latents: W_enc, b_enc and W_dec."""
    # solution: tms_lib.autoencoder.resample_latents


# %% check resample_latents
check("resample_latents")

# %% explore
dead = tms_lib.dead_latents(latents)  # autoencoders latents


def nearness(W_dec: Tensor) -> float:
    """Mean cosine of the dead latents' new directions with the nearest missing feature."""
    cosine = tms_lib.cosine_similarity(W_large.expand(8, 6, 20), W_dec)
    nearest = cosine.masked_fill(~missing.unsqueeze(-1), -1).amax(-2)  # autoencoders latents
    return nearest[dead].mean().item()


chance = torch.randn(8, 6, 20, generator=generator)
print(f"{int(dead.sum())} new directions, mean cosine with the nearest missing feature:")
print(f"  {'at random':>9} {nearness(chance):.2f}")
for name, resample in {"yours": resample_latents, "expected": tms_lib.resample_latents}.items():
    new = resample(batch, **old, generator=torch.Generator().manual_seed(1))
    W_enc, b_enc, W_dec = new
    again = tms_lib.sparse_encode(batch, W_enc=W_enc, b_enc=b_enc, b_dec=old["b_dec"])
    still = int(tms_lib.dead_latents(again).sum())
    print(f"  {name:>9} {nearness(W_dec):.2f}, still dead: {still}")

# %% [markdown]
# *Look.* The prediction: an input that is badly reconstructed tends to contain a feature that has
# no latent yet. So the new directions are nearer to the missing features than chance is. (Your
# number may differ from the expected one by the luck of the draw.)
#
# Another help is simpler: ask for more latents than you expect features. In a real network you do
# not know the number of features anyway.

# %% [markdown]
# ## Training
#
# Now everything comes together. Your function gets hidden vectors and nothing else.

# %% prompt learn_directions [markdown]
# ### Exercise 13.8: Learn the directions
#
# Train sparse autoencoders on a collection of hidden vectors:
#
# 1. **Start.** The columns of $W_\text{dec}$ are random directions, evenly distributed, of length
#    1. $W_\text{enc}$ is $W_\text{dec}$ transposed, and both biases are 0. Each instance has a
#    start of its own.
# 2. **Every step**: draw `batch_size` rows of `h` at random, compute the loss of exercise 13.3,
#    average it over the batch and add the instances. Go backward, and let Adam move all four
#    parameters.
# 3. **Half-way**, after `n_steps // 2` steps, resample the dead latents on all of `h`, and go on
#    with a *new* Adam: the old one remembers gradients of latents that are no more.
# 4. **Anneal.** The learning rate is `lr` in the first half, and falls linearly from `lr` to 0 in
#    the second.
#
# - `h` has shape `(instances, inputs, hidden)`. Its rows may be sorted.
# - `n_latents`, `n_steps` (at least 2), `batch_size` and `lr` are numbers, `l1` is the price.
# - `generator`: every random number comes from it.
# - The result has four parts: `W_enc` `(instances, latents, hidden)`, `b_enc`
#   `(instances, latents)`, `W_dec` `(instances, hidden, latents)` and `b_dec`
#   `(instances, hidden)`, cut from the graph (`.detach()`).
#
# The library's functions of exercises 13.1 to 13.7 are there to use, as `tms_lib.sparse_encode` and
# so on. Edge case: one instance is an axis of size 1. The check trains a few seconds. It looks at
# where your autoencoders start, how far their steps go and what they find, never at the weights of
# another run.
#
# **Predict first.** Eight latents, the pentagon's hidden vectors, the price 0.4. What will the
# three latents that are too many do?
#
# <details><summary>Hint 1: where to start</summary>
#
# Normal random numbers, normalised, are evenly distributed directions. `torch.randint(n_inputs,
# (batch_size,), generator=generator)` gives rows, the same for all instances. That is fine:
# `h[:, rows]`. After resampling, the new tensors need `.requires_grad_()`. To set the learning rate
# of the next step, assign `optimizer.param_groups[0]["lr"]`.
#
# </details>
#
# <details><summary>Hint 2: a common slip</summary>
#
# `resample_latents` must not become part of the graph: pass it detached tensors, or call it under
# `torch.no_grad()`. And `zero_grad()`, as ever.
#
# </details>


# %% answer learn_directions
def learn_directions(
    h: Float[Tensor, "instances inputs hidden"],
    *,
    n_latents: int,
    l1: float,
    n_steps: int,
    batch_size: int,
    lr: float,
    generator: torch.Generator,
) -> tuple[
    Float[Tensor, "instances latents hidden"],
    Float[Tensor, "instances latents"],
    Float[Tensor, "instances hidden latents"],
    Float[Tensor, "instances hidden"],
]:
    """W_enc, b_enc, W_dec and b_dec of sparse autoencoders trained on the rows of h."""
    ### BEGIN SOLUTION
    n_instances, n_inputs, n_hidden = h.shape
    start = torch.randn(n_instances, n_hidden, n_latents, generator=generator)
    parts = {"W_dec": F.normalize(start, dim=-2)}
    parts["W_enc"] = parts["W_dec"].mT.clone()
    parts["b_enc"] = torch.zeros(n_instances, n_latents)
    parts["b_dec"] = torch.zeros(n_instances, n_hidden)
    half = n_steps // 2
    for step in range(n_steps):
        if step == half:
            new = tms_lib.resample_latents(h, **parts, generator=generator)
            parts |= zip(["W_enc", "b_enc", "W_dec"], new, strict=True)
        if step in (0, half):
            parts = {name: part.detach().requires_grad_() for name, part in parts.items()}
            W_enc, b_enc, W_dec, b_dec = (parts[n] for n in ("W_enc", "b_enc", "W_dec", "b_dec"))
            optimizer = torch.optim.Adam(parts.values(), lr=lr)
        optimizer.param_groups[0]["lr"] = lr * min(1, (n_steps - step) / (n_steps - half))
        batch = h[:, torch.randint(n_inputs, (batch_size,), generator=generator)]
        latents = tms_lib.sparse_encode(batch, W_enc=W_enc, b_enc=b_enc, b_dec=b_dec)
        h_hat = tms_lib.sparse_decode(latents, W_dec=W_dec, b_dec=b_dec)
        loss = tms_lib.sparse_loss(batch, h_hat, latents=latents, l1=l1)
        optimizer.zero_grad()
        loss.mean(-1).sum().backward()
        optimizer.step()
    return W_enc.detach(), b_enc.detach(), W_dec.detach(), b_dec.detach()
    ### END SOLUTION


# %% check learn_directions
check("learn_directions")

# %% explore
settings = {"n_latents": 8, "n_steps": 400, "batch_size": 256, "lr": 0.03}
both = {"yours": learn_directions, "expected": tms_lib.learn_directions}

figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained", sharex=True, sharey=True)
for ax, (name, learn) in zip(axes, both.items(), strict=True):
    g = torch.Generator().manual_seed(0)
    W_enc, b_enc, W_dec, b_dec = learn(h.unsqueeze(0), l1=0.4, generator=g, **settings)
    found = tms_lib.sparse_encode(h.unsqueeze(0), W_enc=W_enc, b_enc=b_enc, b_dec=b_dec)[0]
    ax.plot(*h.T, ".", color="0.8", ms=3)
    for direction, mean in zip(F.normalize(W_dec[0], dim=0).T, found.mean(0), strict=True):
        ax.plot(*torch.stack([b_dec[0], b_dec[0] + 1.3 * direction]).T, "k-", lw=2 if mean else 0.5)
        ax.plot(*(b_dec[0] + 1.3 * direction), "ko", ms=1 + 40 * mean**0.5)
    ax.set(title=f"eight latents, {name}", xlabel="hidden dimension 0", aspect="equal")
    matched = tms_lib.matched_cosine_similarity(W, W_dec[0])
    print(f"{name}: matched cosines", [round(value, 3) for value in matched.tolist()], end=", ")
    print("dead latents", int(tms_lib.dead_latents(found).sum()))
axes[0].set_ylabel("hidden dimension 1")
plt.show()

# %% [markdown]
# *Look.* Black lines are the directions that were found. A dot is the larger the more its latent is
# used; a thin line without one is a dead latent. All five rays have a latent, from hidden vectors
# alone. This is what the tool is for.
#
# The prediction: there is no work for the others. They share a ray with another latent, or die.
# Without the truth, you would see eight latents, and would have to find out what each one means.

# %% [markdown]
# ## Better is worse
#
# One number was chosen for you: the price 0.4. Whoever does not know the truth might choose it by
# the error. The lower the price, the better the reconstruction, and an autoencoder that
# reconstructs everything cannot have missed much. Or can it? We try eight prices, with eight
# autoencoders for each.

# %% explore
prices = [0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0]
copies, true = h.expand(8, -1, -1), W.expand(8, 2, 5)
one = (active == 1) & (x.amax(-1) > 0.3)  # inputs with one clearly active feature
results = []
for price in prices:
    g = torch.Generator().manual_seed(0)
    W_enc, b_enc, W_dec, b_dec = tms_lib.learn_directions(copies, l1=price, generator=g, **settings)
    found = tms_lib.sparse_encode(copies, W_enc=W_enc, b_enc=b_enc, b_dec=b_dec)
    h_hat = tms_lib.sparse_decode(found, W_dec=W_dec, b_dec=b_dec)
    error = ((copies - h_hat) ** 2).sum() / (copies**2).sum()
    recovered = tms_lib.matched_cosine_similarity(true, W_dec) > 0.95  # autoencoders features
    largest = tms_lib.cosine_similarity(true, W_dec).amax(-1).mean()
    total = found[:, one].sum(-1) / h[one].norm(dim=-1)  # sum of the latents over |h|
    row = (error, recovered.float().mean(), recovered.all(-1).float().mean(), largest)
    results.append([*(value.item() for value in row), total.median().item()])

chance = torch.randn(1000, 2, 8, generator=generator)
by_luck = tms_lib.matched_cosine_similarity(W.expand(1000, 2, 5), chance) > 0.95
nearest = tms_lib.cosine_similarity(W.expand(1000, 2, 5), chance).amax(-1).mean()
print("                 features  autoencoders  largest")
print("  price   error  recovered  with all 5   cosine   sum of latents / |h|")
for price, (error, features, all_five, largest, total) in zip(prices, results, strict=True):
    print(
        f"{price:7.2f} {error:7.2%} {features:10.0%} {all_five:11.0%} {largest:8.3f} {total:14.2f}"
    )
luck = by_luck.float().mean(), by_luck.all(-1).float().mean(), nearest
print(f"by chance       {luck[0]:10.0%} {luck[1]:11.0%} {luck[2]:8.3f}")

figure, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
ax.plot(prices, [row[2] for row in results], "ko-", label="autoencoders with all five features")
ax.plot(prices, [row[0] for row in results], "s--", color="0.5", label=r"error over $\|h\|^2$")
ax.set(xscale="log", xlabel=r"price $\lambda$", ylabel="share", ylim=(-0.03, 1.05))
ax.legend(loc="center left")
plt.show()

# %% [markdown]
# *Look.* At the lowest price the error is next to nothing, and no autoencoder has all five
# features. The share of features that count as recovered there is what eight random directions
# give. (The largest cosines, 0.94, would look like success to anybody who forgets that chance gives
# 0.90.) From $\lambda = 0.2$ on, all five features are found, and 6 % of $\|h\|^2$ or more are
# lost. A still higher price keeps the directions and loses more.
#
# The last column says what happens at a low price. The latents of an input with *one* active
# feature add up to more than $\|h\|$. So it is not a single latent along $h$ that describes it, but
# several that lie to its sides.

# %% question reconstruction_is_not_recovery [markdown]
# ### Question: reconstruction is not recovery
#
# *6 minutes · 2 points, graded by hand*
#
# 1. The true directions would cost less price at any $\lambda$, since one latent along $h$ has the
#    smallest sum. Why do the autoencoders with a low price not use them? (Think of the threshold
#    in exercise 13.1, and of what it does to weak inputs.)
# 2. Two autoencoders were trained on the same activations, with prices 0.01 and 0.4. Someone
#    publishes the first, "because it loses next to nothing of the activations". What is wrong with
#    the argument?

# %% written reconstruction_is_not_recovery [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** 1. The encoder is one linear map and a ReLU. A latent along a true direction
# also hears the neighbouring features; to answer its own feature alone, it needs a negative bias.
# The threshold makes strong reconstructions too small and loses weak inputs, and that is an error.
# Two or three latents beside $h$ need no threshold and reconstruct every value exactly; they only
# cost a somewhat larger sum. At a low price that is the better bargain. At a high price the sum
# matters more, and shrinking is what the price asks for anyway ($f = v - \lambda / 2$). 2. The
# error does not measure what we want to know. Anything whose directions span the space densely
# enough reconstructs well; in the plane three directions do. Directions are features only if they
# are the ones that make the code sparse. Errors at different prices are also no comparison: the
# error grows with the price by itself.
#
# **Rubric.** 2 points: the threshold that isolates a feature costs error, which a low price does
# not repay, *and* a good reconstruction needs only directions that span the space, so that it is no
# evidence for features. 1 point: one of the two. 0 points: "overfitting", or only "the price was
# too low".
# ### END SOLUTION

# %% [markdown]
# ## The big picture
#
# Both toy models, at a low and at a fair price, by your training and by the library's. The next
# cell trains them: the pentagon with 8 latents, the larger model with 40. First, the matched
# cosines of the larger one, beside those of random directions.

# %% explore
low, fair = 0.02, 0.4
large = {"n_latents": 40, "n_steps": 1000, "batch_size": 256, "lr": 0.02}
learned = {}
for name, learn in both.items():
    for price in (low, fair):
        for size, rows, how in (("small", h, settings), ("large", h_large, large)):
            g = torch.Generator().manual_seed(3)
            learned[name, price, size] = learn(rows.unsqueeze(0), l1=price, generator=g, **how)

figure, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
measures = {"yours": matched_cosine_similarity, "expected": tms_lib.matched_cosine_similarity}
for name, styles in {"yours": ("ko", "ks"), "expected": ("k-", "k--")}.items():
    for price, style in zip((low, fair), styles, strict=True):
        matched = measures[name](W_large, learned[name, price, "large"][2][0])
        best_first = matched.sort(descending=True).values
        label = rf"{name}, $\lambda$ = {price:g}"
        ax.plot(range(1, 21), best_first, style, fillstyle="none", label=label)
chance = torch.randn(200, 6, 40, generator=torch.Generator().manual_seed(0))
matched = tms_lib.matched_cosine_similarity(W_large.expand(200, 6, 20), chance)
best_first = matched.sort(descending=True).values.mean(0)
ax.plot(range(1, 21), best_first, ":", color="0.5", lw=3, label="40 random directions")
ax.set(xlabel="features, best first", ylabel="matched cosine", ylim=(0.4, 1.03))
ax.set_xticks([1, 5, 10, 15, 20])
ax.legend()
plt.show()

# %% [markdown]
# Now the directions themselves. Above: the pentagon. Thick grey lines are the true directions,
# black ones those that were found and are in use. Below: the larger model. Each row is a feature,
# each column a latent, and dark is a cosine near 1. The matched latents come first, so that a
# recovery is a dark diagonal.


# %% explore
def relative_error(rows: Tensor, parts) -> float:
    """The squared error over the squared length."""
    W_enc, b_enc, W_dec, b_dec = parts
    found = tms_lib.sparse_encode(rows.unsqueeze(0), W_enc=W_enc, b_enc=b_enc, b_dec=b_dec)
    h_hat = tms_lib.sparse_decode(found, W_dec=W_dec, b_dec=b_dec)
    return (((rows - h_hat) ** 2).sum() / (rows**2).sum()).item()


figure, axes = plt.subplots(2, 4, figsize=(13, 5.6), layout="constrained", height_ratios=[1.9, 1])
cosines = {"yours": cosine_similarity, "expected": tms_lib.cosine_similarity}
for column, (name, price) in enumerate((n, price) for n in both for price in (low, fair)):
    ax = axes[0, column]
    parts = learned[name, price, "small"]
    W_enc, b_enc, W_dec, b_dec = parts
    found = tms_lib.sparse_encode(h.unsqueeze(0), W_enc=W_enc, b_enc=b_enc, b_dec=b_dec)
    for tip in W.T:
        ax.plot([0, tip[0]], [0, tip[1]], color="0.75", lw=8, solid_capstyle="round")
    for tip in F.normalize(W_dec[0], dim=0).T[~tms_lib.dead_latents(found)[0]]:
        ax.plot([0, tip[0]], [0, tip[1]], "ko-", lw=1.5, ms=4, markevery=[1])
    ax.set(xlim=(-1.4, 1.4), ylim=(-1.4, 1.4), aspect="equal", xticks=[], yticks=[])
    ax.set_title(rf"{name}, $\lambda$ = {price:g}: error {relative_error(h, parts):.2%}")

    ax = axes[1, column]
    parts = learned[name, price, "large"]
    cosine = cosines[name](W_large, parts[2][0])
    matched = measures[name](W_large, parts[2][0])
    rows = matched.argsort(descending=True)
    own = (cosine[rows] - matched[rows].unsqueeze(-1)).abs().argmin(-1)  # the matched latents
    rest = [k for k in range(40) if k not in own.tolist()]
    ax.imshow(cosine[rows][:, [*own.tolist(), *rest]], cmap="gray_r", vmin=0, vmax=1)
    ax.set(xlabel="latents, matched first", xticks=[], yticks=[])
    recovered = int((matched > 0.95).sum())
    ax.set_title(f"{recovered} of 20 recovered, error {relative_error(h_large, parts):.2%}")
axes[1, 0].set_ylabel("features")
plt.show()

# %% [markdown]
# *Look.* At the fair price every feature of both models has a latent of its own, found from hidden
# vectors alone. In the larger model 20 directions were found in 6 dimensions. Superposition hid
# them from anybody who looks at one dimension at a time. It did not hide them from a method that
# knows one thing about them: they are sparse.
#
# At the low price the reconstruction is far better, and most features are missing. Most latents of
# the pentagon point where no feature is. In the larger model the matched cosines lie between
# recovery and chance.

# %% question without_the_truth [markdown]
# ### Question: without the truth
#
# *6 minutes · 2 points, graded by hand*
#
# You train sparse autoencoders on a layer of a language model. There is no $W$ to compare with.
#
# Name two things that you could measure or do to judge whether the latents are features of the
# model. For each, say what it would show and one way in which it could mislead you.

# %% written without_the_truth [markdown] points=2 minutes=6
# ### BEGIN SOLUTION
# **Model answer.** Any two with their limits, such as these. (a) *Several seeds*: train again, and
# match the directions of two autoencoders with each other. Directions of the data come back, random
# ones do not. But a bias that all seeds share, as the one of a low price, may come back as well,
# and matching needs the baseline of chance. (b) *Read the inputs* that activate a latent most. One
# common theme suggests a feature. But people find themes in anything, and the strongest inputs are
# not the typical ones. (c) *Intervene*: remove a latent or turn it up, and see whether the model's
# behaviour changes in the way that the theme predicts. That tests what the model uses. But a
# direction can have effects without being a unit of the model's own. (d) *Put the reconstruction
# back* into the model and measure its loss: that counts the error that matters. But, as with every
# error, a good score is no recovery. (e) *Plant the truth*: run the same method on a toy model like
# this chapter's, with the same ratio of sizes. But a real model's features may not be independent,
# equally sparse, or even directions.
#
# **Rubric.** 2 points: two different checks, each with what it shows *and* a way to mislead. 1
# point: one such check, or two without their limits. 0 points: only the error or the loss of the
# autoencoder.
# ### END SOLUTION

# %% [markdown]
# ## What you have now
#
# - A sparse autoencoder writes $h$ as a sum of few unit directions. Its loss is the squared error
#   plus $\lambda$ times the sum of the latents.
# - Cosines keep their sign, need a baseline of chance, and count most if every feature must have a
#   latent of its own.
# - Latents die where the ReLU passes no gradient. A second start at badly reconstructed inputs puts
#   them where features are missing.
# - From hidden vectors alone, the features of toy models in superposition can be recovered: all 20
#   of 20 in 6 dimensions.
# - Better reconstruction can mean no recovery. A threshold isolates a feature and costs error; a
#   low price prefers several latents that reconstruct exactly and stand for no feature.
#
# **In the paper.** Elhage et al. (2022), "Toy Models of Superposition", section *The Strategic
# Picture of Superposition*. It names three ways out: models without superposition, finding the
# features afterwards as an overcomplete basis, and combinations of the two. You took the second.
#
# **Later work.** Olshausen and Field (1997) learned overcomplete sparse codes of images, long
# before. Sharkey, Braun and Millidge (2022), "Taking features out of superposition with sparse
# autoencoders", tried them on toy data and used the mean max cosine similarity. Cunningham et al.
# (2023), "Sparse Autoencoders Find Highly Interpretable Features in Language Models", and Bricken
# et al. (2023), "Towards Monosemanticity", took them to language models; the resampling is from the
# latter. O'Neill, Gumran and Klindt (2024), "Compute Optimal Inference and Provable Amortisation
# Gap in Sparse Autoencoders", prove that one linear map and a ReLU cannot read sparse codes
# perfectly: it is the threshold that you met here.
#
# **This was the last chapter.** You began with a random number generator for sparse features. You
# end with a method that finds features in a network that hides them, and with good reasons to
# distrust it. Both are where the research goes on.
