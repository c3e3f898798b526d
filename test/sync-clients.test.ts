/**
 * Programs that keep a mailbox and a Maildir alike, in both directions, over certified mail: what changes on either side is there on
 * the other after a run, and another run changes nothing.
 */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import type { ImapFlow } from 'imapflow'
import { consistent } from './support/consistent.ts'
import { execute, type Result } from './support/execute.ts'
import { Maildir } from './support/maildir.ts'
import { openMailbox, waitForMessages } from './support/mailbox-reader.ts'
import { startProvider, temporaryFolder, type Account } from './support/provider.ts'
import { plainMessage, submit } from './support/submit.ts'
import { requireTools } from './support/tools.ts'

const provider = await startProvider({ after })
const [mario, lucia] = provider.accounts

interface Program {
  readonly name: string
  /** Writes its configuration for a Maildir at `root`; what it answers syncs once. */
  prepare(folder: string, root: string, account: Account): () => Promise<Result>
}

const mbsync: Program = {
  name: 'mbsync',
  prepare(folder, root, { address, password }) {
    const config = join(folder, 'config')
    writeFileSync(
      config,
      `IMAPAccount a\nHost localhost\nPort ${provider.ports.imaps}\nUser ${address}\nPass "${password}"\nSSLType IMAPS\n` +
        `CertificateFile ${provider.ca}\n\nIMAPStore far\nAccount a\n\nMaildirStore near\nPath ${root}/\nInbox ${root}/INBOX\n` +
        `SubFolders Verbatim\n\nChannel c\nFar :far:\nNear :near:\nPatterns *\nCreate Both\nExpunge Both\nSyncState ${folder}/state-\n`,
      { mode: 0o600 },
    )
    return () => execute('mbsync', ['-c', config, 'c'])
  },
}

const offlineimap: Program = {
  name: 'offlineimap',
  prepare(folder, root, { address, password }) {
    const config = join(folder, 'config')
    writeFileSync(
      config,
      `[general]\naccounts = a\nmetadata = ${folder}/state\n\n[Account a]\nlocalrepository = near\nremoterepository = far\n\n` +
        `[Repository near]\ntype = Maildir\nlocalfolders = ${root}\nsep = /\n\n[Repository far]\ntype = IMAP\nremotehost = localhost\n` +
        `remoteport = ${provider.ports.imaps}\nremoteuser = ${address}\nremotepass = ${password}\nssl = yes\n` +
        `sslcacertfile = ${provider.ca}\n`,
      { mode: 0o600 },
    )
    return () => execute('offlineimap', ['-o', '-c', config, '-u', 'basic'], { environment: { HOME: folder } })
  },
}

/** Each with what could go wrong on the way: long, 8-bit, dots. */
const BODIES = {
  lungo: `${'0123456789'.repeat(7)}\r\n`.repeat(20_000),
  accenti: 'Perché no? €\r\n',
  punti: '.\r\n..\r\n\r\n.x\r\n',
}

for (const [program, account, writer] of [
  [mbsync, mario, lucia],
  [offlineimap, lucia, mario],
] as const)
  test(`${program.name} brings both sides together, and the next run changes nothing`, async (t) => {
    if (!requireTools(t, program.name, 'swaks')) return
    const far = await openMailbox(t, provider, account)
    const isNew = ({ subject }: { subject: string }): boolean => subject.startsWith(`POSTA CERTIFICATA: ${program.name} `)
    for (const [name, body] of Object.entries(BODIES)) await send(writer, account, `${program.name} ${name}`, body)
    const stored = await waitForMessages(far, 3, isNew)
    await far.mailboxCreate('Entità/Uno')
    const { near, sync } = prepare(t, program, account)

    await sync()
    for (const { subject, source } of stored) assert.ok(sameText(near.read('INBOX', subject), source), subject)
    assert.ok(near.folders().includes('Entit&AOA-/Uno'), near.folders().join(' '))
    await settled(far, near, sync)

    const subject = (name: keyof typeof BODIES): string => `POSTA CERTIFICATA: ${program.name} ${name}`
    // Here one is read, one removed, one written, and a folder made.
    near.mark('INBOX', subject('accenti'), 'FS')
    near.remove('INBOX', subject('punti'))
    near.add('INBOX', 'Subject: scritto qui\n\nx\n')
    near.create('Fatto qui')
    // There one is answered, one comes in, one is stored, and a folder goes.
    await far.mailboxOpen('INBOX')
    await far.messageFlagsAdd({ subject: `${program.name} lungo` }, ['\\Answered', '\\Seen'])
    await far.append('Archivio', 'Subject: scritto là\r\n\r\nx\r\n', ['\\Flagged'])
    await send(writer, account, `${program.name} dopo`, 'x\r\n')
    await waitForMessages(far, 4, isNew)
    await sync()
    const expected = { [subject('accenti')]: 'FS', [subject('lungo')]: 'RS', 'scritto qui': '' }
    const inbox = near.messages('INBOX')
    for (const [name, flags] of Object.entries(expected)) assert.equal(inbox[name], flags, name)
    assert.equal(inbox[`POSTA CERTIFICATA: ${program.name} dopo`], '')
    assert.deepEqual(near.messages('Archivio'), { 'scritto là': 'F' })
    const there = await remote(far, 'INBOX')
    assert.deepEqual(there[subject('accenti')], ['\\Flagged', '\\Seen'])
    assert.deepEqual(there[subject('lungo')], ['\\Answered', '\\Seen'])
    assert.deepEqual(there['scritto qui'], [])
    assert.equal(there[subject('punti')], undefined)
    assert.ok((await far.list()).some(({ path }) => path === 'Fatto qui'))
    await settled(far, near, sync)

    // What was removed there goes here.
    await far.mailboxOpen('INBOX')
    await far.messageDelete({ subject: 'scritto qui' })
    await far.messageMove({ subject: `${program.name} dopo` }, 'Cestino')
    await sync()
    assert.equal(near.messages('INBOX')['scritto qui'], undefined)
    assert.deepEqual(Object.keys(near.messages('Cestino')), [`POSTA CERTIFICATA: ${program.name} dopo`])
    await settled(far, near, sync)
    await consistent(provider)
  })

function prepare(t: TestContext, program: Program, account: Account): { near: Maildir; sync: () => Promise<void> } {
  const folder = temporaryFolder(t)
  const root = join(folder, 'maildir')
  mkdirSync(root)
  const run = program.prepare(folder, root, account)
  const sync = async (): Promise<void> => {
    const { code, stdout, stderr } = await run()
    assert.equal(code, 0, stdout + stderr)
    assert.doesNotMatch(stdout + stderr, /error|warning/i)
  }
  return { near: new Maildir(root), sync }
}

/** Fails if a further run changes anything on either side. */
async function settled(far: ImapFlow, near: Maildir, sync: () => Promise<void>): Promise<void> {
  const before = { near: near.snapshot(), far: await snapshot(far) }
  await sync()
  assert.deepEqual({ near: near.snapshot(), far: await snapshot(far) }, before)
}

/** Of every folder what any change would change. */
async function snapshot(client: ImapFlow): Promise<object> {
  const query = { messages: true, uidNext: true, uidValidity: true, highestModseq: true }
  return Object.fromEntries((await client.list({ statusQuery: query })).map(({ path, status }) => [path, status]))
}

async function remote(client: ImapFlow, folder: string): Promise<Record<string, string[]>> {
  await client.mailboxOpen(folder)
  const messages = await client.fetchAll('1:*', { envelope: true, flags: true })
  return Object.fromEntries(
    messages.map(({ envelope, flags }) => [
      envelope?.subject ?? '',
      [...(flags ?? [])].filter((flag) => flag !== '\\Recent').sort(),
    ]),
  )
}

/** A Maildir has the line ends of its system, and mbsync notes there what it has stored. */
const sameText = (here: Buffer, there: Buffer): boolean =>
  here.toString('latin1').replace(/^X-TUID: .*\n/m, '') === there.toString('latin1').replaceAll('\r\n', '\n')

async function send(from: Account, to: Account, subject: string, body: string): Promise<void> {
  const headers = [`Subject: ${subject}`, 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8']
  const message = plainMessage(from.address, [to.address], { headers, body })
  const { code, stdout } = await submit(provider, { account: from, recipients: [to.address], message })
  assert.equal(code, 0, stdout)
}
