"""The emulated plant: physics behind emulated devices. Only the runtime imports it (ADR 3).

::

    physics   one heat pump with its house: refrigerant, defrost, water, tank, building, controller
    devices   what the emulated devices show of it, or of a signal generator
    faults    faults of the field devices
    serve     the plant on real Modbus, and its control port
"""
