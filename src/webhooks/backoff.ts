/** When what failed is sent again, and when it is given up. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const PAUSES = [5000, 30_000, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR]
const LONGEST = 6 * HOUR

/** So long a receiver may fail: then its subscription is paused, or an event that it alone refuses is given up. */
export const GIVEN_UP_AFTER_MS = 72 * HOUR

/** Milliseconds to the next attempt. @param failures so far, the last one included @param random from 0 to 1, so that not all come at once */
export const pauseAfter = (failures: number, random: number = Math.random()): number =>
  Math.round((PAUSES[Math.max(failures, 1) - 1] ?? LONGEST) * (0.9 + 0.2 * random))
