"""Simulated programs that talk to RabbitMQ, and what a scenario file says of them."""
