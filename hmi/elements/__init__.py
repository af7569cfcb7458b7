"""Elements that pages are made of: live values, fields, tables, questions."""
