"""How the alarms of a site behave, in the figures of ISA-18.2 and IEC 62682 (16.5)."""
