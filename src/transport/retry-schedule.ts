/**
 * When what failed is tried again (RFC 5321 4.5.4.1: soon at first, then at longer intervals). The watches end a dispatch within a day; what is
 * there still, such as receipts, which nobody gives up, is tried some times a day.
 */

const SECOND = 1000
const MINUTE = 60 * SECOND
const PAUSES = [20 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 20 * MINUTE, 30 * MINUTE]
const LONGEST = 30 * MINUTE
/** The attempts of a day and more. */
const DAY_OF_ATTEMPTS = 60
const AFTER_A_DAY = 6 * 60 * MINUTE

/** From this attempt on somebody should look: the row keeps being tried, by itself, and an alarm names it. */
export const STUCK_AFTER = 8

/**
 * Milliseconds from a failed attempt to the next.
 * @param attempts how many there were, the failed one included
 * @param random from 0 to 1; so that what failed together does not come again together
 */
export function pauseAfter(attempts: number, random: number = Math.random()): number {
  const pause = attempts > DAY_OF_ATTEMPTS ? AFTER_A_DAY : (PAUSES[Math.max(attempts, 1) - 1] ?? LONGEST)
  return Math.round(pause * (0.9 + 0.2 * random))
}

/** From this attempt on, after about a day, a forward is not tried any more: its recipient gets the message in his mailbox. */
export const FORWARD_GIVEN_UP_AFTER = 50

/** Milliseconds until what found no room is looked at again. It was no attempt. */
export const roomPause = (random: number = Math.random()): number => Math.round(10 * SECOND * (1 + random))
