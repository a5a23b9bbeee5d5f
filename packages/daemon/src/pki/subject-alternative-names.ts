import { type DerElement, readDerElements } from './der-reader.js';

export interface SubjectAlternativeNames {
  readonly dns: readonly string[];
  readonly uris: readonly string[];
}

const sequence = 0x30;
const octetString = 0x04;
const extensionsTag = 0xa3;
const dnsTag = 0x82;
const uriTag = 0x86;
/** 2.5.29.17 */
const subjectAltNameOid = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x11]).subarray(2);

/**
 * The DNS names and URIs in the subjectAltName extension (RFC 5280, section 4.2.1.6), in their order.
 *
 * Read from the DER because Node offers the names only as one line of text, where a name may hold what looks like
 * the end of it and the start of another (CVE-2021-44532).
 */
export function subjectAlternativeNames(certificateDer: Uint8Array): SubjectAlternativeNames {
  const names = generalNames(Buffer.from(certificateDer.buffer, certificateDer.byteOffset, certificateDer.byteLength));
  const text = (wanted: number): string[] =>
    names.filter(({ tag }) => tag === wanted).map(({ content }) => content.toString('latin1'));
  return { dns: text(dnsTag), uris: text(uriTag) };
}

function generalNames(certificate: Buffer): DerElement[] {
  const [tbsCertificate] = childrenOf(only(readDerElements(certificate), sequence));
  const extensions = childrenOf(tbsCertificate, sequence).find(({ tag }) => tag === extensionsTag);
  if (extensions === undefined) return [];
  const found = childrenOf(only(childrenOf(extensions), sequence)).filter(isSubjectAltName);
  if (found.length > 1) throw new RangeError('Cannot read the certificate: it has two subjectAltName extensions');
  const value = childrenOf(found[0]).find(({ tag }) => tag === octetString);
  return value === undefined ? [] : childrenOf(only(childrenOf(value), sequence));
}

function isSubjectAltName(extension: DerElement): boolean {
  const [oid] = childrenOf(extension, sequence);
  return oid !== undefined && oid.tag === 0x06 && oid.content.equals(subjectAltNameOid);
}

function childrenOf(element: DerElement | undefined, tag?: number): DerElement[] {
  if (element === undefined) return [];
  if (tag !== undefined && element.tag !== tag) throw new RangeError(`Cannot read the certificate: no tag ${tag}`);
  return readDerElements(element.content);
}

function only(elements: DerElement[], tag: number): DerElement {
  const [element] = elements;
  if (elements.length !== 1 || element?.tag !== tag) {
    throw new RangeError('Cannot read the certificate: it is not one DER structure');
  }
  return element;
}
