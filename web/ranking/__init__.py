"""Ranking in a process of its own: no index, no model and no long computation is in the
process whose loop delivers. The server's side is process.py, the other one worker.py.
"""
