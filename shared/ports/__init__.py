"""What the use cases need from outside, in their own words. Protocols only; no vendor types in a signature."""
