"""RabbitMQ over AMQP 0-9-1, as 4.3 (the default), 4.0 and 3.10 behave."""
