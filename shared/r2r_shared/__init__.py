"""What the command line and the workers share: rows, queries, settings, names, the local stack."""

__version__ = "0.1.0"
