"""The `r2r` command line."""
