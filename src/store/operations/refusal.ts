/** Thrown inside an operation: its transaction is rolled back, and the caller gets this answer instead of an error. */
export class Refusal<T> extends Error {
  readonly answer: T;
  constructor(answer: T) {
    super('refused');
    this.name = 'Refusal';
    this.answer = answer;
  }
}
