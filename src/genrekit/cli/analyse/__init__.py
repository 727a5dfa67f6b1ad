"""`genrekit analyse`: figures of runs, and what is measured or compared beyond a run's own scores."""
