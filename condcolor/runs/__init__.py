"""A training run on disk: its config, log and states; plots and reports of it."""
