"""Analyses of stored results: figures for papers with their numbers beside them, PCA, embeddings, and robustness.

A `draw_...` function turns values into a `Picture`, and `write_picture` writes it as SVG, PNG, CSV and JSON. Matplotlib
is imported when something is drawn. Robustness is at home here, since it applies runs, as embeddings do, and
evaluation needs no models.
"""
