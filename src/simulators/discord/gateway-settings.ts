/** How the gateway behaves; a director may change each field while it runs. */
export interface GatewaySettings {
  /** Milliseconds; 41,250 is what the platform is seen to say, 45,000 is the documentation's example [D1]. */
  heartbeatInterval: number;
  /** How long a session without a connection can be resumed: about 90 s (platforms.md §1.2, obs). */
  resumeWindow: number;
  /** Events kept per session for a replay. */
  replayLimit: number;
  /** Events before the asked one that a replay repeats: the platform may deliver twice [D5]. */
  replayOverlap: number;
  /** New connections get no Hello. */
  silentHello: boolean;
  /** Upgrades are answered with 503. */
  refused: boolean;
  /** The next resumes fail: with this close code, or `reset` for a torn connection. */
  brokenResumes: { left: number; how: number | 'reset' } | undefined;
  /** Compressed payloads arrive in two WebSocket messages. */
  splitCompressed: boolean;
}

export const usualGateway: GatewaySettings = {
  heartbeatInterval: 41_250,
  resumeWindow: 90_000,
  replayLimit: 1000,
  replayOverlap: 0,
  silentHello: false,
  refused: false,
  brokenResumes: undefined,
  splitCompressed: false,
};
