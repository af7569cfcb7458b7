"""Elements that pages are made of: live values, symbols, fields, tables, questions."""
