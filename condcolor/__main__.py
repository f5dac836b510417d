from __future__ import annotations

from condcolor.cli import main

if __name__ == "__main__":
    main()
