"""The command line for those who run Earshot: `./earshot --help`.

Owns reading what a person typed, talking to a server over its public API, and saying what
came of it in plain lines. It never touches the store or an actor: whatever it does, any
other producer could do.
"""
