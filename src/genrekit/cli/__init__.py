"""The command line: one verb a file, thin. What a verb needs is imported inside its function, so that help is quick."""
