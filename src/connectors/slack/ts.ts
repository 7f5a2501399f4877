/**
 * The platform's time stamps: seconds and microseconds since 1970 as decimal text, unique within a channel. They are
 * names and not numbers [S9]: as floats some of them would be equal.
 */
export function isTs(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,12}\.\d{1,6}$/.test(value);
}

/** Negative when `a` is older than `b`. */
export function compareTs(a: string, b: string): number {
  const [aSeconds = '', aFraction = ''] = a.split('.');
  const [bSeconds = '', bFraction = ''] = b.split('.');
  const difference = Number(aSeconds) - Number(bSeconds);
  return difference !== 0 ? difference : Number(aFraction.padEnd(6, '0')) - Number(bFraction.padEnd(6, '0'));
}

/** The newest of those that are given. */
export function newestTs(...stamps: readonly (string | undefined)[]): string | undefined {
  return stamps.reduce((newest, ts) => {
    if (!isTs(ts)) return newest;
    return newest === undefined || compareTs(ts, newest) > 0 ? ts : newest;
  }, undefined);
}

/** Ms since 1970. */
export function tsMs(ts: string): number {
  const [seconds = '0', fraction = ''] = ts.split('.');
  return Number(seconds) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 3));
}

/** The last one before it. */
export function tsBefore(ts: string): string {
  const [seconds = '0', fraction = ''] = ts.split('.');
  const micros = Number(fraction.padEnd(6, '0'));
  if (micros > 0) return `${seconds}.${String(micros - 1).padStart(6, '0')}`;
  return Number(seconds) > 0 ? `${Number(seconds) - 1}.999999` : ts;
}

/** So many whole seconds earlier. */
export function tsEarlier(ts: string, seconds: number): string {
  const [whole = '0', fraction = ''] = ts.split('.');
  return `${Math.max(0, Number(whole) - seconds)}.${fraction}`;
}
