"""What equals what: under which map, and the proof or the counterexample."""
