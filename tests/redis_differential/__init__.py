"""Random programs of commands on the real Redis of this machine and on the model."""
