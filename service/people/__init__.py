"""People of the console: who they are, how they get in, what they may do on which forum."""
