"""What a network is trained on: sources of excerpts, how excerpts are cut, and how they are augmented."""
