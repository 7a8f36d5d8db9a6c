"""A chat in FastAPI, guarded as FastAPI's own documentation shows: dependencies look at the handshake and raise
`WebSocketException`. It knows exactly why it refuses; whoever is refused gets a bare 403.
"""

import os
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, HTTPException, Query, WebSocket, WebSocketDisconnect, WebSocketException, status

SECRET = os.environ["CHAT_SECRET"]
ORIGINS = {"https://app.example.com"}
BANNED = {"mallory"}

app = FastAPI()


def refused(reason: str) -> WebSocketException:
    return WebSocketException(status.WS_1008_POLICY_VIOLATION, reason)


def check_origin(websocket: WebSocket) -> None:
    origin = websocket.headers.get("origin")
    if origin is not None and origin not in ORIGINS:
        raise refused(f"the origin {origin} is not allowed")


def current_user(websocket: WebSocket, token: Annotated[str | None, Query()] = None) -> dict:
    scheme, _, credentials = websocket.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        token = credentials
    if not token:
        raise refused("there is no token")
    try:
        return jwt.decode(
            token,
            SECRET,
            algorithms=["HS256"],
            audience="chat",
            issuer="https://id.example",
            options={"require": ["exp", "sub"]},
        )
    except jwt.InvalidTokenError as error:
        raise refused(str(error)) from error


def reader(user: Annotated[dict, Depends(current_user)]) -> dict:
    if "chat:read" not in user.get("scope", "").split():
        raise refused("the scope chat:read is required")
    return user


def member_of_room(room: str, user: Annotated[dict, Depends(reader)]) -> dict:
    if room in {"staff", "board"} and room not in user.get("roles", []):
        raise refused(f"the role {room} is required")
    if user["sub"] in BANNED:
        raise refused("you are banned")
    if room == "archive":
        raise refused("the archive is closed")
    return user


@app.websocket("/rooms/{room}", dependencies=[Depends(check_origin)])
async def chat(websocket: WebSocket, room: str, user: Annotated[dict, Depends(member_of_room)]) -> None:
    await websocket.accept()
    await websocket.send_text(f"Welcome to {room}, {user['sub']}.")
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        pass


@app.websocket("/http-exception")
async def other_exception(websocket: WebSocket) -> None:
    """What the documentation advises against, and what a recent uvicorn answers with its status."""
    raise HTTPException(401, "there is no token", {"WWW-Authenticate": "Bearer"})
