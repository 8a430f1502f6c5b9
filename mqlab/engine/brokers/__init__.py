"""The models of real brokers, one folder each: requests in, replies and events out, and a rule book."""
