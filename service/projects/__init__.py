"""Projects: what groups the tasks of one user."""
