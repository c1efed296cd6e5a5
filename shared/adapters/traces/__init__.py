"""Where traces go: a file, an OpenTelemetry collector, X-Ray."""
