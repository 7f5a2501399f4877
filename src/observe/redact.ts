/**
 * Secrets by their shape, wherever they turn up: in a URL, an error's cause, a header. A log line is redacted as a whole,
 * just before it is written, so that no way of building it can go around this.
 */
const shapes: readonly RegExp[] = [
  // Telegram: `<id>:<35 characters>`, the colon perhaps percent-encoded (platforms.md §2.1).
  /(?<!\d)\d{5,16}(?::|%3A)[A-Za-z0-9_-]{20,}/gi,
  // Discord: three base64url segments (platforms.md §1.1).
  /\b[A-Za-z0-9_-]{23,30}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,45}\b/g,
  // Slack: bot, user, app, refresh and rotated tokens, and single-use socket tickets (platforms.md §3.1, §3.2.2).
  /\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}/gi,
  /\bxapp-[A-Za-z0-9-]{8,}/gi,
  /\bticket=[^&"\s\\]+/gi,
  // Ours and the model providers'.
  /\bsk[-_][A-Za-z0-9_-]{8,}/g,
  /\bAIza[A-Za-z0-9_-]{20,}/g,
  /\bBearer\s+[A-Za-z0-9._~+/=-]{6,}/gi,
  // Passwords in connection strings.
  /(?<=:\/\/[^\s:/@"]{0,64}:)[^\s@"]{1,256}(?=@)/g,
];

export function redact(text: string): string {
  let clean = text;
  for (const shape of shapes) clean = clean.replace(shape, '[redacted]');
  return clean;
}
