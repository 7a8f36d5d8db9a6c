// Node's `ws` as a peer: holds the conversation of talk.rs as its server or its client.
//
//     node peer.js server [--deflate]       prints `listening on URL`
//     node peer.js client URL [--deflate]   exits with 0 when all was as it should be
//
// Either exits with 1 as soon as something is not as it should be.
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
// Installed elsewhere than beside this file.
const { WebSocket, WebSocketServer } = require(process.env.WS_MODULE);

const FAREWELL = [4002, 'so long, Grüße ☃'];
const IN_PIECES = ['split: \xe2', '', '\x98\x83 and \xf0\x9f', '\xa6\x80'].map((s) => Buffer.from(s, 'latin1'));
const TEXTS = [
  '',
  'hello',
  'Καλημέρα, мир, 世界, 🦀 e\u0301 \u0000 \ufeff \u{10ffff}',
  ...[125, 126, 127, 65_535, 65_536].map((length) => 'x'.repeat(length)),
  '🦀'.repeat((1024 * 1024) / 4),
];
const BINARIES = [0, 1, 256, 1024 * 1024].map((length) => Buffer.from({ length }, (_, i) => i % 256));
const inOnePiece = Buffer.concat(IN_PIECES).toString();

const [, , mode, ...rest] = process.argv;
const deflate = rest.includes('--deflate');
const perMessageDeflate = deflate ? { threshold: 0 } : false;

function checkExtensions(socket) {
  assert.equal(socket.extensions.startsWith('permessage-deflate'), deflate);
}

function sendInPieces(socket) {
  IN_PIECES.forEach((piece, index) => {
    socket.send(piece, { binary: false, fin: index === IN_PIECES.length - 1 });
    if (index === 0) socket.ping('between');
  });
}

function answer(socket) {
  checkExtensions(socket);
  let asked = false;
  socket.on('message', (data, binary) => {
    const text = binary ? undefined : data.toString();
    if (text === '!pieces') sendInPieces(socket);
    else if (text === '!close') {
      asked = true;
      socket.close(...FAREWELL);
    } else socket.send(data, { binary });
  });
  socket.on('close', (code, reason) => {
    assert.equal(code, FAREWELL[0]);
    if (!asked) assert.equal(reason.toString(), FAREWELL[1]);
  });
}

async function open(url) {
  const socket = new WebSocket(url, { perMessageDeflate });
  await once(socket, 'open');
  checkExtensions(socket);
  return socket;
}

async function ask(socket, message) {
  const heard = once(socket, 'message');
  socket.send(message);
  return heard;
}

async function converse(url) {
  const socket = await open(url);
  for (const text of TEXTS) {
    const [data, binary] = await ask(socket, text);
    assert.deepEqual([data.toString(), binary], [text, false]);
  }
  for (const bytes of BINARIES) {
    const [data, binary] = await ask(socket, bytes);
    assert.ok(binary && bytes.equals(data), `${bytes.length} bytes`);
  }
  for (const payload of [Buffer.alloc(0), Buffer.from('are you there?'), Buffer.alloc(125, 0xff)]) {
    const heard = once(socket, 'pong');
    socket.ping(payload);
    assert.ok(payload.equals((await heard)[0]));
  }
  const heard = once(socket, 'message');
  sendInPieces(socket);
  assert.equal((await heard)[0].toString(), inOnePiece);
  assert.equal((await ask(socket, '!pieces'))[0].toString(), inOnePiece);
  const closed = once(socket, 'close');
  socket.send('!close');
  const [code, reason] = await closed;
  assert.deepEqual([code, reason.toString()], FAREWELL);
}

async function takeLeave(url) {
  const socket = await open(url);
  assert.equal((await ask(socket, 'before I go'))[0].toString(), 'before I go');
  const closed = once(socket, 'close');
  socket.close(...FAREWELL);
  assert.equal((await closed)[0], FAREWELL[0]);
}

if (mode === 'client') {
  converse(rest[0]).then(() => takeLeave(rest[0]));
} else {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate });
  server.on('connection', answer);
  server.on('listening', () => console.log(`listening on ws://127.0.0.1:${server.address().port}/`));
}
