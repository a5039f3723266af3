"""What every capability shares: money, time, actors, errors, settings, secrets, AWS."""
