"""What would be: heat pump, circuit, tank, house and controller, stepped side by side."""
