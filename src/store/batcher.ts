export interface Batcher<I, O> {
  add(input: I): Promise<O>;
}

export interface Flight<I, O> {
  /** Answers for all inputs, in order, or a rejection after which none of them took effect. */
  readonly run: (inputs: readonly I[]) => Promise<readonly O[]>;
  /** Most inputs of one flight. */
  readonly max: number;
  /** Whether this failure may be the fault of one input, so that the others deserve to be tried without it. */
  readonly blamesInput: (error: unknown) => boolean;
}

interface Member<I, O> {
  readonly input: I;
  readonly resolve: (output: O) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Calls made while a flight is under way leave together on the next one: the busier it gets, the more share a commit,
 * and a lone call never waits.
 */
export function createBatcher<I, O>({ run, max, blamesInput }: Flight<I, O>): Batcher<I, O> {
  let waiting: Member<I, O>[] = [];
  let _flying: Promise<void> | undefined;

  const settle = async (members: readonly Member<I, O>[]): Promise<void> => {
    try {
      const outputs = await run(members.map((member) => member.input));
      members.forEach((member, index) => {
        member.resolve(outputs[index] as O);
      });
    } catch (error) {
      if (members.length > 1 && blamesInput(error)) {
        // Halves, so that one bad input among many costs a few tries and not one for each.
        const middle = members.length >> 1;
        await settle(members.slice(0, middle));
        await settle(members.slice(middle));
      } else {
        for (const member of members) member.reject(error);
      }
    }
  };

  const fly = async (): Promise<void> => {
    // The other calls of this tick come along.
    await Promise.resolve();
    while (waiting.length > 0) {
      const members = waiting.slice(0, max);
      waiting = waiting.slice(max);
      await settle(members);
    }
    _flying = undefined;
  };

  return {
    add: (input) =>
      new Promise((resolve, reject) => {
        waiting.push({ input, resolve, reject });
        _flying ??= fly();
      }),
  };
}
