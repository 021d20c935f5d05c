"""What is said about a call: which documents, with which excerpt, and a summary line.

Owns the way from the last lines of a call to a proposal. It never decides when to ask
(actors/ does), never waits, never writes.
"""
