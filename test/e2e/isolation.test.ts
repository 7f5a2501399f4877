import { describe, it } from 'vitest';
import { openHall } from '../../bench/isolation/hall.ts';
import { makeStore, storeKinds } from '../support/stores.ts';

/** The short form of `npm run bench -- isolation`: what is not about time, with all of these at once. */
const TROUBLES: readonly string[] = [
  'dead token',
  'POST messages: never answered',
  'POST messages: 429 for everything',
  'session invalid again and again',
  'garbage: binary',
  'sendMessage: 502 with a page',
  'getUpdates: another poller',
  'getUpdates: never answered',
  'chat.postMessage: reset',
  'socket cut again and again',
  'socket open but deaf',
  'model: never answers',
  'model: 1 MB',
];
const BOTS = [12, 12, 10] as const;
const ROUNDS = 4;

describe.each(storeKinds)('bots in trouble among others, on %s', (kind) => {
  it('change nothing for those', { timeout: 60_000 }, async ({ expect, onTestFinished: afterwards }) => {
    const store = await makeStore(kind);
    afterwards(() => store.drop());
    const hall = await openHall(store.env, BOTS, ({ name }) => TROUBLES.includes(name));
    afterwards(() => hall.close());
    const victims = hall.members.filter(({ trouble }) => trouble);
    const others = hall.members.filter(({ trouble }) => !trouble);
    // A dead token is three kinds: one for each platform.
    expect(victims).toHaveLength(TROUBLES.length + 2);
    for (const member of hall.members) hall.ask(member);
    expect(await hall.answered(20_000)).toEqual([]);

    const ends = victims.map((victim) => hall.trouble(victim));
    for (let round = 1; round <= ROUNDS; round++) {
      for (const victim of victims) hall.ask(victim, true);
      for (const other of others) hall.ask(other);
      expect(await hall.answered(10_000)).toEqual([]);
      const statuses = await hall.statuses();
      for (const { id } of others) expect(statuses.get(id)).toBe('active');
    }
    for (const other of others) expect(await hall.health(other)).toMatchObject({ state: 'connected' });
    // It was trouble indeed.
    const revoked = victims.filter(({ trouble }) => trouble?.name === 'dead token');
    for (const victim of revoked) {
      await expect.poll(async () => (await hall.statuses()).get(victim.id), { timeout: 10_000 }).toBe('error');
    }
    const inTrouble = hall.questions.filter(({ excused }) => excused);
    expect(inTrouble.filter(({ answers }) => answers.length > 0).length).toBeLessThan(inTrouble.length / 2);

    for (const end of ends) await end();
    for (const victim of revoked) hall.ask(victim);
    expect(await hall.answered(15_000)).toEqual([]);
    const answered = hall.questions
      .filter(({ member }) => others.includes(member))
      .map(({ answers }) => answers.length);
    expect(answered).toEqual(Array.from({ length: others.length * (ROUNDS + 1) }, () => 1));
  });
});
