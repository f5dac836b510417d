"""Pictures as arrays: opening, saving, color spaces, line art, regions, layers, sheets."""
