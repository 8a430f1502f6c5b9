"""What may be done to a Redis in a running lab."""
