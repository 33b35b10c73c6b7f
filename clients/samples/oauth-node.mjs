// Fetches an access token (client_credentials, client_secret_basic) and calls the API with it. Node 18 or later; no packages.
//   read -rs KEYWRIGHT_SECRET; export KEYWRIGHT_SECRET     (paste the consumer secret, press Enter)
const clientSecret = process.env.KEYWRIGHT_SECRET?.trim();
if (!clientSecret) throw new Error('set KEYWRIGHT_SECRET to the consumer secret');
const tokenUrl = '{{token_url}}';
const clientId = '{{keyid}}';
const url = '{{url}}';

let kept = { token: '', untilMs: 0 };

async function token() {
  if (Date.now() < kept.untilMs) return kept.token; // a token is good for many calls
  const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64');
  const answer = await fetch(tokenUrl, {
    method: 'POST',
    redirect: 'error', // the secret goes nowhere else
    headers: { Authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(`no token: ${answer.status} ${said.error} ${said.error_description ?? ''}`);
  kept = { token: said.access_token, untilMs: Date.now() + (said.expires_in - 30) * 1000 };
  return kept.token;
}

const answer = await fetch(url, { headers: { Authorization: `Bearer ${await token()}` } });
console.log(answer.status, await answer.text());
