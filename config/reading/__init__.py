"""Read what a person wrote: files, YAML, overrides; and say what is wrong in their terms."""
