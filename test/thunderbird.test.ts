/**
 * Thunderbird, as a holder uses it, judges the whole provider: an account set up by its own dialogs, a certified message read and its
 * seal checked, a message sent, the receipts seen as they come, messages marked, moved and deleted.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { ImapFlow } from 'imapflow'
import { consistent } from './support/consistent.ts'
import { judge, enclosedOriginal, readLeaves } from './support/judges.ts'
import { openMailbox, readInbox, waitForMessages, type ReadMessage } from './support/mailbox-reader.ts'
import { startProvider, temporaryFolder, type Account, type Provider } from './support/provider.ts'
import { plainMessage, submit } from './support/submit.ts'
import { startThunderbird, type Seal, type Thunderbird } from './support/thunderbird.ts'
import { requireTools } from './support/tools.ts'

const TEXT = 'Buongiorno, perché no? Costa 10 €.'
const GOOD_SEAL: Seal = {
  technology: 'S/MIME',
  icon: 'ok',
  label: 'Message Is Signed',
  explanation: 'This message includes a valid digital signature. The message has not been altered since it was sent.',
  signer: 'Posta Certificata',
  signerAddress: 'posta-certificata@pec.ceralacca.test',
  issuer: 'Ceralacca Test Root',
}

const TOOLS = ['thunderbird', 'Xvfb', 'certutil', 'swaks', 'openssl', 'xmllint', 'python3']

test('Thunderbird reads by IMAP, checks the seal, sends, and sees the receipts come', async (t) => {
  if (!requireTools(t, ...TOOLS)) return
  const provider = await startProvider(t)
  const [mario, lucia] = provider.accounts
  await write(provider, lucia, mario, 'La fattura è pronta')
  const far = await openMailbox(t, provider, mario)
  await withPictures(t, await startThunderbird(t, provider.ca), async (thunderbird, picture) => {
    await thunderbird.setUp({ protocol: 'imap', name: 'Mario Rossi', ...mario, ...ports(provider, 'imaps') })
    assert.deepEqual(await thunderbird.openInbox(mario.address), [
      { name: 'Inbox', use: 'inbox' },
      { name: 'Bozze', use: 'drafts' },
      { name: 'Inviati', use: 'sent' },
      { name: 'Archivio', use: 'archive' },
      { name: 'Posta indesiderata', use: 'junk' },
      { name: 'Cestino', use: 'trash' },
    ])
    picture('inbox')

    await readEnvelope(thunderbird, picture, 'La fattura è pronta')
    await distrustAltered(thunderbird, far, picture)

    const foldersBefore = await folderNames(far)
    const attachment = join(temporaryFolder(t), 'allegato.txt')
    writeFileSync(attachment, 'Ecco l’allegato.\n')
    const subject = 'Sull’attività'
    await thunderbird.send({ from: mario.address, to: lucia.address, subject, text: TEXT, attachment })
    // Nothing asks for new mail here: it is told (IDLE).
    for (const kind of ['ACCETTAZIONE', 'CONSEGNA']) {
      const receipt = await thunderbird.openMessage(`${kind}: ${subject}`)
      assert.match(receipt.text, new RegExp(lucia.address))
      assert.deepEqual(await thunderbird.readSeal(), GOOD_SEAL, kind)
      picture(kind.toLowerCase())
    }
    const [sent, ...more] = await sourcesIn(far, 'Inviati')
    assert.ok(sent && more.length === 0, 'one copy in the folder of what was sent')
    assert.deepEqual(await folderNames(far), foldersBefore, 'and no folder made for it')
    const isEnvelope = ({ subject: one }: ReadMessage): boolean => one === `POSTA CERTIFICATA: ${subject}`
    const [envelope] = await waitForMessages(await openMailbox(t, provider, lucia), 1, isEnvelope)
    assert.ok(envelope)
    await judge(t, provider.ca, envelope.source)
    const leaves = await readLeaves(enclosedOriginal(envelope.source))
    assert.deepEqual(leaves, await readLeaves(sent))
    assert.deepEqual(
      leaves.map(([type, name, content]) => [type, name, Buffer.from(content, 'latin1').toString().trim()]),
      [
        ['text/plain', null, TEXT],
        ['text/plain', 'allegato.txt', 'Ecco l’allegato.'],
      ],
    )
    await tidyUp(thunderbird, far, subject)
    picture('tidy')
  })
  await consistent(provider)
})

test('Thunderbird reads by POP3, and leaves on the server what it has read', async (t) => {
  if (!requireTools(t, ...TOOLS)) return
  const provider = await startProvider(t)
  const [mario, lucia] = provider.accounts
  await write(provider, mario, lucia, 'Letto con POP3')
  await withPictures(t, await startThunderbird(t, provider.ca), async (thunderbird, picture) => {
    await thunderbird.setUp({ protocol: 'pop3', name: 'Lucia Bianchi', ...lucia, ...ports(provider, 'pop3s') })
    await thunderbird.openInbox(lucia.address)
    await thunderbird.fetchMail(lucia.address)
    await readEnvelope(thunderbird, picture, 'Letto con POP3')
    await write(provider, mario, lucia, 'Dopo')
    await thunderbird.fetchMail(lucia.address)
    await thunderbird.openMessage('POSTA CERTIFICATA: Dopo')
    assert.deepEqual(await thunderbird.readSeal(), GOOD_SEAL)
  })
  assert.equal((await readInbox(await openMailbox(t, provider, lucia))).length, 2)
  await consistent(provider)
})

/** Hands in a message with text and attachment, and waits for its delivery receipt. */
async function write(provider: Provider, from: Account, to: Account, subject: string): Promise<void> {
  const encoded = `=?utf-8?b?${Buffer.from(subject).toString('base64')}?=`
  const mixed = 'Content-Type: multipart/mixed; boundary=limite'
  const headers = [`Subject: ${encoded}`, 'Date: Mon, 2 Mar 2026 10:00:00 +0100', 'MIME-Version: 1.0', mixed]
  const text = ['--limite', 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit', '', TEXT]
  const attachment = [
    '--limite',
    'Content-Type: text/csv; name=conto.csv',
    'Content-Disposition: attachment',
    '',
    'a;b',
    '--limite--',
  ]
  const message = plainMessage(from.address, [to.address], { headers, body: [...text, ...attachment, ''].join('\r\n') })
  const { code, stdout } = await submit(provider, { account: from, recipients: [to.address], message })
  assert.equal(code, 0, stdout)
}

const ports = ({ ports }: Provider, incoming: 'imaps' | 'pop3s'): { incomingPort: number; outgoingPort: number } => ({
  incomingPort: ports[incoming],
  outgoingPort: ports.submissions,
})

/** Opens the envelope: its seal is good, what it encloses can be read, beneath its text and by itself. */
async function readEnvelope(thunderbird: Thunderbird, picture: (name: string) => void, subject: string): Promise<void> {
  const envelope = await thunderbird.openMessage(`POSTA CERTIFICATA: ${subject}`)
  assert.match(
    envelope.from,
    /Per conto di: (mario\.rossi|lucia\.bianchi)@pec\.ceralacca\.test <posta-certificata@pec\.ceralacca\.test>/,
  )
  assert.match(envelope.text, /Messaggio di posta certificata[^]*Il messaggio originale è incluso in allegato/)
  assert.ok(envelope.text.includes(TEXT), envelope.text)
  assert.deepEqual(envelope.attachments, ['daticert.xml', 'postacert.eml', 'conto.csv'])
  assert.deepEqual(await thunderbird.readSeal(), GOOD_SEAL)
  picture('seal')
  const original = await thunderbird.openAttachedMessage('postacert.eml')
  assert.equal(original.subject, subject)
  assert.ok(original.text.includes(TEXT), original.text)
  assert.deepEqual(original.attachments, ['conto.csv'])
}

/** Its judgement counts only if it can be another: an envelope with one letter changed has no good seal. */
async function distrustAltered(thunderbird: Thunderbird, far: ImapFlow, picture: (name: string) => void): Promise<void> {
  const [envelope] = await readInbox(far)
  assert.ok(envelope)
  const altered = envelope.source.toString('latin1').replace(/^Subject: .*\r\n/m, 'Subject: Alterato\r\n')
  await far.append('INBOX', Buffer.from(altered.replace('Messaggio di posta', 'Messaggio di Posta'), 'latin1'))
  await thunderbird.openMessage('Alterato')
  const { technology, icon, label } = await thunderbird.readSeal()
  assert.deepEqual({ technology, icon, label }, { technology: 'S/MIME', icon: '', label: 'Digital Signature Is Not Valid' })
  picture('altered')
}

/** Marks, moves and deletes; another client sees it, and what the other does is seen without asking. */
async function tidyUp(thunderbird: Thunderbird, far: ImapFlow, subject: string): Promise<void> {
  const envelope = 'POSTA CERTIFICATA: La fattura è pronta'
  await thunderbird.openMessage(envelope)
  await thunderbird.command('cmd_markAsFlagged')
  await thunderbird.command('cmd_tag1')
  await thunderbird.openMessage(`ACCETTAZIONE: ${subject}`)
  await thunderbird.moveTo('Archive')
  await thunderbird.waitForMark(`ACCETTAZIONE: ${subject}`, 'gone')
  await thunderbird.openMessage(`CONSEGNA: ${subject}`)
  await thunderbird.command('cmd_delete')
  await thunderbird.waitForMark(`CONSEGNA: ${subject}`, 'gone')
  await eventually(async () => {
    assert.deepEqual(await marksIn(far, 'INBOX'), { [envelope]: ['$label1', '\\Flagged', '\\Seen'], Alterato: ['\\Seen'] })
    assert.deepEqual(await marksIn(far, 'Archivio'), { [`ACCETTAZIONE: ${subject}`]: ['\\Seen'] })
    assert.deepEqual(await marksIn(far, 'Cestino'), { [`CONSEGNA: ${subject}`]: ['\\Seen'] })
    assert.deepEqual(await marksIn(far, 'Inviati'), { [subject]: ['\\Seen'] })
  })
  await far.mailboxOpen('INBOX')
  await far.messageFlagsAdd({ subject: 'Alterato' }, ['\\Flagged'])
  await thunderbird.waitForMark('Alterato', 'flagged')
  await far.messageDelete({ subject: 'Alterato' })
  await thunderbird.waitForMark('Alterato', 'gone')
}

const folderNames = async (client: ImapFlow): Promise<string[]> => (await client.list()).map(({ path }) => path)

async function sourcesIn(client: ImapFlow, folder: string): Promise<Buffer[]> {
  await client.mailboxOpen(folder)
  const messages = await client.fetchAll('1:*', { source: true })
  return messages.flatMap(({ source }) => (source ? [source] : []))
}

/** Flags and keywords by subject; \Recent is each client's own. */
async function marksIn(client: ImapFlow, folder: string): Promise<Record<string, string[]>> {
  const { exists } = await client.mailboxOpen(folder)
  if (exists === 0) return {}
  const messages = await client.fetchAll('1:*', { envelope: true, flags: true })
  return Object.fromEntries(
    messages.map(({ envelope, flags }) => [
      envelope?.subject ?? '',
      [...(flags ?? [])].filter((flag) => flag !== '\\Recent' && !/^(Non)?Junk$/i.test(flag)).sort(),
    ]),
  )
}

/** Tries until it holds, or fails with why it does not. */
async function eventually(holds: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    try {
      return await holds()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/**
 * Pictures of the screen, and of how it looks when something fails: in the folder that TEST_PICTURES names, or in a temporary one,
 * which is kept only after a failure.
 */
async function withPictures(
  t: TestContext,
  thunderbird: Thunderbird,
  work: (thunderbird: Thunderbird, picture: (name: string) => void) => Promise<void>,
): Promise<void> {
  const named = process.env['TEST_PICTURES']
  const folder = named ?? mkdtempSync(join(tmpdir(), 'thunderbird-'))
  mkdirSync(folder, { recursive: true })
  const picture = (name: string): void => writeFileSync(join(folder, `${name}.png`), thunderbird.screen.picture())
  try {
    await work(thunderbird, picture)
  } catch (error) {
    picture('failure')
    t.diagnostic(`pictures: ${folder}`)
    throw error
  }
  if (named === undefined) rmSync(folder, { recursive: true })
}
