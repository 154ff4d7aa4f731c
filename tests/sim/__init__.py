"""The whole control side in one process under a seeded virtual clock."""
