"""The programs that talk to SQS: who sends, who receives, and you."""
