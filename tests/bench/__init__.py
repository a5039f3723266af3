"""What `bench/` measures, where it can be counted: small, and without a clock."""
