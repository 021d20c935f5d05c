"""The core of Earshot: rules as functions on values, and the services they need.

Knows no Flask, no Pykka and no gevent; import-linter holds that line (`make check`).
"""
