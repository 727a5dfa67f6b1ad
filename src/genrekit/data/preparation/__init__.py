"""What is made of audio once, to learn from often: archives of log-mels, tables of features, sounds without music."""
