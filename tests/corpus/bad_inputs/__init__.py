"""Bad and hostile inputs: files, options, folders and calls, several hundred, by group."""
