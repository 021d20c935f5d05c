"""Actors: an actor holds a value and a mailbox, and gives messages an order.

Logs, clocks, executors and outlets are handed to actors; they open no socket and
start no greenlet. May import engine, never web.
"""
