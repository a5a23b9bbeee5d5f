/**
 * The name that the certificate of every auraed carries, whatever the address. It is the CA that tells one daemon
 * from another.
 */
export const serverName = 'server.unsafe.aurae.io';
