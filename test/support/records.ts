/** What a provider has written down of the messages of its holders, read from its database while it runs. */
import { setTimeout as pause } from 'node:timers/promises'
import { dataPaths } from '../../src/config/config.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { embeddedConnection } from '../../src/storage/embedded-postgres.ts'
import { transportQueries, type DispatchRow } from '../../src/transport/queries.ts'
import { defer, type Owner } from './cleanup.ts'
import type { Provider } from './provider.ts'

const LONGEST_WAIT_MS = 60_000

export interface Dispatch extends DispatchRow {
  next_attempt: Date
}

export interface Records {
  /** The dispatches of a message, by recipient. */
  dispatches(pecMsgid: string): Promise<Record<string, Dispatch>>
  /** Waits until they all are as wanted, and answers them. */
  until(pecMsgid: string, wanted: (dispatch: Dispatch) => boolean): Promise<Record<string, Dispatch>>
  /** How many dispatches have no outcome, and how much waits: what came in and is not with its recipients, and the outbox. */
  underWay(): Promise<{ dispatches: number; waiting: number }>
  /** Waits until nothing waits. */
  untilIdle(): Promise<void>
  close(): Promise<void>
}

export function openRecords(owner: Owner, { dataFolder }: Provider): Records {
  const database = openDatabase(embeddedConnection(dataPaths(dataFolder).postgres).connection, { max: 2 })
  const queries = transportQueries(database)
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => (closed ??= database.close())
  defer(owner, close)

  async function dispatches(pecMsgid: string): Promise<Record<string, Dispatch>> {
    const [submission] = await queries.findSubmissions(pecMsgid)
    const rows = submission ? await queries.dispatches(submission.slot, submission.pec_msgid) : []
    return Object.fromEntries(rows.map((row) => [row.recipient, row as Dispatch]))
  }

  async function underWay(): Promise<{ dispatches: number; waiting: number }> {
    const [row] = await database.reader.read<{ dispatches: number; waiting: number }>(
      `select (select count(*) from dispatch where outcome is null) as dispatches,
         (select count(*) from outbox) + (select count(*) from arrival_recipient where done_at is null) as waiting`,
    )
    return row ?? { dispatches: 0, waiting: 0 }
  }

  return {
    dispatches,
    async until(pecMsgid, wanted) {
      const deadline = Date.now() + LONGEST_WAIT_MS
      for (;;) {
        const found = await dispatches(pecMsgid)
        const rows = Object.values(found)
        if (rows.length > 0 && rows.every(wanted)) return found
        if (Date.now() > deadline) throw new Error(`the dispatches did not become as wanted: ${JSON.stringify(rows)}`)
        await pause(50)
      }
    },
    underWay,
    async untilIdle() {
      const deadline = Date.now() + LONGEST_WAIT_MS
      for (;;) {
        const { waiting } = await underWay()
        if (waiting === 0) return
        if (Date.now() > deadline) throw new Error(`still waiting: ${waiting}`)
        await pause(50)
      }
    },
    close,
  }
}
