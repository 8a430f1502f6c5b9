"""The lab's pages: gallery, stage, recordings, permalinks, rule book; and the one WebSocket. Gives live/ its
journal."""
