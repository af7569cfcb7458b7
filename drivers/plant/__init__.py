"""The emulated plant: physics behind emulated devices. Only the runtime imports it."""
