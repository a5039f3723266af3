"""What can go wrong while a stack is started, in words for the person who started it."""

from tools.deploy.errors import DeployError


class DevstackError(DeployError):
    """The stack cannot go on. The message says what to do, or what the program that failed said."""
