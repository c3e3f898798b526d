/**
 * A few shared connections for single statements. Each statement is a transaction of its own, so several may be on their way on
 * one connection (pipelining): that saves about a third of the driver's CPU against checking connections out of a pool.
 *
 * A statement goes to an idle connection if there is one; only when all are busy does it queue behind another one, and never
 * behind more than `depth - 1`, so one slow statement holds up few.
 */
import { Client, DatabaseError } from 'pg'
import type { ClientConfig } from 'pg'
import { temporaryError } from '../base/errors.ts'
import type { NamedStatement } from './statements.ts'

export interface Lanes {
  query<R>(statement: NamedStatement): Promise<R[]>
  /** Lets what is under way finish, and refuses the rest. */
  close(): Promise<void>
}

interface Lane {
  readonly client: Client
  readonly connecting: Promise<unknown>
  connected: boolean
  /** statements under way */
  pending: number
}

export interface LanesOptions {
  readonly connections: number
  /** statements that may be under way on one connection; 1 = no pipelining */
  readonly depth: number
  /** what each new connection runs first */
  readonly setUp?: string
}

export function createLanes(config: ClientConfig, { connections, depth, setUp }: LanesOptions): Lanes {
  const lanes: Lane[] = []
  /** Statements that found every connection full; the first one gets the next free place. */
  const waiting: ((lane: Lane) => void)[] = []
  let closed = false

  function open(): Lane {
    const client = new Client({ ...config, pipeline: true })
    // What breaks a connection also fails the statements on it. (Pipeline mode also for a depth of 1: it lets `end` wait for them.)
    client.on('error', () => drop(lane))
    client.once('end', () => drop(lane))
    const lane: Lane = { client, connecting: connect(), connected: false, pending: 0 }
    lanes.push(lane)
    return lane

    async function connect(): Promise<void> {
      await client.connect()
      if (setUp !== undefined) await client.query(setUp)
      lane.connected = true
    }
  }

  function drop(lane: Lane): void {
    const index = lanes.indexOf(lane)
    if (index >= 0) lanes.splice(index, 1)
  }

  /** A connection that could not be made ready. */
  function abandon(lane: Lane): void {
    drop(lane)
    void lane.client.end()
  }

  function choose(): Lane | undefined {
    let best: Lane | undefined
    for (const lane of lanes) {
      if (lane.pending === 0) return lane
      if (best === undefined || lane.pending < best.pending) best = lane
    }
    if (best === undefined || lanes.length < connections) return open()
    return best.pending < depth ? best : undefined
  }

  /** Takes a place on a connection; the place is counted before anybody else can take it. */
  function enter(): Lane | Promise<Lane> {
    const lane = choose()
    if (lane === undefined) return new Promise((resolve) => waiting.push(resolve))
    lane.pending++
    return lane
  }

  function leave(lane: Lane): void {
    lane.pending--
    const [next] = waiting
    const free = next && choose()
    if (!free) return
    waiting.shift()
    free.pending++
    next(free)
  }

  return {
    async query<R>(statement: NamedStatement) {
      if (closed) throw temporaryError('database-unavailable', 'the database was closed')
      const lane = await enter()
      try {
        if (!lane.connected) await lane.connecting
        return (await lane.client.query(statement)).rows as R[]
      } catch (error) {
        if (!lane.connected) abandon(lane)
        // A fatal error is the last word on a connection, though its end is heard a moment later: no other statement may go there.
        else if (isFatal(error)) drop(lane)
        throw error
      } finally {
        leave(lane)
      }
    },
    async close() {
      closed = true
      await Promise.all([...lanes].map((lane) => lane.client.end()))
    },
  }
}

const isFatal = (error: unknown): boolean => error instanceof DatabaseError && error.severity !== 'ERROR'
