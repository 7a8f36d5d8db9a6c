"""A chat in FastAPI, as its documentation shows one."""

from typing import Annotated

from fastapi import Depends, FastAPI, Header, WebSocket, WebSocketDisconnect, WebSocketException, status

app = FastAPI()


def user(authorization: Annotated[str | None, Header()] = None) -> str:
    if authorization != "Bearer sesame":
        raise WebSocketException(status.WS_1008_POLICY_VIOLATION, "no token")
    return "ann"


async def converse(websocket: WebSocket) -> None:
    try:
        while True:
            await websocket.send_text(f"you said {await websocket.receive_text()}")
    except WebSocketDisconnect:
        pass


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await converse(websocket)


@app.websocket("/json")
async def json(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            await websocket.send_json({"got": await websocket.receive_json()})
    except WebSocketDisconnect:
        pass


@app.websocket("/guarded")
async def guarded(websocket: WebSocket, who: Annotated[str, Depends(user)]) -> None:
    await websocket.accept()
    await converse(websocket)


@app.websocket("/late")
async def late(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close(status.WS_1008_POLICY_VIOLATION, "no token")
