import { describe, expect, it } from 'vitest';
import { Thoughts } from './thoughts.ts';

const answerOf = (pieces: readonly string[]): string => {
  const thoughts = new Thoughts();
  return pieces.map((piece) => thoughts.answerIn(piece)).join('') + thoughts.rest();
};

describe('thoughts', () => {
  it.each([
    ['<think>2 * 3 is 6.</think>The answer is 6.', 'The answer is 6.'],
    ['\n<Thinking>\n1 < 2 </thin </Thinking>\n\nSo.', '\n\nSo.'],
    ['<think></think>Yes', 'Yes'],
    ['<think>without end', ''],
    ['<thinker> is a statue', '<thinker> is a statue'],
    ['The tag <think>is</think> one.', 'The tag <think>is</think> one.'],
    ['<thi', '<thi'],
    ['', ''],
  ])('%j leaves %j, in whatever pieces it comes', (text, answer) => {
    expect(answerOf([text])).toBe(answer);
    expect(answerOf([...text])).toBe(answer);
    for (let at = 1; at < text.length; at++) expect(answerOf([text.slice(0, at), text.slice(at)])).toBe(answer);
  });
});
