"""What developers run: the local stack, deployment, cost, and writers of committed files."""
