"""What a model is worth, measured: the paper's own tests, and what they leave out. No database, no Celery.

Arithmetic stands in modules of its own (classify, confusion, correlation, retrieval, csls, hubness, bootstrap): arrays
in, numbers out. `report.evaluate` puts them together.
"""
