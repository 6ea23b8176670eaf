"""The commands, a module each: read the options, call `authority`, print the result."""
