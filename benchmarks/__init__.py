"""Measurements that the README and the issues quote; run by scripts/benchmark.py."""
