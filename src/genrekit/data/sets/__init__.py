"""Data sets, one a file: how each lies on a disk, what its metadata say, and what others know of it."""
