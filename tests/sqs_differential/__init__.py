"""Random programs on moto, an emulator of SQS, and on the model, step by step (see compare.py)."""
