"""What is deployed: the infrastructure's template, the app's configuration and its policies."""
