"""Rows as trainers read them: `lesson` cuts a row, `formats` writes each piece as a line."""
