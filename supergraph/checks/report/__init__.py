"""A check's result in the forms that people and CI systems read, one per file."""
