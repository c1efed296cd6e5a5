"""Attacks on a running copy of the platform, at its front door and at its sockets.

What is tried stands in tables, an entry an attack; a few drivers try it. Whatever is tried, the answer must be the
documented one, in the envelope, without a word of what is inside, and nothing may have been kept, queued or sent.
"""
