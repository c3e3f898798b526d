/** So long a row of work belongs to the process that took it: longer than any local step takes, short enough to wait for after a crash. */
export const LEASE_MS = 20_000
