"""How: one file per outside system; each implements a port and knows that system's formats."""
