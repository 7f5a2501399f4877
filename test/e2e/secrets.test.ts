import { it } from 'vitest';
import { startModelSimulator } from '../../src/simulators/model/server.ts';
import { startHarness } from '../support/harness.ts';
import { telegramDriver } from '../support/telegram-driver.ts';

const KEY = `sk-${'m'.repeat(40)}`;
const SECRET = /planted-\d+-\d/g;
const CHATS = 200;

it('F108: 200 chats with secrets of their own, and a model that says all it was told: each hears its own', {
  timeout: 120_000,
}, async ({ expect, onTestFinished: afterwards }) => {
  const model = await startModelSimulator({ apiKey: KEY });
  afterwards(() => model.close());
  model.fault({ kind: 'echo_prompt', times: null });
  const harness = await startHarness(telegramDriver, 'sqlite', {
    REPLR_MODEL: 'openai/test-model',
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: KEY,
  });
  afterwards(() => harness.close());
  const bot = await harness.world.bot();
  const chats = await Promise.all(Array.from({ length: CHATS }, (_, index) => bot.direct(`Person ${index}`)));
  await harness.connect(bot);

  for (const round of [1, 2]) {
    await Promise.all(chats.map((chat, index) => chat.say(`my secret of round ${round} is planted-${index}-${round}`)));
    await Promise.all(chats.map((chat) => chat.answered(round)));
  }
  for (const [index, chat] of chats.entries()) {
    const seen = new Set((await chat.answers()).join('\n').match(SECRET));
    // The second answer shows the first question, too: that a chat has a memory is what could leak.
    expect([...seen].sort()).toEqual([`planted-${index}-1`, `planted-${index}-2`]);
  }
  expect(model.prompts).toHaveLength(CHATS * 2);
});
