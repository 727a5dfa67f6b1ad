"""A whole collection of music: genre tags written by a policy, with a journal that takes all of it back.

mutagen (the extra `tag`) is imported when a file's tags are read, not with this package.
"""
