"""The cache cluster (Redis or Valkey): what may be lost and must be near."""
