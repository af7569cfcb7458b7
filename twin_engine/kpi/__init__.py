"""Key figures of a period from recorded history: energies, SPF, runs, climate, costs."""
