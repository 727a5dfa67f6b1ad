"""Recipes: everything that decides a run, as one strict value; their files, and those that come with genrekit."""
