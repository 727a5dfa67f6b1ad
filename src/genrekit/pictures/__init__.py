"""Pictures of what was classified: a song's spectrogram and, below it, its genres over time. Matplotlib, lazily."""
