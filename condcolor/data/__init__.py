"""A data set on its way to a batch."""
