import { describe, expect, it } from 'vitest';
import { Loops } from './loops.ts';

const MINUTE = 60_000;

describe('loops', () => {
  const answer = '**The library** opens at nine.';

  it('F105: who brings our own words back is not listened to from the fifth time on, for ten minutes, there', () => {
    const loops = new Loops();
    for (let count = 1; count <= 5; count++) {
      loops.answered('c1', [`${answer} (${count})`, 'ok']);
      // A bridge puts a name before it and loses the formatting.
      expect(loops.closes('c1', 'relay', `[Nova] the library  opens at NINE. (${count})`, count)).toBe(count === 5);
    }
    expect(loops.closes('c1', 'relay', 'anything', 5 + 10 * MINUTE - 1)).toBe(true);
    expect(loops.closes('c1', 'ada', 'something that somebody else says', 6)).toBe(false);
    expect(loops.closes('c2', 'relay', 'something in another place', 6)).toBe(false);
    expect(loops.closes('c1', 'relay', 'something new after a while', 5 + 10 * MINUTE)).toBe(false);
  });

  it('a word of their own in between shows that somebody is there', () => {
    const loops = new Loops();
    loops.answered('c1', [answer]);
    const heard = (text: string) => loops.closes('c1', 'ada', text, 0);
    for (let count = 0; count < 20; count++) {
      expect(heard(answer)).toBe(false);
      expect(heard(count % 2 ? 'no' : 'is that so, really and truly?')).toBe(false);
    }
  });

  it('who says the same again and again, as a person in need may, is heard', () => {
    const loops = new Loops();
    const heard = (now: number) => loops.closes('c1', 'ada', 'Is anybody there to help me?', now);
    for (let count = 1; count < 50; count++) expect(heard(count)).toBe(false);
  });

  it('short words are no loop, nor are answers without words', () => {
    const loops = new Loops();
    loops.answered('c1', ['Yes.', '🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉']);
    const heard = (text: string) => loops.closes('c1', 'ada', text, 0);
    for (const text of ['Yes.', '🎉'.repeat(30)]) {
      expect(Array.from({ length: 30 }, () => heard(text))).not.toContain(true);
    }
  });
});
