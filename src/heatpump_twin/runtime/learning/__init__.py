"""What models a running twin uses, and how they are made anew in child processes."""
