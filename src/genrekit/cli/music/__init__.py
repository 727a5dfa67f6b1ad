"""The verbs for people with music: classify, tag, learn, picture and serve."""
