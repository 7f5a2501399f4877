import { describe, expect, it } from 'vitest';
import type { ScriptedAnswer, ScriptedCall } from '../../../test/support/scripted-fetch.ts';
import { CHANNEL, limited, page, post, refused, slackBot, slackRig, stamp } from '../../../test/support/slack-rig.ts';
import { knownName } from './names.ts';

let people = 0;
/** Names are remembered for the whole process: each test speaks of people of its own. */
const somebody = () => `U0NEW${++people}`;

function setup(messages: readonly object[], users: (call: ScriptedCall) => ScriptedAnswer) {
  const rig = slackRig((call) =>
    call.method === 'users.info' ? users(call) : page(call.parameters['oldest'] === stamp(-10) ? messages : []),
  );
  const asked = () =>
    rig.calls.filter(({ method }) => method === 'users.info').map(({ parameters }) => parameters['user']);
  return { ...rig, asked };
}

const user = (display_name: string, real_name = 'Ann Example') =>
  Response.json({ ok: true, user: { name: 'ann', real_name, profile: { display_name } } });

describe('names', () => {
  it('are those that people see, of who speaks and who is spoken of, and asked for once', async () => {
    const [ann, bob] = [somebody(), somebody()];
    const messages = [post(stamp(2), 'and again', { user: ann }), post(stamp(1), `hello <@${bob}>`, { user: ann })];
    const rig = setup(messages, ({ parameters }) => (parameters['user'] === ann ? user('annie') : user('', 'Bob')));
    await rig.clock.advance(10_000);
    expect(rig.heard.map(({ author, text }) => [author.name, text])).toEqual([
      ['annie', 'hello @Bob'],
      ['annie', 'and again'],
    ]);
    expect(rig.asked()).toEqual([ann, bob]);
  });

  it('do not hold a message up when they cannot be had, and are not asked for without the scope', async () => {
    const [ann, bob] = [somebody(), somebody()];
    const messages = [post(stamp(2), 'two', { user: bob }), post(stamp(1), 'one', { user: ann })];
    const rig = setup(messages, () => refused('missing_scope', { needed: 'users:read' }));
    await rig.clock.advance(60_000);
    expect(rig.heard.map(({ author, text }) => [author.name, text])).toEqual([
      [ann, 'one'],
      [bob, 'two'],
    ]);
    expect(rig.asked()).toEqual([ann]);
    expect(rig.states().at(-1)).toBe('connected polling_only polling');
  });

  it('wait as long as the platform asks for', async () => {
    const [ann, bob] = [somebody(), somebody()];
    const messages = [post(stamp(2), 'two', { user: bob }), post(stamp(1), 'one', { user: ann })];
    let told = false;
    const rig = setup(messages, () => {
      if (told) return user('bobby');
      told = true;
      return limited(20);
    });
    await rig.clock.advance(19_000);
    expect(rig.heard).toHaveLength(2);
    expect(rig.asked()).toEqual([ann]);
    await rig.clock.advance(5_000);
    expect(new Set(rig.asked())).toEqual(new Set([ann, bob]));
  });

  it('are looked up soon for events, which are read without a call', async () => {
    const [ann] = [somebody()];
    const rig = setup([], () => user('annie'));
    await rig.clock.advance(0);
    expect(knownName(slackBot.identity, ann)).toBeUndefined();
    await rig.clock.advance(3_000);
    expect(knownName(slackBot.identity, ann)).toBe('annie');
    expect(knownName('T0OTHER/U0OTHER', ann)).toBeUndefined();
    expect(rig.calls.some(({ parameters }) => parameters['channel'] === CHANNEL)).toBe(true);
  });
});
