import { isObject, isSnowflake, parseJson } from './wire.ts';

/** The name of the one cursor: a session that can be resumed. */
export const SESSION = 'session';

/** What a resume needs. One object, replaced and dropped as a whole (platforms.md §1.5, 5). */
export interface Session {
  readonly id: string;
  readonly resumeUrl: string;
  /** Fixed by the identify; other ones need a new session. */
  readonly intents: number;
  /** The bot's own roles: told when a session begins, not when it is resumed. */
  roles: readonly string[];
  /** Of the last event that is done with: stored, or nothing for us. All before it are, too. */
  seq: number;
}

export function storeSession({ id, resumeUrl, intents, roles, seq }: Session): string {
  return JSON.stringify({ session_id: id, resume_url: resumeUrl, seq, intents, roles });
}

export function readSession(stored: string | undefined): Session | undefined {
  const value = stored === undefined ? undefined : parseJson(stored);
  if (!isObject(value)) return undefined;
  const { session_id: id, resume_url: resumeUrl, seq, intents, roles } = value;
  if (typeof id !== 'string' || typeof resumeUrl !== 'string') return undefined;
  if (!Number.isSafeInteger(seq) || !Number.isSafeInteger(intents)) return undefined;
  return {
    id,
    resumeUrl,
    seq: Number(seq),
    intents: Number(intents),
    roles: Array.isArray(roles) ? roles.filter(isSnowflake) : [],
  };
}
