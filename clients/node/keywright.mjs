// Signs requests to services behind Keywright, and fetches OAuth 2 tokens for them. No dependencies; Node 18 or later.
// To install it, copy this file and keywright.d.mts. How to use it: ../README.md.

import { constants, createHash, createHmac, createPrivateKey, randomBytes, randomUUID, sign } from 'node:crypto';

/** Methods whose requests have a digest of their body also when the body is empty. */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
/** RSA keys below this are broken or soon will be (NIST SP 800-131A). */
const RSA_BITS_MIN = 2048;
/** Life of a signed client assertion, in seconds. It is sent at once, so a minute is plenty. */
const ASSERTION_LIFE_S = 60;
/** How long a token's server may take, in milliseconds. */
const TOKEN_TIMEOUT_MS = 10_000;

/** A key that signs. What it holds is private, so that no log or inspection shows it. */
export class Key {
  #secret = null;
  #private = null;
  #algorithm;

  constructor(secret, privateKey, algorithm) {
    this.#secret = secret;
    this.#private = privateKey;
    this.#algorithm = algorithm;
  }

  /** The secret of an `hmac` credential: text as it was shown, or bytes. */
  static secret(secret) {
    if (typeof secret === 'string' && secret !== secret.trim()) {
      throw new Error('the secret begins or ends with white space: it was probably read from a file with its line break; trim it');
    }
    const bytes = Buffer.from(secret);
    if (bytes.length === 0) throw new Error('the secret is empty');
    return new Key(bytes, null, 'hmac-sha256');
  }

  /** A private key as PEM: Ed25519, P-256, P-384 or RSA. RSA keys sign with `rsa-v1_5-sha256`, or with `rsa-pss-sha512` if asked to. */
  static pem(pem, algorithm) {
    let key;
    try {
      key = createPrivateKey(pem);
    } catch {
      throw new Error('this is no private key as PEM (PKCS#8, PKCS#1 or SEC1, not encrypted)'); // the cause may quote the input
    }
    const known = algorithmsOf(key);
    const chosen = algorithm ?? known[0];
    if (!known.includes(chosen)) throw new Error(`this key signs with ${known.join(' or ')}`);
    return new Key(null, key, chosen);
  }

  /** The algorithm's name in RFC 9421, section 3.3. */
  get algorithm() {
    return this.#algorithm;
  }

  /** Whether this is the secret of an `hmac` credential. */
  get isSecret() {
    return this.#secret !== null;
  }

  /** The signature of `message`, as RFC 9421 and RFC 7518 want it (ECDSA as r and s, 32 or 48 bytes each). */
  sign(message) {
    switch (this.#algorithm) {
      case 'hmac-sha256':
        return createHmac('sha256', this.#secret).update(message).digest();
      case 'ed25519':
        return sign(null, message, this.#private);
      case 'ecdsa-p256-sha256':
        return sign('sha256', message, { key: this.#private, dsaEncoding: 'ieee-p1363' });
      case 'ecdsa-p384-sha384':
        return sign('sha384', message, { key: this.#private, dsaEncoding: 'ieee-p1363' });
      case 'rsa-pss-sha512':
        return sign('sha512', message, { key: this.#private, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 });
      default:
        return sign('sha256', message, this.#private);
    }
  }
}

function algorithmsOf(key) {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ed25519') return ['ed25519'];
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= RSA_BITS_MIN) return ['rsa-v1_5-sha256', 'rsa-pss-sha512'];
  if (namedCurve === 'prime256v1') return ['ecdsa-p256-sha256'];
  if (namedCurve === 'secp384r1') return ['ecdsa-p384-sha384'];
  throw new Error(`this key is none of Ed25519, P-256, P-384 and RSA of ${RSA_BITS_MIN} bits or more`);
}

/**
 * The headers to add to a request so that it is signed (RFC 9421), in the order Content-Digest (RFC 9530), Signature-Input, Signature.
 * `headers` are those that the request has already: a Host among them is what is signed as the authority.
 * `options.created` (seconds since 1970) and `options.nonce` are for tests; without them they are now, and random.
 */
export function signRequest(method, url, headers, body, keyid, key, options = {}) {
  const present = headerMap(headers);
  for (const name of ['content-digest', 'signature-input', 'signature']) {
    if (present.has(name)) throw new Error(`the request has a ${name} already: sign it once, with the headers as they were before`);
  }
  const { scheme, host, path, query } = parts(url);
  const created = options.created ?? Math.floor(Date.now() / 1000);
  const nonce = options.nonce ?? randomBytes(16).toString('base64url');
  const bytes = bodyBytes(body);
  const added = {};
  const lines = [
    ['@method', checkedMethod(method)],
    ['@authority', authority(present.get('host') ?? host, scheme)],
    ['@path', path],
    ['@query', `?${query ?? ''}`],
  ];
  if (WITH_BODY.has(method) || bytes !== null) {
    const digest = createHash('sha256').update(bytes ?? '').digest('base64');
    added['Content-Digest'] = `sha-256=:${digest}:`;
    lines.push(['content-digest', added['Content-Digest']]);
  }
  if (!Number.isSafeInteger(created) || created < 0) throw new Error('created is a whole number of seconds since 1970');
  const covered = lines.map(([name]) => `"${name}"`).join(' ');
  const params = `(${covered});created=${created};nonce=${quoted(nonce)};keyid=${quoted(keyid)}`;
  const base = [...lines.map(([name, value]) => `"${name}": ${value}`), `"@signature-params": ${params}`].join('\n');
  added['Signature-Input'] = `sig1=${params}`;
  added.Signature = `sig1=:${key.sign(Buffer.from(base)).toString('base64')}:`;
  return added;
}

/** The headers to add in Tylt's form: the hex HMAC of the exact body, or of the raw query string where there is none, or an empty one. */
export function signTylt(url, body, apiKey, key) {
  if (!key.isSecret) throw new Error("Tylt's form is signed with a secret, not with a private key");
  const bytes = bodyBytes(body);
  const signed = bytes?.length > 0 ? bytes : Buffer.from(parts(url).query ?? '');
  return { 'X-TLP-APIKEY': headerText(apiKey), 'X-TLP-SIGNATURE': key.sign(signed).toString('hex') };
}

/**
 * OAuth 2 access tokens by client_credentials, kept until shortly before they end. Give `clientSecret` (client_secret_basic) or `key`
 * with `issuer` (private_key_jwt, RFC 7523).
 */
export class TokenSource {
  #settings;
  #clientSecret;
  #kept = null;
  #asking = null;

  constructor({ tokenUrl, clientId, clientSecret, key, issuer, scope }) {
    const { protocol, hostname } = new URL(tokenUrl);
    if (protocol !== 'https:' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname)) {
      throw new Error('the token URL must be https: over http the secret and the token could be read on the way');
    }
    if ((clientSecret === undefined) === (key === undefined)) throw new Error('give either clientSecret, or key and issuer');
    if (key !== undefined && (key.isSecret || !issuer)) throw new Error('private_key_jwt wants a private key, and the issuer as audience');
    this.#settings = { tokenUrl, clientId, key, issuer, scope };
    this.#clientSecret = clientSecret;
  }

  /** A token that is valid for a while yet. Callers that ask at the same time share one request. */
  async token() {
    if (this.#kept && Date.now() < this.#kept.untilMs) return this.#kept.token;
    this.#asking ??= this.#fetch().finally(() => (this.#asking = null));
    return this.#asking;
  }

  /** Throws the kept token away: call it after a 401, then ask once more. */
  forget() {
    this.#kept = null;
  }

  async #fetch() {
    const { tokenUrl, clientId, key, issuer, scope } = this.#settings;
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    if (scope) form.set('scope', scope);
    const headers = { Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' };
    if (key) {
      form.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
      form.set('client_assertion', clientAssertion(clientId, issuer, key));
    } else {
      const pair = `${formEncoded(clientId)}:${formEncoded(this.#clientSecret)}`; // RFC 6749, section 2.3.1
      headers.Authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
    }
    const askedMs = Date.now();
    // A redirect would carry the secret to somebody else.
    const answer = await fetch(tokenUrl, { method: 'POST', headers, body: form.toString(), redirect: 'error', signal: AbortSignal.timeout(TOKEN_TIMEOUT_MS) });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok || typeof said.access_token !== 'string') {
      throw new Error(`no token: ${[answer.status, said.error, said.error_description].filter(Boolean).join(', ')}`);
    }
    const lifeS = Number.isFinite(said.expires_in) ? said.expires_in : 0; // a token of unknown life is used once
    this.#kept = { token: said.access_token, untilMs: askedMs + (lifeS - Math.min(30, lifeS / 10)) * 1000 };
    return said.access_token;
  }
}

/** A JWT by which a client proves who it is (RFC 7523, section 3); `audience` is the issuer of the authorisation server. */
export function clientAssertion(clientId, audience, key) {
  const names = { ed25519: 'EdDSA', 'ecdsa-p256-sha256': 'ES256', 'ecdsa-p384-sha384': 'ES384', 'rsa-v1_5-sha256': 'RS256' };
  const alg = names[key.algorithm];
  if (!alg) throw new Error(`no JWT is signed with ${key.algorithm}`);
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: clientId, sub: clientId, aud: audience, iat, exp: iat + ASSERTION_LIFE_S, jti: randomUUID() };
  const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encoded({ alg, typ: 'JWT' })}.${encoded(claims)}`;
  return `${signed}.${key.sign(Buffer.from(signed)).toString('base64url')}`;
}

/** Scheme, host with port, path and query of a URL, as they will travel. What a program would rewrite on the way is refused. */
function parts(url) {
  const found = /^(https?):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?$/i.exec(url);
  if (!found) throw new Error('the URL must be absolute, http or https, and have no fragment');
  const [, scheme, host, path, query] = found;
  if (!/^(\/([A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*)?$/.test(path)) throw new Error('the path has characters that must be percent-encoded');
  if (!/^([A-Za-z0-9\-._~!$&()*+,;=:@/?[\]]|%[0-9A-Fa-f]{2})*$/.test(query ?? '')) throw new Error('the query has characters that must be percent-encoded');
  if (/(^|\/)(\.|%2e){1,2}(\/|$)/i.test(path)) throw new Error('the path has a segment . or .., which many programs remove on the way');
  return { scheme: scheme.toLowerCase(), host, path: path || '/', query };
}

/** The host in lower case, without the scheme's own port (RFC 9421, section 2.2.3). */
function authority(host, scheme) {
  if (!/^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?$/.test(host)) {
    throw new Error('the URL has no host that can be signed: no user name, and other scripts as xn--');
  }
  return host.toLowerCase().replace(scheme === 'https' ? /:443$/ : /:80$/, '');
}

function checkedMethod(method) {
  if (!/^[A-Z]+$/.test(method)) throw new Error('the method is written in capitals, as it is sent');
  return method;
}

function bodyBytes(body) {
  if (body === null || body === undefined) return null;
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) throw new Error('the body is text or bytes, exactly as they are sent');
  return Buffer.from(body);
}

function headerMap(headers) {
  const pairs = typeof headers?.[Symbol.iterator] === 'function' ? [...headers] : Object.entries(headers ?? {});
  return new Map(pairs.map(([name, value]) => [name.toLowerCase(), value.trim()]));
}

function headerText(text) {
  if (!/^[\x21-\x7e]+$/.test(text)) throw new Error('the API key has characters that no key has');
  return text;
}

/** A string of a structured field (RFC 9651, section 3.3.3). */
function quoted(text) {
  if (typeof text !== 'string' || !/^[\x20-\x7e]+$/.test(text)) throw new Error('nonce and keyid are printable ASCII');
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

function formEncoded(text) {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
