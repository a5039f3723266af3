"""What one person alone may not do: approvals, and the limits of a day."""
