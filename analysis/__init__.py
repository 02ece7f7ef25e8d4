"""Scripts that use symgate as a user's script would, each answering one question."""
