"""The robustness suite: recordings changed in ways that should not matter, and what the models make of them."""
