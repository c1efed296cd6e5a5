"""What things are: values and rules. Standard library only; no I/O, no clock, no randomness."""
