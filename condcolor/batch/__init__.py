"""Many pictures to files."""
