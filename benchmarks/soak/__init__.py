"""An hour of calls and messages at the same time: does anything grow, slow down, fail or get lost?"""
