const OURS: readonly RegExp[] = [
  // Ours and the model providers'.
  /\bsk[-_][A-Za-z0-9_-]{8,}/g,
  /\bAIza[A-Za-z0-9_-]{20,}/g,
  /\bBearer\s+[A-Za-z0-9._~+/=-]{6,}/gi,
  // Passwords in connection strings.
  /(?<=:\/\/[^\s:/@"]{0,64}:)[^\s@"]{1,256}(?=@)/g,
];

/**
 * Takes secrets out by their shape, wherever they turn up: in a URL, an error's cause, a header. A log line is redacted as a
 * whole, just before it is written, so that no way of building it can go around this. `shapes`: those of the platforms.
 */
export function redact(text: string, shapes: readonly RegExp[]): string {
  let clean = text;
  for (const shape of [...OURS, ...shapes]) clean = clean.replace(shape, '[redacted]');
  return clean;
}
