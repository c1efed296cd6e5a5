"""How to speak with Amazon Transcribe over its WebSocket interface: for calls as for voice notes."""
