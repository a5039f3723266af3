"""The comparison of one day, its report, and its figures."""
