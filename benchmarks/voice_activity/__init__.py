"""What voice activity detection costs per call, and how late its answers come."""
