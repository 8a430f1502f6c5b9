"""What each command does, by the kind of thing that it acts on. `mqlab.engine.acts` chooses."""
