import type { GatewayConnection } from './connection.ts';
import { type LedgerResume, record } from './ledger.ts';
import { isObject } from './validate.ts';

/** Op 6. */
export function resume(connection: GatewayConnection, data: unknown): void {
  const { scene } = connection;
  const { ledger, world, gateway } = scene;
  ledger.counts.resumes++;
  const fields = isObject(data) ? data : {};
  const { token, session_id: id, seq } = fields as { token?: unknown; session_id?: unknown; seq?: unknown };
  if (typeof token !== 'string' || typeof id !== 'string' || typeof seq !== 'number' || !Number.isSafeInteger(seq)) {
    return connection.close(4002, 'Error while decoding payload.');
  }
  if (connection.path !== '/resume') ledger.counts.misdirected_resumes++;
  const bot = world.tokens.get(token.replace(/^Bot /, ''));
  const note = (outcome: LedgerResume['outcome'], replayed = 0) => {
    record(ledger, ledger.resumes, {
      bot_id: bot?.user.id,
      session_id: id,
      seq,
      at: scene.clock.now(),
      outcome,
      replayed,
    });
  };
  if (gateway.brokenResumes) {
    const { how } = gateway.brokenResumes;
    gateway.brokenResumes.left--;
    if (gateway.brokenResumes.left <= 0) gateway.brokenResumes = undefined;
    note('broken');
    return how === 'reset' ? connection.cut() : connection.close(how);
  }
  if (!bot) {
    note('bad_token');
    return connection.close(4004, 'Authentication failed.');
  }
  const invalid = (outcome: LedgerResume['outcome']) => {
    note(outcome);
    connection.sendFrame({ t: null, s: null, op: 9, d: false });
  };
  const session = world.sessions.get(id);
  if (session?.bot !== bot) return invalid('unknown_session');
  if (seq > session.seq) {
    note('bad_seq');
    session.end();
    return connection.close(4007, 'Invalid seq.');
  }
  if (!session.covers(seq)) {
    session.end();
    return invalid('too_old');
  }
  // The connection that it replaces is of no use any more.
  const before = [...scene.connections].find((it) => it !== connection && it.session === session);
  session.attach(connection);
  connection.session = session;
  before?.close(4000, 'Resumed elsewhere.');
  note('resumed', session.replay(seq));
  session.push('RESUMED', '{"_trace":[]}');
}
