import { request } from 'node:http';
import { text } from 'node:stream/consumers';

/** A call by XML-RPC over a Unix socket; the answer as it came. Rejects for a fault. */
export async function callXml(
  socketPath: string,
  method: string,
  parameters: readonly (string | boolean)[],
): Promise<string> {
  const body = `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${parameters
    .map((value) => `<param><value>${typedValue(value)}</value></param>`)
    .join('')}</params></methodCall>`;
  const answer = await new Promise<string>((resolve, reject) => {
    const headers = { 'content-type': 'text/xml', 'content-length': Buffer.byteLength(body) };
    const call = request({ socketPath, path: '/RPC2', method: 'POST', headers }, (response) => {
      text(response).then(resolve, reject);
    });
    call.on('error', reject);
    call.end(body);
  });
  if (answer.includes('<fault>')) throw new Error(`${method} failed: ${answer.replace(/<[^>]*>|\s+/g, ' ')}`);
  return answer;
}

function typedValue(value: string | boolean): string {
  return typeof value === 'string' ? `<string>${value}</string>` : `<boolean>${value ? 1 : 0}</boolean>`;
}
