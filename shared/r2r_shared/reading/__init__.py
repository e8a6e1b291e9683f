"""Reading results from Python: what `import r2r_shared as r2r` gives a notebook."""
