"""Training: strict recipes, data held in memory and cut into batches as tensors, and run folders that can be continued.

`prepare` checks a recipe against its data and proves its split; `train` makes or finishes the `Run`.
"""
