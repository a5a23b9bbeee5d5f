/** The URL to post to: the path is added, unless the endpoint has it already. */
export function endpointUrl(endpoint: string, path: string): URL {
  const url = new URL(endpoint);
  const base = url.pathname.replace(/\/+$/, '');
  url.pathname = base.endsWith(path) ? base : `${base}${path}`;
  return url;
}
