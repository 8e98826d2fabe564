"""The language that terminal and dashboard share: scores, tables, periods, pooling, wire, configuration.

Standard library and msgspec only; imports nothing else of Fjes.
"""
