"""The two reports' tables beside our runs of the same systems."""
