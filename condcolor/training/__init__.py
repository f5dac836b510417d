"""Training: the loop, the GAN and its steps, schedules, what is written."""
