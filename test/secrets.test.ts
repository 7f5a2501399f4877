import { expect, it } from 'vitest';
import { sources } from './support/sources.ts';

/** Words of names that hold something secret, or what proves that somebody knows it. */
const SECRET = '(?:secret|signature|digest|hmac|password|apikey|accesskey|sealkey|token)s?';
/** One of them beside `===` or `!==`, but not beside a literal or `undefined`: whether it is there may be asked as fast as it can be. */
const COMPARED = new RegExp(
  `(?:\\b[\\w.?]*${SECRET}\\)?\\s*[!=]==?\\s*(?!undefined|null|['"\`\\d])\\w)|(?:\\w\\)?\\s*[!=]==?\\s*(?!undefined|null)[\\w.?]*${SECRET}\\b)`,
  'i',
);

/** Not what a stranger could try to guess. */
const HARMLESS: readonly string[] = [
  // Short forms of secrets, of which the platform tells nothing to anybody.
  'src/connectors/slack/push.ts: return proof?.secret === push.secret ? proof.at : undefined;',
  'src/connectors/slack/hook.ts: if (known?.secret === secret && Math.abs(now - known.at) < PROOF_EVERY_MS) return intake;',
  // Both are our own.
  'src/connectors/slack/introductions.ts: if (guest?.token !== token) {',
];

it('compares secrets in constant time: nowhere by an operator that ends at the first difference', () => {
  const found = sources('src')
    .filter(({ path }) => !path.startsWith('src/simulators'))
    .flatMap(({ path, text }) => text.split('\n').map((line) => `${path}: ${line.trim()}`))
    .filter((line) => COMPARED.test(line.slice(line.indexOf(': '))) && !/: (?:\/\/|\*|\/\*)/.test(line));
  expect(found.toSorted()).toEqual(HARMLESS.toSorted());
});

it('would find one', () => {
  for (const line of ['if (given === signature)', 'given.secret !== known', 'hookSecret(token) === given']) {
    expect(COMPARED.test(line)).toBe(true);
  }
  for (const line of ["token === ''", 'digest === undefined', 'secret.length === 3'])
    expect(COMPARED.test(line)).toBe(false);
});
