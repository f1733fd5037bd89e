"""The pages of a file, by what one does there; the scope is the same for every role."""
