"""This machine’s own servers and worker, started on demand."""
