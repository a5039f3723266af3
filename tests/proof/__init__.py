"""The proof in short: each part as far as a few seconds go. `make prove` runs all of it."""
