import { isObject } from '../shared/json.ts';
import type { GatewayConnection } from './connection.ts';
import { type LedgerResume, record } from './ledger.ts';

/** Op 6. */
export function resume(connection: GatewayConnection, data: unknown): void {
  const { scene } = connection;
  const { ledger, world, gateway } = scene;
  ledger.counts.resumes++;
  const fields = isObject(data) ? data : {};
  const { token, session_id: id, seq } = fields as { token?: unknown; session_id?: unknown; seq?: unknown };
  if (typeof token !== 'string' || typeof id !== 'string' || typeof seq !== 'number' || !Number.isSafeInteger(seq)) {
    connection.close(4002, 'Error while decoding payload.');
    return;
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
    if (how === 'reset') connection.cut();
    else connection.close(how);
    return;
  }
  if (!bot) {
    note('bad_token');
    connection.close(4004, 'Authentication failed.');
    return;
  }
  const invalid = (outcome: LedgerResume['outcome']) => {
    note(outcome);
    connection.sendFrame({ t: null, s: null, op: 9, d: false });
  };
  const session = world.sessions.get(id);
  if (session?.bot !== bot) {
    invalid('unknown_session');
    return;
  }
  if (seq > session.seq) {
    note('bad_seq');
    session.end();
    connection.close(4007, 'Invalid seq.');
    return;
  }
  if (!session.covers(seq)) {
    session.end();
    invalid('too_old');
    return;
  }
  // The connection that it replaces is of no use any more.
  const before = [...scene.connections].find((it) => it !== connection && it.session === session);
  session.attach(connection);
  connection.session = session;
  before?.close(4000, 'Resumed elsewhere.');
  note('resumed', session.replay(seq));
  session.push('RESUMED', '{"_trace":[]}');
}
