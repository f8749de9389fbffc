"""Chapter 11: hidden neurons with a ReLU, which features they serve, and how they evade it."""

from autograder.exercises.privileged_basis import (
    bypass_biases,
    clipped_share,
    features_per_neuron,
    polysemanticity,
    preactivation_moments,
    relu_embed,
    relu_hidden,
    simulated_bias_weights,
)

EXERCISES = (
    relu_embed.EXERCISE,
    relu_hidden.EXERCISE,
    features_per_neuron.EXERCISE,
    polysemanticity.EXERCISE,
    clipped_share.EXERCISE,
    bypass_biases.EXERCISE,
    preactivation_moments.EXERCISE,
    simulated_bias_weights.EXERCISE,
)
