// A client of others, unmodified: it finds the server's parts, gets a token in each of the three ways, asks what it is good for, and ends it.
import { createPrivateKey } from "node:crypto";
import * as oauth from "openid-client";

const { base, clients } = JSON.parse(process.env.CLIENT);

const how = async ({ secret, pem }, method) => {
  if (method === "private_key_jwt") {
    const der = createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
    return oauth.PrivateKeyJwt(await crypto.subtle.importKey("pkcs8", der, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]));
  }
  return method === "client_secret_post" ? oauth.ClientSecretPost(secret) : oauth.ClientSecretBasic(secret);
};

// A memory of assertions that has just begun asks for a new one.
const patiently = async (ask) => {
  for (let left = 50; ; left -= 1) {
    try {
      return await ask();
    } catch (error) {
      if (left === 0 || error.cause?.status !== 503) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
};

const told = [];
for (const client of clients) {
  for (const method of client.methods) {
    const options = { algorithm: "oauth2", execute: [oauth.allowInsecureRequests] };
    const config = await oauth.discovery(new URL(base), client.id, undefined, await how(client, method), options);
    const resource = `${base}/services/${client.resource}`;
    const tokens = await patiently(() => oauth.clientCredentialsGrant(config, { resource }));
    const before = await patiently(() => oauth.tokenIntrospection(config, tokens.access_token));
    await patiently(() => oauth.tokenRevocation(config, tokens.access_token));
    let after = before;
    for (let left = 100; after.active && left > 0; left -= 1) after = await patiently(() => oauth.tokenIntrospection(config, tokens.access_token));
    const refused = await patiently(() => oauth.clientCredentialsGrant(config, { scope: "nobody:holds" })).catch((error) => ({ error: error.error, status: error.status }));
    told.push({ method, type: tokens.token_type, expires: tokens.expires_in, before: before.active, client: before.client_id, after: after.active, refused });
  }
}
console.log(JSON.stringify(told));
