"""Speech engines for voice notes."""
