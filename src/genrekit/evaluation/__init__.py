"""Evaluation: scores, intervals, calibration and report cards, all from a stored table of predictions.

Nothing here needs the model that made the predictions. The unit of statistics is the track, never the excerpt.
"""
