"""Exercise sheets with their solutions, from the derivation of any cell."""
