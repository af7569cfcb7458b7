"""The maker's controller of an emulated heat pump: by sensors alone, as a real one."""
