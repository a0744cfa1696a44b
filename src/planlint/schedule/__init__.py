"""Dates: calendars, the critical path, and whether deadlines can hold."""
