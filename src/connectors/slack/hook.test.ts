import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { HookRequest, Listener } from '../../core/hook.ts';
import { fingerprintOf, hook, readProof } from './hook.ts';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const NOW = 1_790_000_000_000;
const STAMP = String(NOW / 1000);

interface Raw {
  readonly body: Uint8Array;
  readonly timestamp?: string | undefined;
  readonly signature?: string | undefined;
}

const request = ({ body, timestamp, signature }: Raw): HookRequest => ({
  header: (name) =>
    name === 'x-slack-signature' ? signature : name === 'x-slack-request-timestamp' ? timestamp : undefined,
  body,
});

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

function sign(body: Uint8Array, timestamp = STAMP, secret = SECRET): Raw {
  const digest = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex');
  return { body, timestamp, signature: `v0=${digest}` };
}

const outer = {
  type: 'event_callback',
  team_id: 'T1AAAAAA',
  api_app_id: 'A1',
  event_id: 'Ev1',
  authorizations: [{ team_id: 'T1AAAAAA', user_id: 'U0BOT', is_bot: true }],
  event: {
    type: 'message',
    channel: 'C1AAAAAA',
    channel_type: 'channel',
    user: 'U1',
    text: 'hi',
    ts: '1790000000.000100',
  },
};
const valid = bytes(JSON.stringify(outer));
const open = (raw: Raw, now = NOW, secret = SECRET) => hook.open(request(raw), { signing_secret: secret }, now);
/** As the server does it: headers first. */
const accepted = (raw: Raw) => hook.plausible(request(raw), NOW) && open(raw).kind !== 'refused';

describe('the signature', () => {
  it('is that of the vendor’s example', () => {
    const body = bytes(
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
    );
    const signature = 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503';
    expect(open({ body, timestamp: '1531420618', signature }, 1_531_420_618_000)).toEqual({ kind: 'nothing' });
  });

  it('opens what the platform signed, and names the bot', () => {
    expect(accepted(sign(valid))).toBe(true);
    expect(open(sign(valid))).toMatchObject({ kind: 'event', to: { identity: 'T1AAAAAA/U0BOT' } });
  });

  it.each([
    [-301, false],
    [-300, true],
    [0, true],
    [300, true],
    [301, false],
  ])('counts for five minutes in both directions: %i s', (seconds, good) => {
    const raw = sign(valid, String(NOW / 1000 + seconds));
    expect(hook.plausible(request(raw), NOW)).toBe(good);
    expect(open(raw).kind).toBe(good ? 'event' : 'refused');
  });

  it.each<[string, Partial<Raw>]>([
    ['no signature', { signature: undefined }],
    ['no time', { timestamp: undefined }],
    ['an empty one', { signature: '' }],
    ['the version alone', { signature: 'v0=' }],
    ['another version', { signature: `v1=${'0'.repeat(64)}` }],
    ['too few digits', { signature: `v0=${'0'.repeat(63)}` }],
    ['too many digits', { signature: `v0=${'0'.repeat(65)}` }],
    ['no digits', { signature: `v0=${'z'.repeat(64)}` }],
    ['upper case', { signature: sign(valid).signature?.toUpperCase().replace('V0', 'v0') }],
    ['a line after it', { signature: `${sign(valid).signature}\n` }],
    ['a time that is none', { timestamp: 'NaN' }],
    ['a time with a fraction', { timestamp: `${STAMP}.0` }],
    ['a negative time', { timestamp: '-1' }],
    ['an endless time', { timestamp: '9'.repeat(400) }],
  ])('is refused with %s before anything is computed', (_name, change) => {
    const raw = { ...sign(valid), ...change };
    expect(hook.plausible(request(raw), NOW)).toBe(false);
    expect(open(raw).kind).toBe('refused');
  });

  it('is made over the bytes: the same JSON written anew is another body', () => {
    const spaced = bytes(JSON.stringify(outer, null, 1));
    expect(accepted(sign(spaced))).toBe(true);
    expect(accepted({ ...sign(spaced), body: bytes(JSON.stringify(JSON.parse(Buffer.from(spaced).toString()))) })).toBe(
      false,
    );
  });

  it('needs the secret of this bot', () => {
    expect(accepted(sign(valid, STAMP, 'another'))).toBe(false);
    expect(open(sign(valid), NOW, '').kind).toBe('refused');
    expect(hook.open(request(sign(valid)), {}, NOW).kind).toBe('refused');
    // What an empty secret would sign must not pass where there is none.
    expect(hook.open(request(sign(valid, STAMP, '')), { signing_secret: '' }, NOW).kind).toBe('refused');
  });

  it('accepts none of 100,000 mutated requests', () => {
    const random = generator(20_260_919);
    const good = sign(valid);
    const unchanged = JSON.stringify([good.timestamp, good.signature, Buffer.from(good.body).toString('latin1')]);
    const letThrough: Raw[] = [];
    for (let round = 0; round < 100_000; round++) {
      const raw = mutate(good, random);
      const same =
        JSON.stringify([raw.timestamp, raw.signature, Buffer.from(raw.body).toString('latin1')]) === unchanged;
      if (!same && accepted(raw)) letThrough.push(raw);
    }
    expect(letThrough).toEqual([]);
    expect(accepted(good)).toBe(true);
  }, 60_000);
});

/** Numbers that are the same in each run (mulberry32). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Mutation = (raw: Raw, random: (below: number) => number) => Raw;

const flip: Mutation = (raw, random) => {
  const body = raw.body.slice();
  const at = random(body.length);
  body[at] = (body[at] ?? 0) ^ (1 << random(8));
  return { ...raw, body };
};
const insert: Mutation = (raw, random) => {
  const at = random(raw.body.length + 1);
  return { ...raw, body: Buffer.concat([raw.body.slice(0, at), Buffer.of(random(256)), raw.body.slice(at)]) };
};
const remove: Mutation = (raw, random) => {
  const at = random(raw.body.length);
  return { ...raw, body: Buffer.concat([raw.body.slice(0, at), raw.body.slice(at + 1 + random(8))]) };
};
/** Bytes move over the border between time and body: the signed text stays nearly the same. */
const shift: Mutation = (raw, random) => {
  const by = 1 + random(4);
  const stamp = String(raw.timestamp);
  return random(2) === 0
    ? { ...raw, timestamp: stamp.slice(0, -by), body: bytes(`${stamp.slice(-by)}:${Buffer.from(raw.body)}`) }
    : { ...raw, timestamp: stamp + Buffer.from(raw.body.slice(0, by)).toString(), body: raw.body.slice(by) };
};
const otherTime: Mutation = (raw, random) => ({ ...raw, timestamp: String(Number(STAMP) + random(700) - 350) });
const spelledTime: Mutation = (raw, random) => {
  const forms = [`0${STAMP}`, ` ${STAMP}`, `${STAMP} `, `+${STAMP}`, `${STAMP}.0`, `${Number(STAMP)}e0`, `${STAMP}\0`];
  return { ...raw, timestamp: forms[random(forms.length)] };
};
const digit: Mutation = (raw, random) => {
  const text = String(raw.signature);
  const at = random(text.length);
  return { ...raw, signature: text.slice(0, at) + String.fromCharCode(32 + random(95)) + text.slice(at + 1) };
};
const shape: Mutation = (raw, random) => {
  const text = String(raw.signature);
  const forms = [
    ...[text.slice(3), text.toUpperCase(), `${text},${text}`, ` ${text}`, `${text}00`, text.slice(0, -2), `v0=${text}`],
    ...[`v1=${text.slice(3)}`, 'v0=', '', undefined, `v0=${'0'.repeat(64)}`, `v0=${'\u0660'.repeat(64)}`],
  ];
  return { ...raw, signature: forms[random(forms.length)] };
};
const otherSecret: Mutation = (raw, random) => sign(raw.body, STAMP, SECRET.slice(0, random(SECRET.length)));
const rewritten: Mutation = (raw, random) => {
  const changed = { ...outer, event: { ...outer.event, text: `hi ${random(1_000_000)}` } };
  return { ...raw, body: bytes(JSON.stringify(changed, null, random(3))) };
};
const encoded: Mutation = (raw, random) => {
  const text = Buffer.from(raw.body).toString();
  const forms = [`\ufeff${text}`, `${text}\n`, encodeURIComponent(text), `payload=${text}`, text + text, ''];
  return { ...raw, body: bytes(forms[random(forms.length)] ?? '') };
};

const MUTATIONS = [flip, insert, remove, shift, otherTime, spelledTime, digit, shape, otherSecret, rewritten, encoded];

/** One to three changes, the first of them of any kind. */
function mutate(good: Raw, random: (below: number) => number): Raw {
  let raw = good;
  for (let times = 1 + random(3); times > 0; times--) raw = (MUTATIONS[random(MUTATIONS.length)] ?? flip)(raw, random);
  return raw;
}

describe('what a genuine request says', () => {
  const says = (body: unknown) => open(sign(bytes(typeof body === 'string' ? body : JSON.stringify(body))));

  it('answers the handshake with its challenge', () => {
    expect(says({ type: 'url_verification', challenge: '3eZbr', token: 'x' })).toEqual({
      kind: 'reply',
      contentType: 'text/plain',
      body: '3eZbr',
    });
  });

  it.each<[string, unknown]>([
    ['a challenge that is none', { type: 'url_verification', challenge: 7 }],
    ['a challenge without end', { type: 'url_verification', challenge: 'x'.repeat(501) }],
    ['a warning of limits', { type: 'app_rate_limited', team_id: 'T1AAAAAA' }],
    ['a form', 'payload=%7B%7D'],
    ['a list', []],
    ['null', 'null'],
    ['nothing', ''],
    ['an event of nowhere', { type: 'event_callback' }],
    ['an event of a strange place', { type: 'event_callback', team_id: 7 }],
  ])('passes over %s', (_name, body) => {
    expect(says(body)).toEqual({ kind: 'nothing' });
  });

  it('goes to the whole workspace when no bot is named', () => {
    expect(says({ ...outer, authorizations: undefined })).toMatchObject({ to: { scope: 'T1AAAAAA' } });
    expect(says({ ...outer, authorizations: 'x' })).toMatchObject({ to: { scope: 'T1AAAAAA' } });
  });
});

describe('read', () => {
  const listener = (cursors: Record<string, string> = {}): Listener => ({
    bot: { id: 'bot_1', platform: 'slack', identity: 'T1AAAAAA/U0BOT', profile: { appId: 'A1', botId: 'B1' } },
    credential: {},
    routes: [],
    cursors: new Map(Object.entries(cursors)),
  });
  const read = (known?: string, now = NOW) => {
    const opened = open(sign(valid));
    const event = opened.kind === 'event' ? opened.event : undefined;
    return hook.read(event, listener(known === undefined ? {} : { events: known }), now);
  };
  const proof = `${fingerprintOf(SECRET)}:${NOW}`;

  it('notes which secret proved itself, once a minute', () => {
    expect(readProof(proof)).toEqual({ secret: fingerprintOf(SECRET), at: NOW });
    expect(read()?.cursors).toEqual([{ name: 'events', value: proof }]);
    expect(read(`${fingerprintOf(SECRET)}:${NOW - 59_999}`)?.cursors).toEqual([]);
    expect(read(`${fingerprintOf(SECRET)}:${NOW - 60_000}`)?.cursors).toEqual([{ name: 'events', value: proof }]);
    expect(read(`00000000:${NOW}`)?.cursors).toEqual([{ name: 'events', value: proof }]);
    expect(read('rubbish')?.cursors).toEqual([{ name: 'events', value: proof }]);
    expect(JSON.stringify(read())).not.toContain(SECRET);
  });

  it('takes the message', () => {
    expect(read()?.messages).toMatchObject([{ id: 'C1AAAAAA/1790000000.000100', text: 'hi' }]);
  });

  it('makes nothing of what it did not open itself', () => {
    expect(hook.read({ anything: 1 }, listener(), NOW)).toBeUndefined();
  });
});
