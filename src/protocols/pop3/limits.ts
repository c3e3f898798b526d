/** What a client may take of the server. Sizes in bytes, times in milliseconds. */
export interface Pop3Limits {
  /** a command; RFC 2449 4 wants at least 255, and passwords in AUTH may be longer */
  readonly line: number
  /** an answer within AUTH: a base64 line */
  readonly authLine: number
  /** from the connection to the login */
  readonly loginTime: number
  /** without a byte in either direction; RFC 1939 3 wants at least 10 minutes */
  readonly idleTime: number
  /** commands in a row that are none, or logins refused, before the connection is closed */
  readonly badCommands: number
  /** connections at a time */
  readonly connections: number
}

export const DEFAULT_LIMITS: Pop3Limits = {
  line: 4096,
  authLine: 8192,
  loginTime: 60_000,
  idleTime: 10 * 60_000,
  badCommands: 10,
  connections: 20_000,
}
