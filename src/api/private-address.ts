import { BlockList, isIPv6 } from 'node:net';

const networks = new BlockList();
for (const [net, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  // Between a provider and its customers; load balancers of clouds are found here too.
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
] as const) {
  networks.addSubnet(net, prefix, 'ipv4');
}
networks.addAddress('::1', 'ipv6');
networks.addSubnet('fc00::', 7, 'ipv6');
networks.addSubnet('fe80::', 10, 'ipv6');

/** Is it an address of this machine or a private network? Then it is that of a proxy, and all who come through it share it. */
export function isShared(address: string): boolean {
  const [bare = ''] = address.split('%');
  return networks.check(bare, isIPv6(bare) ? 'ipv6' : 'ipv4');
}
