"""What happens around every call: one concern a file, their order in `chain`."""
