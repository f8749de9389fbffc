"""The command `tms bench`: how fast the course's parts are, measured side by side.

It is no part of `tms_lib`, since it holds the slow way of training beside the quick one.
"""
