"""Pictures as arrays: opened, saved, taken apart, put together."""
