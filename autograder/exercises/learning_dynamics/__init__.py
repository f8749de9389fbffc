"""Chapter 9: how features change while a model trains, and what the loss has to do with it."""

from autograder.exercises.learning_dynamics import (
    align_weights,
    antipodal_partner,
    learned_squared_norm,
    level_changes,
    linear_descent,
    moving_average,
    settled_since,
    share_of_fall,
)

EXERCISES = (
    linear_descent.EXERCISE,
    learned_squared_norm.EXERCISE,
    moving_average.EXERCISE,
    level_changes.EXERCISE,
    share_of_fall.EXERCISE,
    antipodal_partner.EXERCISE,
    settled_since.EXERCISE,
    align_weights.EXERCISE,
)
