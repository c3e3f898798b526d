/** What a connection costs that does nothing: memory of all processes of a server while clients idle on a selected folder. */
import { proportionalMemoryOf, residentMemoryOf } from '../processes.ts'
import type { ImapClient } from './imap-client.ts'
import { openClient, type MailServer } from './mail-server.ts'

export interface Idle {
  readonly connections: number
  /** KB per connection beyond what the server took before the first: shared pages once for all, and once for each process */
  readonly proportional: number
  readonly resident: number
}

/** What the connections do before they idle. */
export interface IdleWork {
  readonly folder: string
  /** each changes a message of its own, and then hears of what the others have changed */
  readonly changes: boolean
  /** the first account alone, for it has the large folders */
  readonly oneAccount: boolean
}

const AT_A_TIME = 8
/** The servers come to rest; a connection that idles hibernates, where that is switched on: ours after 10 s. */
const SETTLE_MS = 16_000

/** Opens ever more connections, each in IDLE on its folder, and measures at each of the counts. */
export async function measureIdle(server: MailServer, counts: readonly number[], work: IdleWork): Promise<Idle[]> {
  const clients: ImapClient[] = []
  // What earlier work has left does not count, nor make room.
  await server.restart()
  // A first login of each account, so that what is kept for it does not count as the connections'.
  const accounts = work.oneAccount ? [0] : [...server.accounts.keys()]
  for (const index of accounts) {
    const client = await openSelected(server, index, work, -1)
    await client.idle()
    client.destroy()
  }
  await settle()
  const before = memory(server)
  const measured: Idle[] = []
  for (const count of counts) {
    const opened = await inParallel(count - clients.length, (index) => {
      const number = clients.length + index
      return openSelected(server, work.oneAccount ? 0 : number, work, number)
    })
    await inParallel(opened.length, async (index) => opened[index]?.idle())
    clients.push(...opened)
    await settle()
    const now = memory(server)
    measured.push({
      connections: count,
      proportional: (now.proportional - before.proportional) / count,
      resident: (now.resident - before.resident) / count,
    })
  }
  for (const client of clients) client.destroy()
  return measured
}

/** Answers the results in order; some are under way at a time. */
async function inParallel<T>(count: number, start: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      results[index] = await start(index)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker))
  return results
}

async function openSelected(server: MailServer, account: number, work: IdleWork, number: number): Promise<ImapClient> {
  const client = await openClient(server, account)
  await client.command(`SELECT ${work.folder}`)
  if (work.changes && number >= 0) await client.command(`STORE ${number + 1} +FLAGS (\\Flagged)`)
  return client
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, SETTLE_MS))

const memory = (server: MailServer): { proportional: number; resident: number } => ({
  proportional: proportionalMemoryOf(server.roots()),
  resident: residentMemoryOf(server.roots()),
})
