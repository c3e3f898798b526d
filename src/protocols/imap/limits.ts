/** What a client may take of the server. Sizes in bytes, times in milliseconds. */
export interface ImapLimits {
  /** a command without its literals */
  readonly line: number
  /** all literals of a command other than APPEND together; before the login a tenth of it */
  readonly literals: number
  /** a message that is appended */
  readonly append: number
  /** from the connection to the login */
  readonly loginTime: number
  /** a session is asked this often whether what it was opened with still opens the mailbox */
  readonly loginCheck: number
  /** without a byte in either direction; RFC 3501 5.4 wants at least 30 minutes */
  readonly idleTime: number
  /** in IDLE the folder is read again this often, because hints may be lost */
  readonly idleReread: number
  /** with NOTIFY all folders are looked at this often, at most */
  readonly notifyPause: number
  /** with more folders no client is notified of them */
  readonly notifyFolders: number
  /** a session in which nothing is done for so long gives back what it has in memory */
  readonly hibernate: number
  /** commands in a row that are answered BAD, or logins refused, before the connection is closed */
  readonly badCommands: number
  /** connections at a time */
  readonly connections: number
}

export const DEFAULT_LIMITS: ImapLimits = {
  line: 64 * 1024,
  literals: 256 * 1024,
  append: 100 * 1024 * 1024,
  loginTime: 60_000,
  loginCheck: 5 * 60_000,
  idleTime: 30 * 60_000,
  idleReread: 30_000,
  notifyPause: 200,
  notifyFolders: 10_000,
  hibernate: 10_000,
  badCommands: 10,
  connections: 20_000,
}
