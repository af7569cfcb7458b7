"""Parts of a running twin, each opened by one builder, in the order of the data flow."""
