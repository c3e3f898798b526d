/**
 * Loaded before a program (`--import`), moves its clock ahead by as many milliseconds as CLOCK_FILE says: for commands and servers that are to run
 * as they are, at another time. TLS keeps to the real clock, on both sides; timers run as fast as ever.
 */
import { readFileSync } from 'node:fs'

const { CLOCK_FILE: file = '' } = process.env
/** The file is read no oftener: the clock is looked at thousands of times a second. */
const READ_EVERY_MS = 5

const real = Date.now
let ahead = 0
let readAt = -READ_EVERY_MS

Date.now = () => {
  if (performance.now() - readAt >= READ_EVERY_MS) {
    ahead = Number(readFileSync(file, 'utf8'))
    readAt = performance.now()
  }
  return real() + ahead
}
