import type { BotId, IntegrationId, UserId } from '../../src/core/ids.ts';
import type { Account, Platform } from '../platform/platform.ts';

/** Something that was asked of the API, and when it had answered; virtual time. */
export interface Asked {
  readonly asked: number;
  answered: number | undefined;
  /** The owner's node had taken it up when the answer came. */
  inForce: boolean;
}

export interface Pause extends Asked {
  /** When the resume was asked for. */
  resumed: number | undefined;
}

/** An integration as its owner knows it: what was asked for, not what became of it. */
export interface Known {
  readonly id: IntegrationId;
  readonly userId: UserId;
  readonly platform: Platform;
  readonly account: Account;
  botId: BotId | undefined;
  /** Absent: all of them. */
  channels: readonly string[] | undefined;
  enabled: boolean;
  deleted: Asked | undefined;
  readonly pauses: Pause[];
  /** What changed where it listens, its making included. */
  readonly changes: Asked[];
}

export const covers = ({ channels }: Known, channel: string) => channels === undefined || channels.includes(channel);
