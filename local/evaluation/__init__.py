"""Conversations that the running platform must hold as they are written down: scenarios, and what checks them."""
