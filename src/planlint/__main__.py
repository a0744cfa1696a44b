"""Let `python -m planlint` do what the command does."""

from planlint.cli import main

if __name__ == "__main__":
    main()
