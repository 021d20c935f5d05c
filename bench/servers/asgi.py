"""python-socketio's asynchronous server on uvicorn, with its sans-IO WebSocket protocol.

The same events as stock.py. uvloop and httptools are used when installed, as uvicorn does.
"""

import os

import jwt
import socketio
import uvicorn

SECRET = os.environ["JWT_SECRET"]
sio = socketio.AsyncServer(async_mode="asgi")


@sio.on("connect")
async def connect(sid, environ, auth):
    jwt.decode(auth["token"], SECRET, algorithms=["HS256"])


@sio.on("call:subscribe")
async def subscribe(sid, message):
    await sio.enter_room(sid, message["call_id"])
    return {"ok": True}


@sio.on("bench:relay")
async def relay(sid, message):
    event = {
        "call_id": message["call_id"],
        "speaker": "customer",
        "text": message["text"],
        "timestamp": "2026-01-01T00:00:00.000Z",
    }
    await sio.emit("transcription:update", event, room=message["call_id"])
    return {"ok": True}


if __name__ == "__main__":
    uvicorn.run(
        socketio.ASGIApp(sio),
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        ws="websockets-sansio",
        log_level="warning",
    )
