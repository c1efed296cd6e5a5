"""Tools that the platform brings along; each implements `shared.ports.tools.Tool`."""
