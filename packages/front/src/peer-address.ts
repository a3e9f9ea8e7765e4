// Whether a peer is on this machine, by its address as `Session.address` spells it.

/** True for loopback and unix socket peers. */
export function isLocalPeer(address: string): boolean {
  if (address.startsWith('[')) return isLoopback(address.slice(1, address.indexOf(']')));
  return isLoopback(address) || address.endsWith(':0');
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}
