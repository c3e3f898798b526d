/** What is measured: one row of the table each. */
import type { ImapClient } from './imap-client.ts'
import { openClient, type MailServer } from './mail-server.ts'
import { BODY_WORD, makeLargeMessage, makeMessage, SUBJECT_WORD } from './messages.ts'

/** One server with a client that stays. */
export interface Desk {
  readonly server: MailServer
  /** anew after a restart */
  client: ImapClient
}

export interface Row {
  readonly name: string
  readonly unit: 'ms' | '/s' | 'MB/s'
  /** how often it is measured on each server */
  readonly repetitions: number
  /** what a server must offer to be measured */
  readonly needs?: string
  /** done before each run, and not measured */
  readonly prepare?: (desk: Desk) => Promise<unknown>
  /** Does the work; answers how many times, or how many MB. */
  readonly run: (desk: Desk) => Promise<number>
  /** Looks at the texts of a first run, which is not counted; answers what must be the same on both servers. */
  readonly look?: (text: string) => number
}

const REPETITIONS = 7
/** Rows that take long. */
const FEW = 3

/** Repeats a command, so that a run is long enough to be measured. */
const times =
  (count: number, command: string) =>
  async ({ client }: Desk): Promise<number> => {
    for (let index = 0; index < count; index++) await client.command(command)
    return count
  }
const select =
  (folder: string) =>
  ({ client }: Desk): Promise<unknown> =>
    client.command(`SELECT ${folder}`)
const occurrences =
  (pattern: RegExp) =>
  (text: string): number =>
    text.match(pattern)?.length ?? 0
const FETCHED = occurrences(/^\* \d+ FETCH /gm)
const found = (text: string): number => (/^\* (?:SEARCH|SORT|THREAD)(.*)$/m.exec(text)?.[1] ?? '').match(/\d+/g)?.length ?? 0

/** Reads a folder of `count` messages. */
export function readingRows(folder: string, count: number): Row[] {
  const prepare = select(folder)
  const few = count > 10_000 ? FEW : REPETITIONS
  const rows: Row[] = [
    {
      name: 'SELECT cold',
      unit: 'ms',
      repetitions: FEW,
      prepare: async (desk) => {
        desk.client.destroy()
        await desk.server.restart()
        desk.client = await openClient(desk.server)
      },
      run: times(1, `SELECT ${folder}`),
    },
    { name: 'SELECT warm', unit: 'ms', repetitions: REPETITIONS, prepare, run: times(50, `SELECT ${folder}`) },
    {
      name: 'FETCH 1:* (UID FLAGS)',
      unit: 'ms',
      repetitions: REPETITIONS,
      prepare,
      run: times(count > 10_000 ? 1 : 3, 'FETCH 1:* (UID FLAGS)'),
      look: FETCHED,
    },
    {
      name: 'ENVELOPE of the newest 100',
      unit: 'ms',
      repetitions: REPETITIONS,
      prepare,
      run: times(10, `FETCH ${count - 99}:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)`),
      look: FETCHED,
    },
    {
      name: 'SEARCH SUBJECT',
      unit: 'ms',
      repetitions: few,
      prepare,
      run: times(1, `UID SEARCH SUBJECT ${SUBJECT_WORD}`),
      look: found,
    },
    ...['(REVERSE DATE)', '(SUBJECT)'].map((program): Row => ({
      name: `SORT ${program}`,
      unit: 'ms',
      repetitions: few,
      prepare,
      run: times(1, `UID SORT ${program} UTF-8 ALL`),
      look: found,
    })),
    {
      name: 'THREAD REFERENCES',
      unit: 'ms',
      repetitions: few,
      prepare,
      run: times(1, 'UID THREAD REFERENCES UTF-8 ALL'),
      look: found,
    },
  ]
  if (count > 10_000) return rows
  return [
    ...rows,
    {
      name: 'ENVELOPE of all',
      unit: 'ms',
      repetitions: few,
      prepare,
      run: times(1, 'FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)'),
      look: FETCHED,
    },
    {
      name: 'BODYSTRUCTURE of all',
      unit: 'ms',
      repetitions: few,
      prepare,
      run: times(1, 'FETCH 1:* (UID BODYSTRUCTURE)'),
      look: FETCHED,
    },
    { name: 'SEARCH BODY', unit: 'ms', repetitions: FEW, prepare, run: times(1, `UID SEARCH BODY ${BODY_WORD}`), look: found },
    { name: 'SEARCH TEXT', unit: 'ms', repetitions: FEW, prepare, run: times(1, `UID SEARCH TEXT ${BODY_WORD}`), look: found },
    {
      name: 'bodies of 2,000 messages',
      unit: 'MB/s',
      repetitions: few,
      prepare,
      run: async ({ client }) => (await client.command('FETCH 1:2000 BODY.PEEK[]')).bytes / 1e6,
      look: FETCHED,
    },
  ]
}

const LARGE_MB = 20
const CHANGED = 1000

/** Changes folders of its own; those of `readingRows` stay as they are. */
/** So often the messages are marked, or unmarked. */
const MARKED = 10

export function changingRows(folder: string): Row[] {
  /** An empty folder, and 1000 messages copied into it. */
  const scratch = async ({ client }: Desk): Promise<void> => {
    // A folder that is selected cannot go.
    await client.command(`SELECT ${folder}`)
    await client.command('DELETE Prova').catch(() => undefined)
    await client.command('CREATE Prova')
    await client.command(`COPY 1:${CHANGED} Prova`)
    await client.command('SELECT Prova')
  }
  const ready = Array.from({ length: 200 }, (_, index) => makeMessage(1_000_000 + index))
  let set = false
  return [
    {
      name: `one message of ${LARGE_MB} MB`,
      unit: 'MB/s',
      repetitions: REPETITIONS,
      prepare: async ({ client }) => {
        await client.command('SELECT Grande').catch(async () => {
          await client.command('CREATE Grande')
          await client.append('Grande', [makeLargeMessage(LARGE_MB * 1e6)])
          await client.command('SELECT Grande')
        })
      },
      run: async ({ client }) => (await client.command('FETCH 1 BODY.PEEK[]')).bytes / 1e6,
    },
    {
      name: 'APPEND one by one',
      unit: '/s',
      repetitions: REPETITIONS,
      prepare: scratch,
      run: async ({ client }) => {
        for (const message of ready) await client.append('Prova', [message])
        return ready.length
      },
    },
    {
      name: 'MULTIAPPEND of 200',
      unit: '/s',
      repetitions: REPETITIONS,
      needs: 'MULTIAPPEND',
      prepare: scratch,
      run: async ({ client }) => {
        await client.append('Prova', ready)
        return ready.length
      },
    },
    {
      name: 'STORE on 1,000',
      unit: 'ms',
      repetitions: REPETITIONS,
      // A client knows the messages that it marks.
      prepare: async (desk) => {
        await scratch(desk)
        await desk.client.command('FETCH 1:* (FLAGS)')
        set = false
      },
      run: async ({ client }) => {
        for (let index = 0; index < MARKED; index++) {
          set = !set
          await client.command(`STORE 1:${CHANGED} ${set ? '+' : '-'}FLAGS (\\Flagged)`)
        }
        return MARKED
      },
    },
    {
      name: 'COPY of 1,000',
      unit: 'ms',
      repetitions: REPETITIONS,
      prepare: async (desk) => {
        await scratch(desk)
        await select(folder)(desk)
      },
      run: times(1, `COPY 1:${CHANGED} Prova`),
    },
    {
      name: 'EXPUNGE of 1,000',
      unit: 'ms',
      repetitions: REPETITIONS,
      prepare: async (desk) => {
        await scratch(desk)
        await desk.client.command(`STORE 1:${CHANGED} +FLAGS.SILENT (\\Deleted)`)
      },
      run: times(1, 'EXPUNGE'),
      look: occurrences(/^\* \d+ EXPUNGE/gm),
    },
  ]
}

const LOGINS = 200
const AT_A_TIME = 4

/** Whole sessions: handshake, login, logout. */
export const loginRows: readonly Row[] = [
  {
    name: 'logins over TLS',
    unit: '/s',
    repetitions: FEW,
    run: async ({ server }) => {
      let next = 0
      const work = async (): Promise<void> => {
        while (next < LOGINS) await (await openClient(server, next++)).close()
      }
      await Promise.all(Array.from({ length: AT_A_TIME }, work))
      return LOGINS
    },
  },
]
