"""How good suggestions are, measured on dialogues with known answers.

The only place that reads gold labels: nothing that ranks ever sees one.
"""
