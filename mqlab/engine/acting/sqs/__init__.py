"""What each command does at SQS."""
