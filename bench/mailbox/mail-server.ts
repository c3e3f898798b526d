/** What the benchmark asks of a server that it measures. */
import { execute } from '../../test/support/execute.ts'
import type { Account } from '../../test/support/provider.ts'
import { ImapClient, type Endpoint } from './imap-client.ts'

export interface MailServer {
  readonly name: string
  readonly endpoint: Endpoint
  /** the same number on every server */
  readonly accounts: readonly Account[]
  /** process ids: with all that descend from them they are the server */
  roots(): number[]
  /** Stops it and starts it again, with nothing of its files in the system's memory. */
  restart(): Promise<void>
  /** Makes a folder of `count` messages, the first of them number `first`. */
  fill(account: Account, folder: string, first: number, count: number): Promise<void>
  /** Looks whether what is stored is whole; says what it found. */
  check(): Promise<{ readonly good: boolean; readonly says: string }>
  stop(): Promise<void>
}

export const accountOf = ({ accounts }: MailServer, index: number): Account => {
  const account = accounts[index % accounts.length]
  if (!account) throw new Error('the server has no accounts')
  return account
}

export const openClient = (server: MailServer, index = 0): Promise<ImapClient> =>
  ImapClient.open(server.endpoint, accountOf(server, index))

/** Drops the files of a folder out of the system's memory, without touching those of others. */
export async function forgetFiles(folder: string): Promise<void> {
  await execute('sync', [])
  const { code, stderr } = await execute('find', [
    folder,
    '-type',
    'f',
    '-size',
    '+0',
    '-exec',
    'dd',
    'if={}',
    'iflag=nocache',
    'count=0',
    'status=none',
    ';',
  ])
  if (code !== 0) throw new Error(`files could not be dropped from memory: ${stderr}`)
}
