"""What may stand in a mailbox: frozen values, decoded and validated before they get there.

Each type is of a kind (admitted.py) that says whether it may be refused, dropped or neither. A
file for each who receives them, and this one is how they are reached: `from actors import
messages as m`. It owns nothing.
"""

# ruff: noqa: F403 - a message is written once, where it stands
from actors.admitted import Ref as Ref
from actors.messages.anybody import *
from actors.messages.from_services import *
from actors.messages.to_agent import *
from actors.messages.to_call import *
from actors.messages.to_wall import *
