"""Chapter 3: what a model does with each feature, and the best that a linear model can do."""

from autograder.exercises.superposition import (
    classify_features,
    count_represented,
    feature_norm,
    linear_optimal_loss,
    linear_optimum,
    superposition,
    train_over_densities,
)

EXERCISES = (
    feature_norm.EXERCISE,
    superposition.EXERCISE,
    count_represented.EXERCISE,
    classify_features.EXERCISE,
    linear_optimum.EXERCISE,
    linear_optimal_loss.EXERCISE,
    train_over_densities.EXERCISE,
)
