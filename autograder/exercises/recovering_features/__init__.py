"""Chapter 13: a sparse autoencoder, and whether it recovers the features of a toy model."""

from autograder.exercises.recovering_features import (
    cosine_similarity,
    dead_latents,
    learn_directions,
    matched_cosine_similarity,
    resample_latents,
    sparse_decode,
    sparse_encode,
    sparse_loss,
)

EXERCISES = (
    sparse_encode.EXERCISE,
    sparse_decode.EXERCISE,
    sparse_loss.EXERCISE,
    cosine_similarity.EXERCISE,
    matched_cosine_similarity.EXERCISE,
    dead_latents.EXERCISE,
    resample_latents.EXERCISE,
    learn_directions.EXERCISE,
)
