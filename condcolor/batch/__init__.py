"""Many pictures to files: jobs, pipeline, manifest, reports."""
