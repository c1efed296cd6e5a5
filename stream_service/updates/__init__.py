"""Live updates for front ends: one subscription of the process, fanned out to many sockets."""
