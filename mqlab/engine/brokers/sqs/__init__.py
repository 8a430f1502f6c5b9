"""Amazon SQS: standard and FIFO queues, as documented in 2026."""
