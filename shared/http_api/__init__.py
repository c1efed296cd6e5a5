"""What the two FastAPI applications share: envelope, errors, access, models and the platform's OpenAPI document."""
