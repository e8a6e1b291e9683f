"""Triplets for training and testing: anchor, positive, negative, formed from stored metrics (paper 3.3, 4.2)."""
