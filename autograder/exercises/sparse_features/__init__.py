"""Chapter 1: conventions, the sparse-feature distribution, its sampler and its moments."""

from autograder.exercises.sparse_features import (
    active_count_probability,
    cooccurrence,
    density,
    embed,
    feature_moments,
    gram,
    init_weights,
    sample_features,
)

EXERCISES = (
    density.EXERCISE,
    embed.EXERCISE,
    gram.EXERCISE,
    init_weights.EXERCISE,
    sample_features.EXERCISE,
    feature_moments.EXERCISE,
    active_count_probability.EXERCISE,
    cooccurrence.EXERCISE,
)
