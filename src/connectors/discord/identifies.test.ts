import { describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from '../../../test/support/manual-clock.ts';
import type { Cursor } from '../../core/message.ts';
import { IDENTIFIED, Identifies } from './identifies.ts';

let bots = 0;
const DAY = 24 * 60 * 60_000;

/** A process that may start again: its memory goes, the cursors stay. `elapsed` begins anew as well. */
function place() {
  const clock = createManualClock();
  const cursors = new Map<string, string>();
  const move = ({ name, value }: Cursor) => void (value === null ? cursors.delete(name) : cursors.set(name, value));
  const accept = async (_messages: unknown, moved: readonly Cursor[]) => moved.forEach(move);
  // Another process knows nothing of the bot but its cursors: to it, it is as good as another one.
  const open = (on: ManualClock = clock) => new Identifies(`bot ${++bots}`, { clock: on, cursors, accept });
  const identify = async (by: Identifies) => {
    await by.begin();
    move(by.sent());
  };
  return { clock, cursors, open, identify };
}

describe('identifies', () => {
  it('keep their distance within a process, also where the bot’s cursors are gone', async () => {
    const { clock, cursors, open, identify } = place();
    const bot = open();
    expect(bot.waitMs()).toBe(0);
    await identify(bot);
    expect(bot.waitMs()).toBe(5_500);
    cursors.clear();
    await clock.advance(5_000);
    expect(bot.waitMs()).toBe(500);
  });

  it('keep their distance over a restart', async () => {
    const { clock, open, identify } = place();
    await identify(open());
    expect(open().waitMs()).toBe(5_500);
    await clock.advance(4_000);
    expect(open().waitMs()).toBe(1_500);
  });

  it('are counted before they are sent: a crash in between forgets nothing', async () => {
    const { open } = place();
    await open().begin();
    expect(open().waitMs()).toBe(5_500);
  });

  it('cost nothing where no connection came about', async () => {
    const { cursors, open, identify } = place();
    const bot = open();
    for (let attempt = 0; attempt < 80; attempt++) await bot.begin();
    expect(bot.waitMs()).toBe(0);
    await identify(bot);
    expect(JSON.parse(cursors.get(IDENTIFIED) ?? '')).toMatchObject({ count: 1 });
  });

  it('of a service that crashes each three seconds for a day are fewer than 200 (F036)', async () => {
    const { clock, open, identify } = place();
    let sent = 0;
    for (let time = 0; time < DAY; time += 3_000) {
      const bot = open();
      if (bot.waitMs() === 0) {
        await identify(bot);
        sent += 1;
      }
      await clock.advance(3_000);
    }
    expect(sent).toBeGreaterThan(150);
    expect(sent).toBeLessThan(200);
    await clock.advance(DAY);
    expect(open().waitMs()).toBe(0);
  }, 60_000);

  it('take of the reserve once an hour', async () => {
    const { clock, open, identify } = place();
    expect(open().reserveWaitMs()).toBe(0);
    await identify(open());
    expect(open().reserveWaitMs()).toBe(3_600_000);
    await clock.advance(3_600_000);
    expect(open().reserveWaitMs()).toBe(0);
  });

  it.each(['x', '{}', '{"at":"a","count":1,"since":1}', '[]', '{"at":1e300,"count":60,"since":1e300}'])(
    'are not hindered by a record that says %s',
    (stored) => {
      const { cursors, open } = place();
      cursors.set(IDENTIFIED, stored);
      expect(open().waitMs()).toBe(0);
    },
  );

  it('wait no longer than the distance after the clock was set back', async () => {
    const { clock, cursors, open } = place();
    const at = clock.now() + 3 * 60 * 60_000;
    cursors.set(IDENTIFIED, JSON.stringify({ at, count: 2, since: at }));
    expect(open().waitMs()).toBe(5_500);
  });
});
