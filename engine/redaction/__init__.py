"""What must not be stored or shown: found in a line of transcript and replaced by its kind.

words.py reads numbers as people speak them, runs.py finds runs of digits, cues.py tells what
the talk around asks for, patterns.py finds written forms, emails.py addresses, mixed.py numbers
with letters, kinds.py judges a run, and redactor.py puts them together. scoring.py counts
how well, measure.py publishes it. All but the last is pure; nothing keeps or logs a text.
"""
