// The test mode: a question as one JSON object on standard input, the headers to add as JSON on standard output. ../README.md has its form.

import { Key, TokenSource, signRequest, signTylt } from './keywright.mjs';

async function headersFor(asked, key) {
  const body = typeof asked.body_base64 === 'string' ? Buffer.from(asked.body_base64, 'base64') : null;
  const { created, nonce } = asked;
  switch (asked.scheme) {
    case 'http-message-signatures':
      return signRequest(asked.method, asked.url, asked.headers ?? [], body, asked.keyid, key, { created, nonce });
    case 'tylt':
      return signTylt(asked.url, body, asked.api_key, key);
    case 'oauth2': {
      const { token_url: tokenUrl, client_id: clientId, secret: clientSecret, issuer, scope } = asked;
      const source = new TokenSource({ tokenUrl, clientId, clientSecret, key: asked.pem ? key : undefined, issuer, scope });
      const asks = await Promise.all([source.token(), source.token()]); // the second one shares the first one's request
      return { Authorization: `Bearer ${asks[0]}`, Again: await source.token() };
    }
    default:
      throw new Error('scheme is http-message-signatures, tylt, oauth2 or text');
  }
}

async function main() {
  let text = '';
  for await (const piece of process.stdin.setEncoding('utf8')) text += piece;
  const asked = JSON.parse(text);
  const key = asked.pem ? Key.pem(asked.pem, asked.algorithm) : Key.secret(asked.secret ?? Buffer.from(asked.secret_base64, 'base64'));
  const answer = asked.scheme === 'text' ? { signature: key.sign(Buffer.from(asked.text)).toString('base64') } : { headers: Object.entries(await headersFor(asked, key)) };
  console.log(JSON.stringify(answer));
}

main().catch((why) => {
  console.error(`keywright: ${why.message}`);
  process.exitCode = 1;
});
