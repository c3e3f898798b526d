/**
 * Keeps the copy of the directory fresh: once a day, each hour after a failure, and on demand (RFC 6109 4.5).
 *
 * Invariants: nothing changes before the signature has been verified and the file has been found plausible; the copy is replaced in one
 * transaction, and until then the last good one is used, however old; of all processes on a database one works at a time (a lease in
 * the row of state), and one that has lost its lease changes nothing.
 */
import { randomUUID } from 'node:crypto'
import { CeralaccaError, asCeralaccaError, clientError, temporaryError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import type { Revocation } from '../seal/revocation.ts'
import type { Database } from '../storage/database.ts'
import type { Download } from './download.ts'
import { directoryQueries } from './queries.ts'
import type { RecordProblem } from './records.ts'
import { checkPlausible, openSignedDirectory } from './signed-directory.ts'

export interface DirectoryRefreshDeps {
  readonly database: Database
  /** where the signed file is; without it, files are only imported */
  readonly url?: string | undefined
  readonly download: Download
  /** DER of the CA certificates that vouch for who signs the directory */
  readonly roots: readonly Buffer[]
  readonly revocation: Revocation
  readonly report: EventSink
  readonly now: () => number
  /** from 0 to 1; default: Math.random */
  readonly random?: () => number
}

export interface RefreshResult {
  readonly version: number
  /** no, if the file was the one that is in use */
  readonly changed: boolean
  readonly providers: number
  readonly domains: number
  readonly problems: readonly RecordProblem[]
}

export interface DirectoryRefresh {
  /**
   * Fetches now. `force` takes also a file that is not plausible; its signature must hold in any case.
   * @throws `directory-no-url`, `directory-busy` (another process works on it), and why the file could not be had or was refused
   */
  refresh(force?: boolean): Promise<RefreshResult>
  /** The same with a file at hand. */
  importFile(file: Buffer, force?: boolean): Promise<RefreshResult>
  /** Fetches if it is time and no other process does. Reports failures; answers whether it has worked on it. */
  refreshIfDue(): Promise<boolean>
  /** Looks each minute whether it is time, at once for the first time, until stopped. Nothing happens without a URL. */
  start(): void
  /** Cuts a download that is under way, and waits for the end of the round. */
  stop(): Promise<void>
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const LOOK_MS = MINUTE
/** RFC 6109 4.5: daily. A little less, each at another time, so that not everybody comes at once. */
const DAILY = { least: 23 * HOUR, jitter: HOUR }
const RETRY = { least: 45 * MINUTE, jitter: 30 * MINUTE }
const STALE_MS = 48 * HOUR
/** longer than a download may take, and what follows it */
const LEASE_MS = 15 * MINUTE
const EXAMPLES = 10

export function createDirectoryRefresh(deps: DirectoryRefreshDeps): DirectoryRefresh {
  const { database, url, download, roots, revocation, report, now, random = Math.random } = deps
  const queries = directoryQueries(database)
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let round: Promise<void> = Promise.resolve()

  const later = ({ least, jitter }: typeof DAILY): { at: number; next: number } => {
    const at = now()
    return { at, next: at + least + Math.round(jitter * random()) }
  }

  const claim = (holder: string, dueOnly: boolean): Promise<boolean> => {
    const at = now()
    return queries.claim(holder, { at, until: at + LEASE_MS, dueOnly })
  }

  /** All that is looked at before anything changes, and the change. */
  async function apply(holder: string, file: Buffer, force: boolean): Promise<RefreshResult> {
    const at = now()
    const next = openSignedDirectory(file, { roots, at })
    if ((await revocation.check(next.signer, next.chain, at)) === 'revoked') {
      throw new CeralaccaError('directory-signature', 'permanent', "the signer's certificate was revoked")
    }
    const { version, sha256, ...present } = await queries.state()
    const same = sha256?.equals(next.sha256) === true && !force
    if (!force) checkPlausible(next, { records: (await queries.stored()).records, ...present })
    const { records, problems } = next
    if (same) await queries.confirm(holder, later(DAILY))
    const result = {
      version: same ? version : await queries.replace(holder, next, later(DAILY)),
      changed: !same,
      providers: records.length,
      domains: records.reduce((sum, record) => sum + record.domains.length, 0),
      problems,
    }
    reportResult(result)
    return result
  }

  function reportResult({ problems, ...result }: RefreshResult): void {
    report('directory-refreshed', result)
    const losses = problems.filter(({ lost }) => lost !== 'nothing')
    if (losses.length > 0) report('directory-problems', { count: losses.length, examples: losses.slice(0, EXAMPLES) })
  }

  async function fetchAndApply(holder: string, from: string, force: boolean): Promise<RefreshResult> {
    try {
      return await apply(holder, await download(from, stopping.signal), force)
    } catch (thrown) {
      const error = asCeralaccaError(thrown)
      // A round that was cut is no failure: the next process that looks takes it up.
      if (stopping.signal.aborted) await queries.giveBack(holder)
      else await queries.giveBack(holder, { error: `${error.code}: ${error.message}`, ...later(RETRY) })
      throw error
    }
  }

  async function claimNow(): Promise<string> {
    const holder = randomUUID()
    if (await claim(holder, false)) return holder
    throw temporaryError('directory-busy', 'another process works on the directory: try again later')
  }

  async function reportFailure(error: CeralaccaError): Promise<void> {
    report('directory-refresh-failed', { error })
    const { fetchedAt } = await queries.state()
    if (fetchedAt === null || now() - fetchedAt.getTime() > STALE_MS) {
      report('directory-stale', { fetchedAt: fetchedAt?.toISOString() ?? null })
    }
  }

  async function refreshIfDue(): Promise<boolean> {
    const holder = randomUUID()
    if (url === undefined || !(await claim(holder, true))) return false
    try {
      await fetchAndApply(holder, url, false)
    } catch (thrown) {
      if (!stopping.signal.aborted) await reportFailure(asCeralaccaError(thrown))
    }
    return true
  }

  async function look(): Promise<void> {
    try {
      await refreshIfDue()
    } catch (thrown) {
      report('unexpected-error', { where: 'directory', error: asCeralaccaError(thrown) })
    }
    if (!stopping.signal.aborted) timer = setTimeout(begin, LOOK_MS)
  }

  const begin = (): void => void (round = look())

  return {
    async refresh(force = false) {
      if (url === undefined) throw clientError('directory-no-url', 'set CERALACCA_DIRECTORY_URL, or import a file')
      return fetchAndApply(await claimNow(), url, force)
    },
    async importFile(file, force = false) {
      const holder = await claimNow()
      try {
        return await apply(holder, file, force)
      } finally {
        await queries.giveBack(holder)
      }
    },
    refreshIfDue,
    start() {
      if (url !== undefined) begin()
    },
    async stop() {
      stopping.abort()
      clearTimeout(timer)
      await round
    },
  }
}
