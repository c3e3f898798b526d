/** How long entries are kept: 30 months (RFC 6109 2.3, and the Italian rules), by calendar months in UTC. */
export const RETENTION_MONTHS = 30

/** The first instant of a month, `months` after the one of `ms`. */
export function monthStart(ms: number, months = 0): number {
  const date = new Date(ms)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1)
}

/** The same day and time so many months later; where that month is shorter, a little later. */
export function monthsLater(ms: number, months: number): number {
  const date = new Date(ms)
  return date.setUTCMonth(date.getUTCMonth() + months)
}
