"""The emulated plant: physics behind emulated devices. Only the runtime imports it (ADR 3).

::

    controller  the maker's controller: what to heat, how warm, when to defrost, when to stop
    physics     one heat pump with its house: refrigerant, frost, water, tank, building
    devices     what the emulated devices show of it, or of a signal generator
    faults      faults of the field devices
    serve       the plant on real Modbus, and its control port
"""
