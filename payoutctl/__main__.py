"""The command `payoutctl`, as it is installed and as `python -m payoutctl`."""

from payoutctl.cli import payoutctl


def main() -> None:
    """Runs the command line under its own name, so that its completion finds it."""
    payoutctl(prog_name="payoutctl")


if __name__ == "__main__":
    main()
