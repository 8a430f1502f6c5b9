"""Programs that talk to Redis, and the façade with redis-py's verbs."""
