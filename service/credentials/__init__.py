"""What proves who calls: passwords, tokens, keys, and the address that a call comes from."""
