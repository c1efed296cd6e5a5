"""The one-command local platform: real databases, emulated AWS, the functions and the stream service on one machine."""
