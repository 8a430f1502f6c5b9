"""What no test has the time for: the laws on ever new recordings, and a server under ever new visitors."""
