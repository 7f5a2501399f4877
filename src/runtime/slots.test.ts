import { describe, expect, it } from 'vitest';
import { Slots } from './slots.ts';

describe('slots', () => {
  const never = new AbortController().signal;
  const inLine = (slots: Slots, entered: string[], name: string, limit: number, wanted = never) =>
    slots.take('k', name.charAt(0), limit, wanted).then((got) => entered.push(got ? name : `not ${name}`));
  const settled = () => new Promise(setImmediate);

  it('lets so many in, then one for each that leaves, first come first served among those who wait once', async () => {
    const slots = new Slots();
    const entered: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) void inLine(slots, entered, name, 2);
    await settled();
    expect(entered).toEqual(['a', 'b']);
    slots.give('k');
    await settled();
    expect(entered).toEqual(['a', 'b', 'c']);
    void inLine(slots, entered, 'e', 2);
    slots.give('k');
    slots.give('k');
    await settled();
    expect(entered).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('who is not wanted any more leaves the line, and takes nobody a place', async () => {
    const slots = new Slots();
    const entered: string[] = [];
    const gone = new AbortController();
    void inLine(slots, entered, 'a', 1);
    void inLine(slots, entered, 'b', 1, gone.signal);
    void inLine(slots, entered, 'c', 1);
    gone.abort();
    slots.give('k');
    await settled();
    expect(entered).toEqual(['a', 'not b', 'c']);
    expect(await slots.take('k', 'd', 1, gone.signal)).toBe(false);
    // One who is in already takes no notice of it.
    slots.give('k');
    expect(await slots.take('k', 'e', 1, never)).toBe(true);
  });

  it('who waits with many things waits behind others who have one', async () => {
    const slots = new Slots();
    const entered: string[] = [];
    for (const name of ['m1', 'm2', 'm3', 'm4', 'a1', 'b1', 'a2']) void inLine(slots, entered, name, 1);
    for (let n = 0; n < 6; n++) {
      await settled();
      slots.give('k');
    }
    await settled();
    expect(entered).toEqual(['m1', 'm2', 'a1', 'b1', 'm3', 'a2', 'm4']);
  });

  it('who leaves takes nobody of the same line along', async () => {
    const slots = new Slots();
    const entered: string[] = [];
    const gone = new AbortController();
    void inLine(slots, entered, 'm1', 1);
    void inLine(slots, entered, 'm2', 1, gone.signal);
    gone.abort();
    void inLine(slots, entered, 'm3', 1, new AbortController().signal);
    void inLine(slots, entered, 'm4', 1);
    slots.give('k');
    slots.give('k');
    await settled();
    expect(entered).toEqual(['m1', 'not m2', 'm3', 'm4']);
  });

  it('a limit that changes lets in who waits; a limit of none is one', async () => {
    const slots = new Slots();
    const entered: string[] = [];
    void inLine(slots, entered, 'a', 0);
    void inLine(slots, entered, 'b', 0);
    await settled();
    expect(entered).toEqual(['a']);
    void inLine(slots, entered, 'c', 3);
    await settled();
    expect(entered.toSorted()).toEqual(['a', 'b', 'c']);
  });
});
