"""`python -m mindgap`, where the command `mindgap` is not on the path."""

from mindgap.cli import main

if __name__ == "__main__":
    main()
