// A client of others, unmodified, that registers itself: with a secret, and with a key of its own; then it gets a token and asks what it is good for.
import { webcrypto } from "node:crypto";
import * as oauth from "openid-client";

const { base, secret, key } = JSON.parse(process.env.GIVEN);
const options = (initialAccessToken) => ({ algorithm: "oauth2", initialAccessToken, execute: [oauth.allowInsecureRequests] });

// A verifier hears of a new client a moment later, and a memory of assertions that has just begun asks for a new one.
const patiently = async (ask) => {
  for (let left = 50; ; left -= 1) {
    try {
      return await ask();
    } catch (error) {
      if (left === 0 || !(error.status === 401 || error.cause?.status === 503 || error.status === 503)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
};

const used = async (config) => {
  const metadata = config.clientMetadata();
  const tokens = await patiently(() => oauth.clientCredentialsGrant(config));
  const told = await patiently(() => oauth.tokenIntrospection(config, tokens.access_token));
  return {
    method: metadata.token_endpoint_auth_method,
    has_secret: metadata.client_secret !== undefined,
    jwks: metadata.jwks,
    type: tokens.token_type,
    active: told.active,
  };
};

const bySecret = await oauth.dynamicClientRegistration(
  new URL(base),
  { client_name: "Till", token_endpoint_auth_method: "client_secret_post", grant_types: ["client_credentials"], response_types: [] },
  undefined,
  options(secret),
);

const pair = await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
const { kty, crv, x, y } = await webcrypto.subtle.exportKey("jwk", pair.publicKey);
const byKey = await oauth.dynamicClientRegistration(
  new URL(base),
  { client_name: "Door", token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [{ kty, crv, x, y }] } },
  oauth.PrivateKeyJwt(pair.privateKey),
  options(key),
);

const refused = await oauth
  .dynamicClientRegistration(new URL(base), {}, undefined, options(secret))
  .catch((error) => ({ error: error.error ?? error.cause?.[0]?.parameters?.error, status: error.status ?? error.cause?.status ?? error.response?.status }));

console.log(JSON.stringify({ secret: await used(bySecret), key: await used(byKey), refused }));
