from payoutctl.cli import payoutctl

if __name__ == "__main__":
    payoutctl(prog_name="payoutctl")
