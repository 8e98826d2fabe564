"""The command line, the demo and the wiring of processes: the one room that may import all others."""
