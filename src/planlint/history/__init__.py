"""Plans as they were: files at a Git revision, and what changed in meaning between two of them."""
