// An OpenID provider on the loopback: node's `oidc-provider`.
//
//     node provider.mjs PORT KEYS      prints `listening on URL`; port 0 picks a free one
//
// KEYS is a file with the private keys that were made so far; it is made where it is absent, so that a provider that
// is started again has those of the one before. Clients get JWT access tokens for the resources
// `https://chat.example/ALGORITHM`, and opaque ones for others, each good for TOKEN_SECONDS (600). `PUT /keys?ids=b,a`
// replaces the keys by generations of these names, of which the first signs. `GET /requests` tells how many requests for
// tokens there were, and `PUT /refresh-token` gives a refresh token, as if the user `ann` had let the client `web` act for
// her; it is replaced each time that it is used.
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
const SECONDS = Number(process.env.TOKEN_SECONDS ?? 600);
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
    accessTokenTTL: SECONDS,
    jwt: jwt ? { sign: { alg: format } } : undefined,
  };
}

const client = (id, more) => ({
  client_id: id,
  client_secret: `secret of ${id}, with + and %`,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  ...more,
});
const web = {
  grant_types: ['authorization_code', 'refresh_token'],
  redirect_uris: ['https://chat.example/callback'],
  response_types: ['code'],
};

function provider(issuer, ids) {
  const provider = new Provider(issuer, {
    clients: [client('app'), client('chat-server'), client('web', web)],
    scopes: ['chat:read', 'chat:write', 'offline_access'],
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    rotateRefreshToken: true,
    jwks: { keys: ids.flatMap(generation) },
    enabledJWA: { idTokenSigningAlgValues: Object.keys(ALGORITHMS) },
    ttl: { ClientCredentials: SECONDS, AccessToken: SECONDS, Grant: 3600, RefreshToken: 3600 },
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
  return provider;
}

async function refreshToken() {
  const [accountId, clientId, resource] = ['ann', 'web', 'https://chat.example/ES256'];
  const grant = new current.Grant({ accountId, clientId });
  grant.addResourceScope(resource, 'chat:read');
  const grantId = await grant.save();
  const client = await current.Client.find(clientId);
  const gty = 'authorization_code';
  const scope = 'chat:read offline_access';
  return new current.RefreshToken({ accountId, client, grantId, gty, scope, resource }).save();
}

let current;
let answer;
let requests = 0;
function use(ids) {
  current = provider(issuer(), ids);
  answer = current.callback();
}
const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const tell = (value = '') => {
    const body = JSON.stringify(value);
    response.writeHead(200, { 'Content-Length': Buffer.byteLength(body) }).end(body);
  };
  if (request.method === 'PUT' && pathname === '/keys') {
    use(searchParams.get('ids').split(','));
    tell();
  } else if (request.method === 'PUT') {
    tell(await refreshToken());
  } else if (pathname === '/requests') {
    tell(requests);
  } else {
    requests += request.method === 'POST' && pathname === '/token';
    answer(request, response);
  }
});
const issuer = () => `http://127.0.0.1:${server.address().port}`;
server.listen(Number(port), '127.0.0.1', () => {
  const ids = Object.keys(made).slice(-1);
  use(ids.length > 0 ? ids : ['a']);
  console.log(`listening on ${issuer()}`);
});
process.on('SIGTERM', () => process.exit(0));
