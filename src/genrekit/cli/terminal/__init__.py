"""What the terminal is told: messages, progress, tables; and the standard streams that carry it."""
