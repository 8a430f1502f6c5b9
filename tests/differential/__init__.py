"""Random programs as the recorded scenarios are, on the real broker of this machine and on the model: the same outcomes."""
