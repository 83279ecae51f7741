"""What everything rests on: quantities, errors, validation, files."""
