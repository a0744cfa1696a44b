"""The first step of the command, and of `python -m planlint`: before anything else is imported."""

import gc


def main() -> None:
    """Run the command without the garbage collector: it is over before that would pay."""
    gc.disable()
    from planlint.cli import main as command  # noqa: PLC0415 - a tenth of the imports' time is the collector's

    command()


if __name__ == "__main__":
    main()
