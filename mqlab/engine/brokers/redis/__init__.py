"""Redis: publish/subscribe and streams."""
