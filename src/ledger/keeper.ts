/**
 * Keeps the ledger: seals what is due, closes days, asks for time stamps, writes daily files, makes partitions ahead of time and drops those
 * whose time is over. It runs beside the mail and never in its way: what fails is reported and tried again.
 */
import { asCeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import type { DayFiles, WrittenDay } from './day-files.ts'
import type { Retention } from './retention.ts'
import type { Sealed, Sealing } from './sealing.ts'
import type { Stamping } from './stamping.ts'

export interface KeeperDeps {
  readonly sealing: Sealing
  /** of the audit log, whose segments are told to the ledger and so sealed with it */
  readonly audit?: Sealing
  readonly stamping: Stamping
  readonly files: Pick<DayFiles, 'writeMissing'>
  readonly retention: Retention
  /** whether this process does what one process should do; it holds the lease for a while then */
  readonly isFirst: () => Promise<boolean>
  readonly report: EventSink
  readonly now: () => number
}

export interface Keeper {
  /** Seals everything now, closes days that are over, and writes what is missing. */
  sealNow(): Promise<Sealed & { readonly files: readonly WrittenDay[] }>
  /** A stamp over everything that is sealed. Answers its number, and how many stamps have no token still. */
  stampNow(): Promise<{ number: number; missing: number }>
  /** Looks every ten seconds what is due, until stopped. */
  start(): void
  /** Waits for a round that is under way. */
  stop(): Promise<void>
}

const LOOK_MS = 10_000
const DAILY_WORK_MS = 60_000
const TOKEN_RETRY_MS = 5 * 60_000
const RETENTION_MS = 60 * 60_000

export function createKeeper({ sealing, audit, stamping, files, retention, isFirst, report, now }: KeeperDeps): Keeper {
  let timer: NodeJS.Timeout | undefined
  let round: Promise<void> = Promise.resolve()
  let stopped = false
  const next = { daily: 0, tokens: 0, retention: 0 }

  function tell({ segments, entries }: Sealed): void {
    if (segments > 0) report('ledger-sealed', { segments, entries })
  }

  async function closeAndWrite(): Promise<WrittenDay[]> {
    const closed = await stamping.closeDays()
    if (closed.length > 0 || now() >= next.tokens) {
      next.tokens = now() + TOKEN_RETRY_MS
      await stamping.fetchTokens()
    }
    const written = await files.writeMissing()
    for (const day of written) report('ledger-file-written', day)
    return written
  }

  /** One thing of the round: what is wrong with it is nothing to the others. */
  async function attempt(where: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (thrown) {
      report('unexpected-error', { where: `ledger: ${where}`, error: asCeralaccaError(thrown) })
    }
  }

  async function look(): Promise<void> {
    if (stopped) return
    await attempt('audit', async () => void (await audit?.sealDue()))
    await attempt('seal', async () => tell(await sealing.sealDue()))
    if (!stopped && now() >= next.daily) {
      next.daily = now() + DAILY_WORK_MS
      await attempt('days', async () => {
        if (!(await isFirst())) return
        await closeAndWrite()
        if (now() < next.retention) return
        next.retention = now() + RETENTION_MS
        await retention.makePartitions()
        await retention.dropOld()
        await retention.dropReleased()
      })
    }
    if (!stopped) timer = setTimeout(begin, LOOK_MS)
  }

  const begin = (): void => void (round = look())

  return {
    async sealNow() {
      await audit?.sealAll()
      const sealed = await sealing.sealAll()
      tell(sealed)
      return { ...sealed, files: await closeAndWrite() }
    },
    async stampNow() {
      await audit?.sealAll()
      await sealing.sealAll()
      const number = await stamping.stampNow()
      return { number, missing: await stamping.fetchTokens() }
    },
    start: begin,
    async stop() {
      stopped = true
      clearTimeout(timer)
      await round
      // Where it fails, the leases pass by themselves.
      await attempt('leases', async () => {
        await audit?.giveBack()
        await sealing.giveBack()
      })
    },
  }
}
