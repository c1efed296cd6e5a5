"""Twilio: telephone calls, WhatsApp messages, the signature on both."""
