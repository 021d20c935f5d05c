"""Stock Flask-SocketIO with gevent and gevent-websocket, written as its documentation does.

The peer of the relay workload: a room a call, an event sent to the room, JWT in the
handshake, acknowledgements. Nothing is tuned and nothing is slowed down.
"""

# ruff: noqa: E402 - gevent patches before anything else is imported

from gevent import monkey

monkey.patch_all()

import os

import jwt
from flask import Flask
from flask_socketio import SocketIO, emit, join_room

app = Flask(__name__)
socketio = SocketIO(app, async_mode="gevent")
SECRET = os.environ["JWT_SECRET"]


@socketio.on("connect")
def connect(auth):
    jwt.decode(auth["token"], SECRET, algorithms=["HS256"])


@socketio.on("call:subscribe")
def subscribe(message):
    join_room(message["call_id"])
    return {"ok": True}


@socketio.on("bench:relay")
def relay(message):
    event = {
        "call_id": message["call_id"],
        "speaker": "customer",
        "text": message["text"],
        "timestamp": "2026-01-01T00:00:00.000Z",
    }
    emit("transcription:update", event, to=message["call_id"])
    return {"ok": True}


if __name__ == "__main__":
    socketio.run(app, host="127.0.0.1", port=int(os.environ["PORT"]))
