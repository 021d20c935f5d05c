"""`python -m web.cli`."""

from web.cli.commands import earshot

if __name__ == "__main__":
    earshot(prog_name="earshot")
