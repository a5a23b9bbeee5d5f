import { createPrivateKey, generateKeyPair, type KeyObject, webcrypto } from 'node:crypto';
import { promisify } from 'node:util';
import { FailedPreconditionError } from '@aurae/proto';
import { readCredentialFile } from './credential-file.js';
import { createFileDurably, type DurableFile, replaceFileDurably } from '../lifecycle/durable-file.js';

/** The key at `path`, or undefined when there is no file. Throws when it is damaged. */
export async function readPrivateKey(path: string): Promise<KeyObject | undefined> {
  const key = await inspectPrivateKey(path);
  if (key === 'damaged') {
    throw new FailedPreconditionError(
      `Cannot use the private key ${JSON.stringify(path)}: it is not a private key in PEM; restore it from a backup`,
    );
  }
  return key === 'missing' ? undefined : key;
}

/** Like `readPrivateKey`, for a key that can be made again. Throws when other users may read it. */
export async function inspectPrivateKey(path: string): Promise<KeyObject | 'missing' | 'damaged'> {
  const pem = await readCredentialFile(path, 'private');
  if (pem === undefined) return 'missing';
  // The daemon starts unattended, so nobody could give a passphrase; and an encrypted key is not a damaged one.
  if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(pem)) {
    throw new FailedPreconditionError(
      `Cannot use the private key ${JSON.stringify(path)}: it is encrypted; decrypt it with "openssl pkey"`,
    );
  }
  try {
    return createPrivateKey(pem);
  } catch {
    return 'damaged';
  }
}

/**
 * The key at `path`, made when it is missing or damaged. A sound key is kept: of two processes that come here at
 * once, both leave with the key that ends up on disk.
 */
export async function ensurePrivateKey(path: string): Promise<KeyObject> {
  const existing = await inspectPrivateKey(path);
  if (typeof existing !== 'string') return existing;
  const key = await generatePrivateKey();
  if (existing === 'damaged') {
    await replaceFileDurably(keyFile(path, key));
    return key;
  }
  return (await createFileDurably(keyFile(path, key))) ? key : await ensurePrivateKey(path);
}

export async function generatePrivateKey(): Promise<KeyObject> {
  return (await promisify(generateKeyPair)('ec', { namedCurve: 'prime256v1' })).privateKey;
}

function keyFile(path: string, key: KeyObject): DurableFile {
  return { path, data: key.export({ type: 'pkcs8', format: 'pem' }).toString(), mode: 0o600 };
}

/** The key in the form that the certificate writer signs with. An operator's own authority may be RSA or P-384. */
export async function toSigningKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const algorithm = signingAlgorithm(key);
  if (algorithm === undefined) {
    throw new FailedPreconditionError(
      `Cannot sign certificates with a key of type "${key.asymmetricKeyType ?? 'unknown'}": use an ECDSA P-256, P-384 or RSA key`,
    );
  }
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
}

function signingAlgorithm(key: KeyObject): webcrypto.EcKeyImportParams | webcrypto.RsaHashedImportParams | undefined {
  if (key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const namedCurve = key.asymmetricKeyDetails?.namedCurve;
  if (namedCurve === 'prime256v1') return { name: 'ECDSA', namedCurve: 'P-256' };
  if (namedCurve === 'secp384r1') return { name: 'ECDSA', namedCurve: 'P-384' };
  return undefined;
}
