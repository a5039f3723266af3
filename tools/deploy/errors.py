"""What can go wrong on the way to AWS, in words for the person who deploys."""


class DeployError(Exception):
    """It cannot go on. The message says what to do, or what the program that failed said."""
