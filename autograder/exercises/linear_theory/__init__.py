"""Chapter 4: the linear model, exactly: its expected loss, and why nothing is better."""

from autograder.exercises.linear_theory import (
    linear_expected_loss,
    linear_loss_terms,
    linear_optimal_bias,
    orthonormal_weights,
    principal_projection,
    row_space_projection,
)

EXERCISES = (
    linear_optimal_bias.EXERCISE,
    linear_expected_loss.EXERCISE,
    linear_loss_terms.EXERCISE,
    row_space_projection.EXERCISE,
    principal_projection.EXERCISE,
    orthonormal_weights.EXERCISE,
)
