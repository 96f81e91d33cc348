"""Tasks: what is to do, by whom, and how far it is."""
