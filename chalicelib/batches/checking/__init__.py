"""What a file is checked for: its rows, other files like it, and that it is as approved."""
