// Node's `ws` with a route for each habit. Prints `listening on URL`.
'use strict';

const http = require('node:http');
// Installed elsewhere than beside this file.
const { WebSocketServer } = require(process.env.WS_MODULE);

const server = http.createServer((request, response) => {
  response.writeHead(426);
  response.end();
});
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: true });

server.on('upgrade', (request, stream, head) => {
  const pair = Buffer.from('ann:secret').toString('base64');
  if (request.url === '/guarded' && request.headers.authorization !== `Basic ${pair}`) {
    stream.end('HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="node"\r\nConnection: close\r\n\r\n');
    return;
  }
  sockets.handleUpgrade(request, stream, head, (socket) => {
    socket.on('message', (data, binary) => {
      if (request.url === '/bye') socket.close(4002, 'so long');
      else if (request.url === '/cut') socket.terminate();
      else socket.send(data, { binary });
    });
  });
});

server.listen(0, '127.0.0.1', () => console.log(`listening on ws://127.0.0.1:${server.address().port}`));
