"""Splits: how tracks are assigned to parts, and the proof of what the parts share."""
