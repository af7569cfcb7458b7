"""Who may connect and who may do what: users, logins, certificates."""
