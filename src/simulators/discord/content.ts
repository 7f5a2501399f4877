import type { AllowedMentions } from './mentions.ts';
import { invalidForm, Refusal } from './refusal.ts';
import { checkBody } from './validate.ts';

/** A message as it is asked for. */
export interface Body {
  readonly content?: string | null;
  readonly nonce?: string | number | null;
  readonly enforce_nonce?: boolean | null;
  readonly allowed_mentions?: AllowedMentions | null;
  readonly message_reference?: {
    readonly message_id: string;
    readonly channel_id?: string | null;
    readonly fail_if_not_exists?: boolean | null;
  } | null;
  readonly flags?: number | null;
  readonly embeds?: readonly unknown[] | null;
  readonly attachments?: readonly unknown[] | null;
  readonly components?: readonly unknown[] | null;
  readonly sticker_ids?: readonly unknown[] | null;
  readonly poll?: unknown;
}

export type Schema = 'MessageCreateRequest' | 'MessageEditRequestPartial';

/** Pure: refuses what the platform refuses, whoever asks and wherever; tells how many fields it does not know. */
export function readBody(schema: Schema, given: Readonly<Record<string, unknown>>): { body: Body; unknown: number } {
  const unknown = checkBody(schema, given);
  const body = given as Body;
  const { parse, users, roles } = body.allowed_mentions ?? {};
  for (const [kind, list] of [['users', users] as const, ['roles', roles] as const]) {
    if (!parse?.includes(kind) || !list?.length) continue;
    const message = `parse:["${kind}"] and ${kind}: [ids...] are mutually exclusive.`;
    const code = 'MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE';
    throw invalidForm([{ path: ['allowed_mentions'], code, message }]);
  }
  return { body, unknown };
}

/** The platform cuts off the white space around a text. `attached`: files that come with it, or are there already. */
export function contentOf(body: Body, attached: number): string {
  const content = (body.content ?? '').trim();
  const other = [body.embeds, body.components, body.sticker_ids].some((it) => it && it.length > 0);
  if (content === '' && !other && attached === 0 && body.poll == null) throw new Refusal(400, 50006);
  return content;
}
