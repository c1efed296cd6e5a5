"""Webhook payloads of every kind that Meta and Twilio send, with what each must become. See SOURCES.md."""
