"""The live shadow: what a fault-free machine would do now, beside what is measured."""
