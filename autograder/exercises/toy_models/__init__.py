"""Chapter 2: the linear and the ReLU output model, the loss, and training."""

from autograder.exercises.toy_models import (
    best_of_seeds,
    gradient_step,
    linear_output,
    relu_output,
    relu_output_model,
    train_relu_output,
    weighted_mse,
)

EXERCISES = (
    linear_output.EXERCISE,
    relu_output.EXERCISE,
    weighted_mse.EXERCISE,
    gradient_step.EXERCISE,
    relu_output_model.EXERCISE,
    train_relu_output.EXERCISE,
    best_of_seeds.EXERCISE,
)
