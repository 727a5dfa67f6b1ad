"""What a person types, as values: files, places for output, data sets, and what holds for every verb."""
