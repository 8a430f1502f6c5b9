"""mqlab: message queues, running in front of you."""

__version__ = "0.1.0"
