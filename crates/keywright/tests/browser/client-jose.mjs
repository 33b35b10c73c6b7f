// A resource server of others, unmodified: npm `jose` checks tokens by the key set, for the audience and the algorithm that are told.
import { createRemoteJWKSet, jwtVerify } from "jose";

const { base, tokens } = JSON.parse(process.env.TOKENS);
const keys = createRemoteJWKSet(new URL(`${base}/oauth2/jwks`));
const why = (token, options) => jwtVerify(token, keys, { issuer: base, typ: "at+jwt", ...options }).then(() => "taken", (error) => error.code);

const told = [];
for (const { token, audience, alg } of tokens) {
  const { protectedHeader, payload } = await jwtVerify(token, keys, { issuer: base, audience, typ: "at+jwt", algorithms: [alg] });
  const [head, claims, signature] = token.split(".");
  const changed = `${head}.${claims}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
  const refused = [
    await why(token, { audience: `${base}/services/another`, algorithms: [alg] }),
    await why(token, { audience, algorithms: ["PS256"] }),
    await why(changed, { audience, algorithms: [alg] }),
  ];
  told.push({ header: protectedHeader, claims: payload, refused });
}
console.log(JSON.stringify(told));
