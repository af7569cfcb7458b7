"""Modbus: device profiles, links, drivers, emulated devices and commissioning.

::

    profile         what a datasheet says: registers, codec, poll plan, limits; profiles/*.yaml
    wire            frames, connections, time-outs, silent interval, exception codes
    driver          poll period, back-off, reading, writing with read-back
    emulator        emulated devices behind gateways, with faults
    commissioning   scan, read and write by hand, profiles from register tables
"""
