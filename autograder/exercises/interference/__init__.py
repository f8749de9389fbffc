"""Chapter 5: what interference costs if one feature is active at a time."""

from autograder.exercises.interference import (
    best_polygon,
    interference_error,
    one_active_terms,
    own_error,
    positive_interval,
    regular_polygon,
    silenced_output,
    thomson_energy,
)

EXERCISES = (
    positive_interval.EXERCISE,
    interference_error.EXERCISE,
    own_error.EXERCISE,
    silenced_output.EXERCISE,
    one_active_terms.EXERCISE,
    regular_polygon.EXERCISE,
    best_polygon.EXERCISE,
    thomson_energy.EXERCISE,
)
