"""`r2r ingest`: from what was asked for to rows in the database."""
