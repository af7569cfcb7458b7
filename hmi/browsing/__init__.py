"""Reading of the address space: the site, its heat pumps, their variables and methods."""
