"""FastAPI routes that refuse and end connections in each way that FastAPI has."""

from fastapi import FastAPI, HTTPException, Query, WebSocket, WebSocketException
from fastapi.responses import JSONResponse
from fastapi.websockets import WebSocketDisconnect
from starlette.middleware.trustedhost import TrustedHostMiddleware

app = FastAPI()
app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "127.0.9.1"])


@app.get("/page")
async def page() -> dict:
    return {"ok": True}


@app.websocket("/closes-before")
async def closes_before(websocket: WebSocket) -> None:
    await websocket.close(4401, "there is no token")


@app.websocket("/raises")
async def raises(websocket: WebSocket) -> None:
    raise WebSocketException(1008, "there is no token")


@app.websocket("/parameter")
async def parameter(websocket: WebSocket, room: str = Query()) -> None:
    await websocket.accept()


@app.websocket("/http/{status}")
async def http(websocket: WebSocket, status: int) -> None:
    headers = {
        401: {"WWW-Authenticate": 'Bearer error="invalid_token"'},
        429: {"Retry-After": "30"},
        503: {"Retry-After": "5"},
    }
    details = {
        401: "Signature has expired",
        403: "Not enough permissions",
        404: "no such room",
        429: "Too many connections",
        503: "auth backend unavailable",
    }
    raise HTTPException(status, details.get(status), headers.get(status))


@app.websocket("/challenge")
async def challenge(websocket: WebSocket) -> None:
    raise HTTPException(401, "Not authenticated", {"WWW-Authenticate": "Bearer"})


@app.websocket("/scope")
async def scope(websocket: WebSocket) -> None:
    challenge = 'Bearer error="insufficient_scope", scope="chat:write"'
    raise HTTPException(403, "Not enough permissions", {"WWW-Authenticate": challenge})


@app.websocket("/denial")
async def denial(websocket: WebSocket) -> None:
    await websocket.send_denial_response(JSONResponse({"error": "token_expired", "exp": 1700003600}, 401))


@app.websocket("/fails-before")
async def fails_before(websocket: WebSocket) -> None:
    raise RuntimeError("a bug, on purpose")


@app.websocket("/returns-before")
async def returns_before(websocket: WebSocket) -> None:
    return


@app.websocket("/fails-after")
async def fails_after(websocket: WebSocket) -> None:
    await websocket.accept()
    raise RuntimeError("a bug, on purpose")


@app.websocket("/returns-after")
async def returns_after(websocket: WebSocket) -> None:
    await websocket.accept()


@app.websocket("/closes/{code}")
async def closes(websocket: WebSocket, code: int, reason: str = "") -> None:
    await websocket.accept()
    await websocket.close(code, reason)


@app.websocket("/chat")
async def chat(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        pass


@app.websocket("/other-subprotocol")
async def other_subprotocol(websocket: WebSocket) -> None:
    await websocket.accept("graphql-ws")
