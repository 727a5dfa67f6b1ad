"""The verbs for researchers, from data sets to model files; `analyse` has a room of its own."""
