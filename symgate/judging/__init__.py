"""The claims of lecture notes about recurrent cells, judged by running a check."""
