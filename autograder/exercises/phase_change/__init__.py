"""Chapter 6: one feature too many, and what becomes of it."""

from autograder.exercises.phase_change import (
    antipodal_loss,
    classify_solution,
    ignored_loss,
    phase_losses,
    superposition_boundary,
    theoretical_phase,
    train_phase_grid,
    two_feature_loss,
)

EXERCISES = (
    ignored_loss.EXERCISE,
    antipodal_loss.EXERCISE,
    phase_losses.EXERCISE,
    theoretical_phase.EXERCISE,
    superposition_boundary.EXERCISE,
    two_feature_loss.EXERCISE,
    classify_solution.EXERCISE,
    train_phase_grid.EXERCISE,
)
