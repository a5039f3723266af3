"""Many payouts from one file: upload, check, confirm, approve, release, progress, result."""
