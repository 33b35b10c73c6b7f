// A library of others signs by RFC 9421; what it would send is printed as /verify takes it.
import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSigner, httpbis } from "http-message-signatures";

// A key pair, or an API key with its secret.
const { base, pem, sdk_id, secret_key, api_key, alg } = JSON.parse(process.env.CLIENT);
const key = createSigner(pem ? readFileSync(pem) : secret_key, alg, sdk_id ?? api_key);
const digest = (body) => `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;

const sign = async (method, path, body) => {
  const fields = ["@method", "@authority", "@path", "@query"];
  const headers = { Host: new URL(base).host };
  if (body !== undefined) {
    headers["Content-Digest"] = digest(body);
    fields.push("content-digest");
  }
  const paramValues = { created: new Date(), nonce: randomUUID() };
  const signed = await httpbis.signMessage({ key, fields, params: ["created", "nonce", "keyid", "alg"], paramValues }, { method, url: base + path, headers });
  const seen = body ? { body_base64: Buffer.from(body).toString("base64") } : { body: "none" };
  return { method, url: signed.url.toString(), headers: Object.entries(signed.headers), ...seen };
};

console.log(JSON.stringify([await sign("GET", "/tiles/a%20b?x=1&x=%2F"), await sign("POST", "/tiles", '{"é":1}'), await sign("DELETE", "/tiles?all", "")]));
