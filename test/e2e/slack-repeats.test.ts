import { describe, expect, it } from 'vitest';
import type { ChannelHandle } from '../../src/simulators/slack/handles.ts';
import { answeredOnce, patience, startSlackScene } from '../support/slack-scene.ts';
import { storeKinds } from '../support/stores.ts';

const SIXTY = Array.from({ length: 60 }, (_, index) => `message ${index}`);

describe.each(storeKinds)('slack repeats itself, on %s', (kind) => {
  it.each(['socket', 'events'] as const)(
    'F083: sixty messages, each told four times over six minutes by %s, have one answer each',
    async (by) => {
      // Moving the platform's time on makes every acknowledgement look late; how long they take is not asked here.
      const scene = await startSlackScene(kind, { settings: { ackTime: 3_600_000, pingInterval: 0 } });
      try {
        const { sim } = scene;
        const { bot, channels } = scene.bot(by, 8);
        const id = await scene.connect(by, bot, channels);
        sim.deliverTimes(4);
        for (const [index, text] of SIXTY.entries()) channels[index % channels.length]?.say(text);
        const told = (times: number) =>
          sim.waitFor((ledger) => {
            const said = ledger.events.filter((event) => event.by_person && event.text?.startsWith('message '));
            const isTold = (attempts: (typeof said)[0]['attempts']) =>
              attempts.filter(({ outcome }) => outcome === 'acked').length === times;
            return said.length === SIXTY.length && said.every(({ attempts }) => isTold(attempts));
          }, patience());
        await told(2);
        // The third comes while answers are still on their way.
        sim.advance(60_000);
        await told(3);
        await answeredOnce(channels, SIXTY);
        sim.advance(300_000);
        await told(4);
        const [witness] = channels as [ChannelHandle];
        witness.say('has everything been said?');
        await witness.answered(witness.answers().length + 1, patience());
        await answeredOnce(channels, [...SIXTY, 'has everything been said?']);
        await expect.poll(() => scene.get(id)).toMatchObject({ message_count: 122 });
      } finally {
        await scene.close();
      }
    },
    60_000,
  );
});
