"""Measures Countersign beside what Postgres does alone, in the same run. See `ops/bench --help`."""
