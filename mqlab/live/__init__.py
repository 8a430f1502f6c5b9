"""Open recordings and the people who watch them: asyncio, no ORM, no Django. Depends on the engine only."""
