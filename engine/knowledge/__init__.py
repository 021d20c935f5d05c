"""What may be suggested: documents, the passages they are read in, and the index over them.

Owns documents from the moment they are put until one of their passages is found. It knows
no call: which words of a call are asked with is engine/assist/.
"""
