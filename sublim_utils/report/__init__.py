"""Reporting: records in, figures, tables, widgets and prose out."""
