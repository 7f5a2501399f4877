/** A Chat Completions request that passed the checks below. */
export interface ChatRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly messages: readonly { readonly role: string; readonly text: string }[];
}

const ROLES = ['system', 'developer', 'user', 'assistant'];

/** Parameters of https://platform.openai.com/docs/api-reference/chat/create that a text conversation may carry. */
const PARAMETERS = new Set(
  (
    'model messages stream stream_options temperature top_p max_tokens max_completion_tokens n stop presence_penalty ' +
    'frequency_penalty logit_bias user seed response_format reasoning_effort verbosity store metadata tools tool_choice'
  ).split(' '),
);

/** The request, or the sentence that the real service would refuse it with. */
export function parseRequest(body: unknown): ChatRequest | string {
  if (!isRecord(body)) return 'The body must be a JSON object.';
  const unknown = Object.keys(body).find((name) => !PARAMETERS.has(name));
  if (unknown !== undefined) return `Unrecognized request argument supplied: ${unknown}`;
  const { model, messages, stream = false, stream_options: streamOptions } = body;
  if (typeof model !== 'string' || model === '') return 'you must provide a model parameter';
  if (typeof stream !== 'boolean') return "Invalid type for 'stream': expected a boolean.";
  if (streamOptions !== undefined && !stream) return "'stream_options' is only allowed when 'stream' is enabled.";
  if (streamOptions !== undefined && !isRecord(streamOptions)) return "Invalid type for 'stream_options'.";
  if (!Array.isArray(messages) || messages.length === 0) return "Invalid 'messages': expected a non-empty array.";
  const parsed: { role: string; text: string }[] = [];
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`;
    if (!isRecord(message)) return `Invalid type for '${at}': expected an object.`;
    const { role, content } = message;
    if (typeof role !== 'string' || !ROLES.includes(role)) return `Invalid value for '${at}.role'.`;
    const text = textOf(content);
    if (text === null) return `Invalid type for '${at}.content': expected a string or an array of text parts.`;
    // Half a surrogate pair is no text in UTF-8; services refuse or replace it.
    if (!text.isWellFormed()) return `Invalid '${at}.content': not valid Unicode.`;
    parsed.push({ role, text });
  }
  const includeUsage = isRecord(streamOptions) && streamOptions['include_usage'] === true;
  return { model, stream, includeUsage, messages: parsed };
}

function textOf(content: unknown): string | null {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content) || content.length === 0) return null;
  const parts: string[] = [];
  for (const part of content) {
    if (!isRecord(part) || part['type'] !== 'text' || typeof part['text'] !== 'string') return null;
    parts.push(part['text']);
  }
  return parts.join('');
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
