"""SQL, one module per table family: literal queries beside the functions that map their rows."""
