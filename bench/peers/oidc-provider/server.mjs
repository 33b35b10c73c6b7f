// An OAuth 2 server by oidc-provider, for the benchmark: one client, its tokens opaque or JWTs (ES256) by the resource that is asked for.
// Arguments: port, client id, client secret, and the two resources.
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [port, clientId, clientSecret, opaque, jwt] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: clientId,
    client_secret: clientSecret,
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    id_token_signed_response_alg: 'ES256',
    scope: 'default',
  }],
  scopes: ['default'],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'signing' }] },
  cookies: { keys: ['no cookie is ever set'] },
  clientAuthMethods: ['client_secret_basic'],
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo(ctx, resource) {
        const form = resource === jwt ? { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } } : { accessTokenFormat: 'opaque' };
        if (resource !== jwt && resource !== opaque) throw new Error(`${resource} is neither of the two`);
        return { audience: resource, scope: 'default', accessTokenTTL: 3600, ...form };
      },
    },
  },
});

provider.listen(Number(port), '127.0.0.1');
