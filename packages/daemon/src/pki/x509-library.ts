/**
 * Loads the library that writes certificates. It takes about 100 ms and 12 MB, and a daemon whose PKI is complete
 * writes none, so it is loaded by the first certificate that is.
 */
export async function loadX509Library(): Promise<typeof import('@peculiar/x509')> {
  // Its own container, tsyringe, refuses to load without this.
  await import('reflect-metadata');
  return await import('@peculiar/x509');
}
