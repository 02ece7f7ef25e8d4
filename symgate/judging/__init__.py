"""Claims of lecture notes, judged by running a check for each."""
