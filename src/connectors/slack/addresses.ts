/**
 * Where a socket leads comes from the platform, so a lying one must not lead us elsewhere (faults.md §3, 39). An operator
 * who overrides the API's base vouches for its host.
 */
export function isTrusted(url: unknown, apiUrl: string): url is string {
  if (typeof url !== 'string' || !URL.canParse(url)) return false;
  const { protocol, hostname, username, password, hash } = new URL(url);
  // With a fragment no WebSocket can be opened at all.
  if (username !== '' || password !== '' || hash !== '') return false;
  if (protocol === 'wss:' && isOfficial(hostname)) return true;
  const api = new URL(apiUrl);
  return !isOfficial(api.hostname) && (protocol === 'wss:' || protocol === 'ws:') && hostname === api.hostname;
}

function isOfficial(hostname: string): boolean {
  return hostname === 'slack.com' || hostname.endsWith('.slack.com');
}

/** The app of an app-level token: `xapp-1-A…-…` (platforms.md §3.2.1). */
export function appOf(appToken: string): string | undefined {
  return /^xapp-\d+-([A-Z0-9]+)-/i.exec(appToken)?.[1]?.toUpperCase();
}
