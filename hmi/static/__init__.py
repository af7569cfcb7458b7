"""Style sheet, scripts and icon: data only."""
