"""The command line, a file for each group of commands. Each imports what it runs only when it runs."""
