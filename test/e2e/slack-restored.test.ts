import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'vitest';
import type { ChannelHandle } from '../../src/simulators/slack/handles.ts';
import { answeredOnce, patience, startSlackScene } from '../support/slack-scene.ts';

it('F029: a store restored from a copy answers again nothing that was answered after the copy was made', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'replr-restored-'));
  const [live, copy] = [join(dir, 'live'), join(dir, 'copy')];
  const scene = await startSlackScene('sqlite', { env: { REPLR_DATA_DIR: live } });
  try {
    const { harness } = scene;
    const bots = [scene.bot('polling'), scene.bot('polling')] as const;
    const channels = bots.flatMap((one) => one.channels) as [ChannelHandle, ChannelHandle];
    for (const [index, { bot, channels }] of bots.entries()) {
      await scene.connect('polling', bot, channels, { reply_in: index === 0 ? 'thread' : 'channel' });
    }
    const said: string[] = [];
    const sayInEach = (text: string) => {
      for (const [index, channel] of channels.entries()) {
        said.push(`${text}, in channel ${index}`);
        channel.say(`${text}, in channel ${index}`);
      }
    };
    sayInEach('before the copy');
    await answeredOnce(channels, said);
    await harness.stop();
    await cp(live, copy, { recursive: true });

    await harness.start();
    sayInEach('after it');
    await answeredOnce(channels, said);
    await harness.stop();
    sayInEach('while it was away');
    await rm(live, { recursive: true });
    await cp(copy, live, { recursive: true });

    await harness.start();
    await Promise.all(channels.map((channel) => channel.answered(3, patience())));
    sayInEach('and now?');
    await Promise.all(channels.map((channel) => channel.answered(4, patience())));
    await answeredOnce(channels, said);
  } finally {
    await scene.close();
    await rm(dir, { recursive: true, force: true });
  }
}, 30_000);
