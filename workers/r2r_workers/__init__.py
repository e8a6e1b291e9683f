"""The workers: decode, measure, embed, match. Arrays below, rows above (see DESIGN in the README)."""
