"""The way in: requests parsed, errors made answers, answers made JSON."""
