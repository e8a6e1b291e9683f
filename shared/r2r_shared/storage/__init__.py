"""Bytes by key, in directories and buckets, and copies of what lies in buckets."""
