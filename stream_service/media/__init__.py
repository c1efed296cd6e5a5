"""Bytes and transport: the Media Streams protocol and audio frames."""
