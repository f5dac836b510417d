"""`python -m benchmarks.speed`."""

from benchmarks.speed.cli import bench

if __name__ == "__main__":
    bench()
