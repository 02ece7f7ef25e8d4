"""Arrays that lie in files: read without trust, known before they are loaded."""
