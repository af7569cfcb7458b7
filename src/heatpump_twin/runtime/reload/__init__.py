"""The site file is read again, and heat pumps come and go while the twin runs."""
