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

  it('who quotes us to ask something else each time is a person; a bridge puts the same beside our words', () => {
    const quoting = (
      beside: (count: number) => string,
      told = (count: number) => `Answer ${count}: it opens at nine.`,
    ) => {
      const loops = new Loops();
      return Array.from({ length: 8 }, (_, count) => {
        loops.answered('c1', [told(count)]);
        return loops.closes('c1', 'ada', beside(count).replace('*', told(count)), count);
      }).includes(true);
    };
    const long = (count: number) => `${count} ${'The mitochondrion is the powerhouse of the cell. '.repeat(20)}`;
    const questions = ['Why?', 'Since when?', 'And on Sundays?', 'Who says so?'];
    expect(quoting((count) => `> *\n${questions[count % 4]}`)).toBe(false);
    expect(quoting((count) => `> *\nBut why is that so, and what about case ${count}?`)).toBe(false);
    expect(quoting((count) => `> *\n${questions[count % 4]}`, long)).toBe(false);
    expect(
      quoting(() => '> *\nI do not understand this at all: please, would you explain it to me once more? '.repeat(3)),
    ).toBe(false);
    expect(quoting(() => '[Nova] *')).toBe(true);
    expect(quoting(() => '[Nova] * (via bridge)', long)).toBe(true);
    expect(quoting((count) => `[12:0${count}] Nova: *`)).toBe(true);
  });

  it('who quotes a sentence of a long answer is no relay', () => {
    const loops = new Loops();
    const long = 'The mitochondrion is the powerhouse of the cell. '.repeat(20);
    loops.answered('c1', [long]);
    const heard = () => loops.closes('c1', 'ada', `> ${long.slice(0, 300)}`, 0);
    expect(Array.from({ length: 8 }, heard)).not.toContain(true);
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
