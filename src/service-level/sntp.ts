/**
 * Asks time servers how far our clock is off (SNTP, RFC 5905 14): one UDP packet each, no authentication. The answer that counts is the middle
 * one, so that one server that lies changes nothing where there are three.
 */
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { lookup } from 'node:dns/promises'
import { temporaryError } from '../base/errors.ts'

export interface TimeServer {
  readonly host: string
  readonly port: number
}

const BYTES = 48
/** seconds from 1900 to 1970 (RFC 5905 6) */
const ERA_OFFSET = 2_208_988_800
/** leap indicator 0, version 4, mode 3: client */
const CLIENT = 0x23
const MODE_SERVER = 4
const NOT_SYNCHRONISED = 3
const MOST_STRATUM = 15
/** what is wrong at most with an answer that took long to come and to go */
const MOST_ROUND_TRIP_MS = 1500

/**
 * Milliseconds since 1970 of a time stamp in a packet: seconds since 1900 and a fraction, 32 bits each. From 2036 on the seconds begin anew
 * (RFC 5905 6): small ones are of the new era.
 */
export function readTimestamp(packet: Buffer, offset: number): number {
  const seconds = packet.readUInt32BE(offset)
  const era = seconds < 0x80000000 ? 2 ** 32 : 0
  return (seconds + era - ERA_OFFSET) * 1000 + (packet.readUInt32BE(offset + 4) * 1000) / 2 ** 32
}

/** Writes a time stamp, as `readTimestamp` reads it. */
export function writeTimestamp(packet: Buffer, offset: number, ms: number): void {
  packet.writeUInt32BE((Math.floor(ms / 1000) + ERA_OFFSET) % 2 ** 32, offset)
  packet.writeUInt32BE(Math.floor(((ms - Math.floor(ms / 1000) * 1000) / 1000) * 2 ** 32), offset + 4)
}

/** Why an answer cannot be used, or null. @param cookie what we sent as our time of sending, which comes back */
function faultOf(packet: Buffer, cookie: Buffer): string | null {
  if (packet.length < BYTES) return 'is too short'
  const first = packet.readUInt8(0)
  if ((first & 7) !== MODE_SERVER) return 'is no answer of a server'
  if (!packet.subarray(24, 32).equals(cookie)) return 'is no answer to what was asked'
  const stratum = packet.readUInt8(1)
  // Stratum 0 is a "kiss of death" (RFC 5905 7.4): we are asked not to ask.
  if (first >> 6 === NOT_SYNCHRONISED || stratum === 0 || stratum > MOST_STRATUM) return 'says that its own clock is not right'
  return packet.subarray(40, 48).every((byte) => byte === 0) ? 'has no time' : null
}

/**
 * How far the server's clock is before ours, in milliseconds: ((T2 - T1) + (T3 - T4)) / 2 (RFC 5905 8).
 * @throws temporary `no-time`
 */
export async function askOffset(server: TimeServer, now: () => number, timeoutMs: number): Promise<number> {
  const { address } = await lookup(server.host)
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  const failed = (why: string): Error => temporaryError('no-time', `the time server ${server.host}:${server.port} ${why}`)
  try {
    return await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => reject(failed(`has not answered for ${timeoutMs} ms`)), timeoutMs)
      const packet = Buffer.alloc(BYTES)
      packet.writeUInt8(CLIENT, 0)
      // Random, so that nobody who does not see the question can answer it; our time stays here.
      const cookie = randomBytes(8)
      cookie.copy(packet, 40)
      let sent = { wall: 0, steady: 0 }
      socket.on('error', (error) => reject(failed(`: ${error.message}`)))
      socket.on('message', (answer) => {
        const elapsed = performance.now() - sent.steady
        const fault = faultOf(answer, cookie)
        clearTimeout(timer)
        if (fault !== null) return reject(failed(fault))
        const [received, transmitted] = [readTimestamp(answer, 32), readTimestamp(answer, 40)]
        // Our clock may be set meanwhile, so what has passed is told by the steady one.
        const [from, to] = [sent.wall, sent.wall + elapsed]
        if (elapsed - (transmitted - received) > MOST_ROUND_TRIP_MS) return reject(failed('took too long'))
        return resolve((received - from + (transmitted - to)) / 2)
      })
      socket.connect(server.port, address, () => {
        sent = { wall: now(), steady: performance.now() }
        socket.send(packet)
      })
      socket.on('close', () => clearTimeout(timer))
    })
  } finally {
    socket.close()
  }
}

/** The middle of some values; of an even number, the mean of the two in the middle. */
export function medianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return low === undefined || high === undefined ? null : (low + high) / 2
}
