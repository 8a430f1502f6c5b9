"""What the acts that RabbitMQ knows do."""
