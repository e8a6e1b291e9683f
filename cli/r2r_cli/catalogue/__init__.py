"""What `r2r catalogue` shows: the answers of r2r_shared.queries.catalogue_* as tables, JSON and files."""
