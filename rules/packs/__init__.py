"""Rule packs: rules as data, with their own test cases."""
