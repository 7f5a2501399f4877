import { expect, it } from 'vitest';
import { createGate } from './gate.ts';

const never = new AbortController().signal;

it('lets a limited number in, the others in their order', async () => {
  const gate = createGate(2);
  const inside: number[] = [];
  const enter = (number: number) =>
    gate.enter(never).then((leave) => {
      inside.push(number);
      return leave;
    });
  const [first, second] = [await enter(1), await enter(2)];
  const third = enter(3);
  const fourth = enter(4);
  await Promise.resolve();
  expect(inside).toEqual([1, 2]);
  first();
  // Leaving twice makes no room for two.
  first();
  const leave = await third;
  await Promise.resolve();
  expect(inside).toEqual([1, 2, 3]);
  second();
  await fourth;
  expect(inside).toEqual([1, 2, 3, 4]);
  leave();
});

it('keeps nobody who no longer wants to come in', async () => {
  const gate = createGate(1);
  const leave = await gate.enter(never);
  const gone = new AbortController();
  const waiting = gate.enter(gone.signal);
  gone.abort();
  (await waiting)();
  (await gate.enter(AbortSignal.abort()))();
  leave();
  expect(await gate.enter(never)).toBeTypeOf('function');
});
