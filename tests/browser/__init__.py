"""The console in a real browser, on a running platform."""
