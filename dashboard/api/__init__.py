"""The interface for programs: the pages' figures as JSON and CSV, read-only, described by OpenAPI."""
