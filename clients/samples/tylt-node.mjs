// Signs a request in Tylt's form and sends it. Node 18 or later; no packages.
//   read -rs KEYWRIGHT_SECRET; export KEYWRIGHT_SECRET     (paste the secret key, press Enter)
import { createHmac } from 'node:crypto';

const secret = process.env.KEYWRIGHT_SECRET?.trim();
if (!secret) throw new Error('set KEYWRIGHT_SECRET to the secret key');
const url = '{{url}}';
const apiKey = '{{keyid}}';
const body = JSON.stringify({ amount: '10.00', currency: 'EUR' }); // made once: this very text is signed and sent

// A GET has no body: its raw query string is signed instead, as in new URL(url).search.slice(1)
const signature = createHmac('sha256', secret).update(body).digest('hex');

const answer = await fetch(url, {
  method: 'POST',
  headers: {
    'X-TLP-APIKEY': apiKey,
    'X-TLP-SIGNATURE': signature,
    'Content-Type': 'application/json',
  },
  body,
});
console.log(answer.status, await answer.text());
