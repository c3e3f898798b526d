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

const AT_A_TIME = 8
/** The servers come to rest; a connection that idles hibernates, where that is switched on. */
const SETTLE_MS = 5000

/** Opens ever more connections, each in IDLE on its inbox, and measures at each of the counts. */
export async function measureIdle(server: MailServer, counts: readonly number[]): Promise<Idle[]> {
  const clients: ImapClient[] = []
  // What earlier work has left does not count, nor make room.
  await server.restart()
  // A first login of each account, so that what is kept for it does not count as the connections'.
  for (const index of server.accounts.keys()) (await openIdle(server, index)).destroy()
  await settle()
  const before = memory(server)
  const measured: Idle[] = []
  for (const count of counts) {
    const work = async (): Promise<void> => {
      while (clients.length + opening < count) {
        opening++
        const client = await openIdle(server, clients.length + opening)
        opening--
        clients.push(client)
      }
    }
    let opening = 0
    await Promise.all(Array.from({ length: AT_A_TIME }, work))
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

async function openIdle(server: MailServer, index: number): Promise<ImapClient> {
  const client = await openClient(server, index)
  await client.command('SELECT INBOX')
  await client.idle()
  return client
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, SETTLE_MS))

const memory = (server: MailServer): { proportional: number; resident: number } => ({
  proportional: proportionalMemoryOf(server.roots()),
  resident: residentMemoryOf(server.roots()),
})
