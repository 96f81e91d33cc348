"""Users: the accounts of people, services and administrators."""
