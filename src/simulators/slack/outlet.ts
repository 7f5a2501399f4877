import type { LedgerSocket } from './ledger.ts';

/** Where an envelope can be handed to: a socket, or the ghost of one. */
export interface Outlet {
  readonly appId: string;
  readonly entry: LedgerSocket;
  /** Registered by the platform, but nobody reads it any more. */
  readonly ghost: boolean;
  /** Says what became of it: `lost` means that it went nowhere and the platform does not know. */
  deliver(envelope: Envelope): void;
  /** The envelope's time is over. */
  forget(envelopeId: string): void;
  disconnect(reason: DisconnectReason): void;
  cut(): void;
}

export type DisconnectReason = 'warning' | 'refresh_requested' | 'link_disabled' | 'too_many_websockets';

export interface Envelope {
  readonly id: string;
  readonly frame: string;
  readonly acked: () => void;
  /** The socket ended before anybody acknowledged. */
  readonly dropped: () => void;
}
