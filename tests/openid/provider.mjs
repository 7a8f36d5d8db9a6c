// An OpenID provider on the loopback: node's `oidc-provider`.
//
//     node provider.mjs PORT KEYS      prints `listening on URL`; port 0 picks a free one
//
// KEYS is a file with the private keys that were made so far; it is made where it is absent, so that a provider that
// is started again has those of the one before. Clients get JWT access tokens for the resources
// `https://chat.example/ALGORITHM`, and opaque ones for others. `PUT /keys?ids=b,a` replaces the keys by generations of
// these names, of which the first signs.
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

// Installed elsewhere than beside this file.
const { default: Provider } = await import(process.env.OIDC_MODULE);

const [, , port, store] = process.argv;
const ALGORITHMS = {
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}],
};
const made = existsSync(store) ? JSON.parse(readFileSync(store)) : {};

function generation(id) {
  made[id] ??= Object.entries(ALGORITHMS).map(([alg, [kind, options]]) => ({
    ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }),
    kid: `${id}-${alg}`,
    alg,
    use: 'sig',
  }));
  writeFileSync(store, JSON.stringify(made));
  return made[id];
}

function resource(indicator) {
  const format = new URL(indicator).pathname.slice(1);
  const jwt = format in ALGORITHMS;
  return {
    scope: 'chat:read chat:write',
    audience: 'chat',
    accessTokenFormat: jwt ? 'jwt' : 'opaque',
    accessTokenTTL: 600,
    jwt: jwt ? { sign: { alg: format } } : undefined,
  };
}

const client = (id) => ({
  client_id: id,
  client_secret: `secret of ${id}, with + and %`,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
});

function provider(issuer, ids) {
  const provider = new Provider(issuer, {
    clients: [client('app'), client('chat-server')],
    scopes: ['chat:read', 'chat:write'],
    jwks: { keys: ids.flatMap(generation) },
    enabledJWA: { idTokenSigningAlgValues: Object.keys(ALGORITHMS) },
    ttl: { ClientCredentials: 600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, indicator) => resource(indicator),
      },
    },
  });
  provider.on('server_error', (_context, error) => console.error(error));
  return provider.callback();
}

let answer;
const server = createServer((request, response) => {
  if (request.method === 'PUT') {
    const ids = new URL(request.url, 'http://localhost').searchParams.get('ids').split(',');
    answer = provider(issuer(), ids);
    response.writeHead(200, { 'Content-Length': 0 }).end();
  } else {
    answer(request, response);
  }
});
const issuer = () => `http://127.0.0.1:${server.address().port}`;
server.listen(Number(port), '127.0.0.1', () => {
  const ids = Object.keys(made).slice(-1);
  answer = provider(issuer(), ids.length > 0 ? ids : ['a']);
  console.log(`listening on ${issuer()}`);
});
process.on('SIGTERM', () => process.exit(0));
