export type GarbageKind = 'text' | 'binary' | 'unknown_op' | 'unknown_event' | 'oversize';

/** Frames that no sane gateway sends (faults.md F048). */
export function garbageFrame(kind: GarbageKind): string | Buffer {
  if (kind === 'binary') return Buffer.from([0x78, 0x9c, 0xde, 0xad, 0xbe, 0xef, 0x00, 0x00, 0xff, 0xff]);
  if (kind === 'unknown_op') return JSON.stringify({ t: null, s: null, op: 99, d: {} });
  if (kind === 'unknown_event') return JSON.stringify({ t: 'SOMETHING_NEW', s: null, op: 0, d: { id: '1' } });
  if (kind === 'oversize') return JSON.stringify({ t: null, s: null, op: 99, d: 'x'.repeat(8 << 20) });
  return '{"op":0,"t":"MESSAGE_CREATE","s":';
}
