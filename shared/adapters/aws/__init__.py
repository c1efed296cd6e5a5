"""AWS services, one module each."""
