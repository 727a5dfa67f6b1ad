"""What the help of a verb says besides its options: examples, exit codes, the extra that a verb needs."""
