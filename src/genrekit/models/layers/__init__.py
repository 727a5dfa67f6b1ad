"""Building blocks of the networks, one a file."""
