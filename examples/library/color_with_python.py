"""Colour a sketch from Python: one colouring, and all of them.

python examples/library/color_with_python.py examples/sketches/cleo.png
"""

import sys
from pathlib import Path

from condcolor import Colorizer

sketch = Path(sys.argv[1])
colorizer = Colorizer.load("icons")  # or a folder that `condcolor train` made

for attribute in colorizer.schema.attributes:
    default = f" (default: {attribute.default})" if attribute.default else ""
    print(f"{attribute.name}: {', '.join(attribute.values)}{default}")

icon = colorizer(sketch, hair="brown", shirt="green")
icon.save(f"{sketch.stem}-brown-green.png")

for (hair, shirt), picture in colorizer.variants(sketch).items():
    print(hair, shirt, picture.size)
