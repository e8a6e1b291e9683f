"""Training of the Tripartite Contrastive Network: pictures in a folder in, a checkpoint out. No database, no Celery."""
