"""The long-lived service that owns the phone calls: media streams in and out, live updates for front ends."""
