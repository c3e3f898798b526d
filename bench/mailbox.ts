/**
 * `npm run bench -- mailbox [--quick]`: our IMAP server beside Dovecot, with the same messages, the same client, the same certificate, on the
 * same machine, in turn. docs/benchmarks.md explains how to read it. `--quick` leaves out the folder of 100,000 messages and most of the
 * idle connections.
 */
import { cpus } from 'node:os'
import type { Owner } from '../test/support/cleanup.ts'
import { ensureDovecot, startDovecot } from './mailbox/dovecot.ts'
import { measureIdle, type IdleWork } from './mailbox/idle.ts'
import { accountOf, openClient, type MailServer } from './mailbox/mail-server.ts'
import { measureRow, printHeader, printRow } from './mailbox/measure.ts'
import { startOwnServer } from './mailbox/own-server.ts'
import { changingRows, loginRows, readingRows, type Desk, type Row } from './mailbox/rows.ts'

const ACCOUNTS = 20
const INBOX = 500
const FOLDERS = { Diecimila: 10_000, Centomila: 100_000 }
const IDLE = { quick: [200], full: [500, 2000] }
const INBOXES: IdleWork = { folder: 'INBOX', changes: false, oneAccount: false }
/** Connections that each change something. */
const CHANGING = 48
const HIBERNATE_AFTER = 2
/** Each connection that Dovecot lets hibernate needs one of the inotify instances that a user may have: 128, as systems come. */
const MOST_HIBERNATING = 100

/** Answers whether all that is stored is consistent. */
export async function benchMailbox(owner: Owner, args: readonly string[]): Promise<boolean> {
  const quick = args.includes('--quick')
  const only = args.find((arg) => !arg.startsWith('--'))
  const folders = Object.entries(FOLDERS).slice(0, quick ? 1 : undefined)
  console.log(`${cpus().length} cores, ${cpus()[0]?.model}`)
  const own = await startOwnServer(owner, ACCOUNTS)
  const servers: MailServer[] = [own]
  const dovecot = await ensureDovecot()
  if (dovecot) servers.push(await startDovecot(owner, { ...own, accounts: ACCOUNTS, hibernate: 0 }))
  else console.log('Dovecot is not installed (apt-get install dovecot-imapd): ours alone')
  for (const server of servers) await fill(server, folders)

  const desks: Desk[] = await Promise.all(servers.map(async (server) => ({ server, client: await openClient(server) })))
  console.log(desks.map(({ server, client }) => `${server.name}: ${client.socket.getCipher().name}`).join(', '))
  const table = async (title: string, rows: readonly Row[]): Promise<void> => {
    const wanted = rows.filter(({ name }) => only === undefined || name.includes(only))
    if (wanted.length > 0) printHeader(title)
    for (const row of wanted) printRow(row, await measureRow(row, desks))
  }
  for (const [folder, count] of folders) await table(`a folder of ${count} messages`, readingRows(folder, count))
  await table('changes', changingRows('Diecimila'))
  await table('sessions', loginRows)
  for (const { client } of desks) await client.close()

  if (only === undefined || only === 'idle') {
    const [large, most] = folders.at(-1) ?? ['INBOX', INBOX]
    const changed = { folder: large, changes: true, oneAccount: true }
    console.log(`\nKB for each connection that idles on an inbox of ${INBOX} messages: PSS (RSS) of all processes`)
    for (const server of servers) await idle(server, quick ? IDLE.quick : IDLE.full, INBOXES)
    console.log(`the same on one folder of ${most} messages, of which each connection has changed one`)
    for (const server of servers) await idle(server, [CHANGING], changed)
    if (dovecot) {
      // Another one of the same user would take the inotify instances.
      await servers.at(-1)?.stop()
      const hibernating = await startDovecot(owner, { ...own, accounts: ACCOUNTS, hibernate: HIBERNATE_AFTER })
      servers.push(hibernating)
      await fill(hibernating, [])
      await idle(hibernating, [MOST_HIBERNATING], INBOXES)
    }
  }
  const checks = await Promise.all(servers.map((server) => server.check()))
  for (const { says } of checks) if (says !== '') console.log(says)
  await Promise.all(servers.map((server) => server.stop()))
  return checks.every(({ good }) => good)
}

/** The folders that are read go to the first account, an inbox to each. */
async function fill(server: MailServer, folders: readonly (readonly [string, number])[]): Promise<void> {
  const started = performance.now()
  for (const index of server.accounts.keys()) await server.fill(accountOf(server, index), 'INBOX', index * INBOX, INBOX)
  for (const [folder, count] of folders) await server.fill(accountOf(server, 0), folder, 0, count)
  console.log(`${server.name}: filled in ${((performance.now() - started) / 1000).toFixed(0)} s`)
}

async function idle(server: MailServer, counts: readonly number[], work: IdleWork): Promise<void> {
  const measured = await measureIdle(server, counts, work)
  const cells = measured.map(
    ({ connections, proportional, resident }) => `${connections}: ${proportional.toFixed(0)} (${resident.toFixed(0)})`,
  )
  console.log(server.name.padEnd(34) + cells.map((cell) => cell.padStart(22)).join(''))
}
