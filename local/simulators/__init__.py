"""The world outside the platform: Twilio's and Meta's interfaces, callers and WhatsApp users."""
