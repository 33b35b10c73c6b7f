/** Names in RFC 9421, section 3.3. */
export type Algorithm = 'hmac-sha256' | 'ed25519' | 'ecdsa-p256-sha256' | 'ecdsa-p384-sha384' | 'rsa-v1_5-sha256' | 'rsa-pss-sha512';
/** A body exactly as it is sent; null where none is sent. */
export type Body = string | Uint8Array | null | undefined;

/** A key that signs. What it holds is private, so that no log or inspection shows it. */
export class Key {
  private constructor();
  /** The secret of an `hmac` credential: text as it was shown, or bytes. Throws where it is empty or has white space around it. */
  static secret(secret: string | Uint8Array): Key;
  /** A private key as PEM, not encrypted. Throws where it is none of Ed25519, P-256, P-384 and RSA of 2048 bits or more. */
  static pem(pem: string | Buffer, algorithm?: Algorithm): Key;
  readonly algorithm: Algorithm;
  readonly isSecret: boolean;
  /** The signature of a message; ECDSA as r and s, 32 or 48 bytes each. */
  sign(message: Uint8Array): Buffer;
}

export interface SignOptions {
  /** Seconds since 1970, UTC; now by default. */
  created?: number;
  /** 16 random bytes as base64url by default. A nonce counts once. */
  nonce?: string;
}

export interface SignedHeaders {
  /** RFC 9530; there for POST, PUT, PATCH and DELETE, and wherever a body is. */
  'Content-Digest'?: string;
  'Signature-Input': string;
  Signature: string;
}

/** The headers to add to a request so that it is signed (RFC 9421). Throws where method, URL or headers cannot be signed as they are. */
export function signRequest(
  method: string,
  url: string,
  headers: Iterable<readonly [string, string]> | Record<string, string> | null | undefined,
  body: Body,
  keyid: string,
  key: Key,
  options?: SignOptions,
): SignedHeaders;

/** The headers to add in Tylt's form. */
export function signTylt(url: string, body: Body, apiKey: string, key: Key): { 'X-TLP-APIKEY': string; 'X-TLP-SIGNATURE': string };

export interface TokenSettings {
  /** https, or http on this machine. */
  tokenUrl: string;
  clientId: string;
  /** For client_secret_basic. */
  clientSecret?: string;
  /** For private_key_jwt, with `issuer`. */
  key?: Key;
  /** The authorisation server's issuer: the audience of what is signed. */
  issuer?: string;
  /** Names separated by spaces; all that the client holds by default. */
  scope?: string;
}

/** OAuth 2 access tokens by client_credentials, kept until shortly before they end. */
export class TokenSource {
  constructor(settings: TokenSettings);
  /** A token that is valid for a while yet. Rejects with the server's error code where it gives none. */
  token(): Promise<string>;
  /** Throws the kept token away: call it after a 401, then ask once more. */
  forget(): void;
}

/** A JWT by which a client proves who it is (RFC 7523, section 3), valid for a minute. */
export function clientAssertion(clientId: string, audience: string, key: Key): string;
