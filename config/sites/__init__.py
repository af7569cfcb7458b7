"""Sites that come with the product."""
