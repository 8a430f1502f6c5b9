"""Programs that talk to a broker: simulated ones, and façades with the client libraries' own verbs."""
