"""Tasks: thin. Lease a row, call the pipeline, store in one transaction."""
