"""The rules of approvals and limits."""
