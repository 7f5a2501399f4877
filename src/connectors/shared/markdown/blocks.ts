/**
 * An answer as a tree, the same for every platform: what a model's Markdown means, without how it was written. Text in it
 * is final: references are resolved, HTML is text, what cannot be seen is gone, and no link hides where it leads.
 */
export type Block =
  | { readonly kind: 'paragraph'; readonly runs: readonly Run[] }
  /** `level` 1–6. */
  | { readonly kind: 'heading'; readonly level: number; readonly runs: readonly Run[] }
  /** `language`: the first word of the info string, letters, digits and `+#.-_` only; may be empty. No newline at the end of `text`. */
  | { readonly kind: 'code'; readonly language: string; readonly text: string }
  | { readonly kind: 'quote'; readonly blocks: readonly Block[] }
  | List
  | Table
  | { readonly kind: 'rule' };

export interface List {
  readonly kind: 'list';
  /** The number of the first item that is not `continued`; `null` for a list without numbers. The others count on. */
  readonly start: number | null;
  readonly items: readonly Item[];
}

/** Never without blocks. */
export interface Item {
  /** Of a task list. */
  readonly checked?: boolean;
  /** It goes on what an earlier message began: no marker and no number of its own. */
  readonly continued?: true;
  /** Its number, where it is not the next one: the best five of something count down. */
  readonly number?: number;
  readonly blocks: readonly Block[];
}

export interface Table {
  readonly kind: 'table';
  readonly align: readonly Align[];
  readonly head: readonly Cell[];
  /** Each as long as `head`. */
  readonly rows: readonly (readonly Cell[])[];
}

export type Align = 'left' | 'center' | 'right';
export type Cell = readonly Run[];

/** Text of one look. A newline in it is a line break that was meant. */
export interface Run extends Look {
  readonly text: string;
}

export interface Look {
  readonly bold?: true;
  readonly italic?: true;
  readonly strike?: true;
  /** Then it has no other look but `href`. */
  readonly code?: true;
  /**
   * `http:` or `https:` only, as `URL` writes it. The words of a link tell where it leads: they are its URL or its host, or
   * a run of the form ` (host)` with the same `href` follows.
   */
  readonly href?: string;
}
