"""Checks of a data set's files: faults, recordings that are there twice, and what betrays a genre that is not music."""
