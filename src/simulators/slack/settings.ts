/** How the platform behaves; a director may change each field while it runs. */
export interface Settings {
  /** Milliseconds between the server's pings on a socket; 0: none. */
  pingInterval: number;
  /** What hello says, in seconds; a warning comes 10 s before it is over [S2]. */
  connectionTime: number;
  /** Time for an acknowledgement, ms [S1]. */
  ackTime: number;
  /** Milliseconds before each retry [S1]. */
  retries: readonly number[];
  /** How often each event is delivered at least, whatever the answer. */
  deliverTimes: number;
  /** The number that the first delivery of an event says: above 0 the earlier ones were lost on their way (F084). */
  firstRetry: number;
  /** Sockets of one app at most [S2]. */
  maxSockets: number;
  /** Upgrades are answered with 503. */
  socketsRefused: boolean;
  /** New sockets get no hello. */
  silentHello: boolean;
  /** The WebSocket address that apps.connections.open hands out instead of the true one. */
  socketUrl: string | undefined;
  /** Whether auth.test says `app_id`; bots.info always does (platforms.md §3.1). */
  authTestNamesApp: boolean;
  /** Milliseconds since 1970 for the signature's timestamp; the simulator's own time unless given. */
  signNow: (() => number) | undefined;
}

export const usualSettings: Settings = {
  pingInterval: 10_000,
  connectionTime: 3600,
  ackTime: 3000,
  retries: [0, 60_000, 300_000],
  deliverTimes: 1,
  firstRetry: 0,
  maxSockets: 10,
  socketsRefused: false,
  silentHello: false,
  socketUrl: undefined,
  authTestNamesApp: false,
  signNow: undefined,
};
