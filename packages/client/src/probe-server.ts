import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import type { Endpoint } from './endpoint.js';
import { serverName } from './server-name.js';

/** What a try to speak with the server came to. */
export type ProbeResult =
  | { readonly kind: 'serving' }
  /** The socket could not be opened; `code` is the errno name. */
  | { readonly kind: 'unreachable'; readonly code: string }
  | { readonly kind: 'not-tls' }
  /** The server hung up before it had shown a certificate. */
  | { readonly kind: 'hung-up' }
  /** The server's certificate failed the check named `code`. */
  | { readonly kind: 'untrusted-server'; readonly code: string }
  /** The server hung up once it had seen the client's certificate. */
  | { readonly kind: 'refused-client' }
  /** Nothing happened in time. */
  | { readonly kind: 'silent' };

// RFC 9113, section 3.4: the connection preface, with an empty SETTINGS frame.
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');

/**
 * Opens a connection of its own to find out what grpc-js does not tell. Never fails.
 *
 * In TLS 1.3 the client is done before the server has looked at the client's certificate, so only the server's first
 * HTTP/2 frame proves that it was accepted.
 */
export async function probeServer(endpoint: Endpoint, secureContext: SecureContext, timeoutMs: number) {
  const socket = endpoint.kind === 'unix' ? connectSocket(endpoint.path) : connectSocket(endpoint.port, bare(endpoint));
  const timer = new AbortController();
  try {
    return await Promise.race([
      conversation(socket, secureContext),
      silence(AbortSignal.any([AbortSignal.timeout(timeoutMs), timer.signal])),
    ]);
  } finally {
    timer.abort();
    socket.destroy();
  }
}

function silence(signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve({ kind: 'silent' }), { once: true });
  });
}

function conversation(socket: Socket, secureContext: SecureContext): Promise<ProbeResult> {
  return new Promise((resolve) => {
    let opened = false;
    let secured = false;
    socket.once('connect', () => {
      opened = true;
    });
    const tls = connectTls({ socket, secureContext, servername: serverName, ALPNProtocols: ['h2'] });
    const fail = (error?: NodeJS.ErrnoException) => {
      const code = error?.code ?? '';
      if (!opened) resolve({ kind: 'unreachable', code: code || 'ECONNREFUSED' });
      else if (secured || code.includes('ALERT')) resolve({ kind: 'refused-client' });
      else if (isVerificationFailure(code)) resolve({ kind: 'untrusted-server', code });
      else resolve({ kind: code.startsWith('ERR_SSL_') ? 'not-tls' : 'hung-up' });
    };
    socket.once('error', fail);
    tls.once('error', fail);
    tls.once('close', () => fail());
    tls.once('end', () => fail());
    tls.once('data', () => resolve({ kind: 'serving' }));
    tls.once('secureConnect', () => {
      secured = true;
      tls.write(preface);
    });
  });
}

/** Names of X509_verify_cert_error(3) carry no prefix, unlike every other error of OpenSSL or of the system. */
function isVerificationFailure(code: string): boolean {
  return code === 'ERR_TLS_CERT_ALTNAME_INVALID' || /CERT|SIGNATURE|ISSUER|CRL|DEPTH/.test(code.replace(/^ERR_.*/, ''));
}

function bare({ host }: { host: string }): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}
