"""A page to play with, and the HTTP interface behind it: `condcolor serve`."""
