"""What must not be stored or shown: found in a line of transcript and replaced by its kind.

words.py reads numbers as people speak them, runs.py finds runs of digits, cues.py tells what
the talk around asks for, patterns.py finds what is no number, kinds.py judges a run, and
redactor.py puts them together. All of it is pure; nothing keeps or logs a text.
"""
