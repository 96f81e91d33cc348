"""One repository for each table: statements in, rows out."""
