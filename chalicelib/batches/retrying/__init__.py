"""The unpaid rows of a batch as a new one: made of what ended unpaid, cleared row by row."""
