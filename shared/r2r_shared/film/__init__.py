"""A film as a file: what is in it, where it lies, how it is read without trust."""
