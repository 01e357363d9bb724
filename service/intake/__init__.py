"""Posts come in: who sends them, whether they are well formed, where they are stored."""
