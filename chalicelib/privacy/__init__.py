"""What a customer may ask of us: what is held on them, and who has looked at it."""
