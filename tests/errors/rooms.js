// Servers on node's `ws`, which refuse and end connections in each way that it has.
//
//     node rooms.js HOST PORT
'use strict';

const http = require('node:http');
// Installed elsewhere than beside this file.
const { WebSocketServer } = require(process.env.WS_MODULE);

const statuses = {
  '/401': [401, 'Unauthorized', { 'WWW-Authenticate': 'Bearer error="invalid_token"' }],
  '/401-words': [401, 'Token expired'],
  '/403': [403],
  '/429': [429, 'Too Many Requests', { 'Retry-After': 7 }],
  '/503': [503],
  '/4401': [4401, 'bad'],
};
const open = new WebSocketServer({
  noServer: true,
  maxPayload: 1000,
  clientTracking: true,
  verifyClient: ({ req }, done) => {
    const status = statuses[req.url];
    if (status) done(false, ...status);
    else done(true);
  },
});
// It listens to paths of its own alone.
const chat = new WebSocketServer({ noServer: true, path: '/chat' });
const strict = new WebSocketServer({ noServer: true, handleProtocols: () => 'graphql-ws' });
const server = http.createServer((request, response) => {
  if (request.url === '/page') response.end('hello');
  else response.writeHead(404).end('nothing here\n');
});

open.on('connection', (socket, request) => {
  socket.on('error', () => {});
  const url = new URL(request.url, 'http://localhost');
  const [, action, code] = url.pathname.split('/');
  if (action === 'close') socket.close(Number(code), url.searchParams.get('reason') ?? '');
  if (action === 'terminate') socket.terminate();
  if (action === 'reset') setTimeout(() => socket._socket.resetAndDestroy(), 50);
});
server.on('upgrade', (request, socket, head) => {
  const handle = (server) => server.handleUpgrade(request, socket, head, (it) => server.emit('connection', it, request));
  if (request.url === '/destroyed') socket.destroy();
  else if (request.url === '/written') socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
  else if (request.url === '/never') return;
  else if (request.url === '/chat-room') handle(chat);
  else if (request.url === '/subprotocol') handle(strict);
  else handle(open);
});
const without = http.createServer((request, response) => response.writeHead(404).end('nothing here\n'));
const [, , host, port, second] = process.argv;
server.listen(Number(port), host);
without.listen(Number(second), host);
