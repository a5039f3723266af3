"""What the system costs a month: counted calls, measured durations, and a dated table of prices."""
