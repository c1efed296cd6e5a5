"""Measurements that README quotes; each folder says how they were taken."""
