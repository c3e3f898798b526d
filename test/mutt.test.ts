/** mutt and neomutt, driven by the keys that a user presses, on a terminal of their own: sending, the copy, receipts, reading, threads. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { consistent } from './support/consistent.ts'
import { execute } from './support/execute.ts'
import { enclosedOriginal, judge, readLeaves } from './support/judges.ts'
import { openMailbox, waitForMessages, type ReadMessage } from './support/mailbox-reader.ts'
import { startProvider, temporaryFolder } from './support/provider.ts'
import { requireTools } from './support/tools.ts'

const provider = await startProvider({ after })
const [mario, lucia] = provider.accounts
const TEXT = 'Buongiorno, perché no?\n.\n'

interface Mutt {
  readonly folder: string
  /** Opens a folder, presses keys, and answers when it has ended. */
  press(folder: string, keys: string): Promise<void>
}

function prepare(t: TestContext, program: 'mutt' | 'neomutt'): Mutt {
  const folder = temporaryFolder(t)
  const config = join(folder, 'muttrc')
  const at = `${encodeURIComponent(mario.address)}@localhost`
  const text = join(folder, 'text')
  writeFileSync(text, TEXT)
  writeFileSync(
    config,
    `set folder="imaps://${at}:${provider.ports.imaps}/" spoolfile="+INBOX" record="+Inviati" copy=yes\n` +
      `set imap_pass="${mario.password}" smtp_pass="${mario.password}" smtp_url="smtps://${at}:${provider.ports.submissions}"\n` +
      `set from=${mario.address} realname="Mario Rossi" use_from=yes hostname=client.test charset=utf-8 send_charset=utf-8\n` +
      `set certificate_file="${provider.ca}" ssl_force_tls=yes ssl_verify_host=yes\n` +
      `set editor="cp ${text}" fast_reply=no pipe_decode=no wait_key=no move=no delete=yes quit=yes resolve=no\n` +
      'set sort=threads strict_threads=yes confirmappend=no confirmcreate=no\n',
    { mode: 0o600 },
  )
  const environment = { HOME: folder, TERM: 'xterm', LC_ALL: 'C.UTF-8' }
  return {
    folder,
    async press(name, keys) {
      const line = [program, '-n', '-F', config, '-f', `+${name}`, '-e', `push "${keys}"`].map((word) => `'${word}'`).join(' ')
      const { code, stdout, stderr } = await execute('timeout', ['60', 'script', '-qec', line, '/dev/null'], { environment })
      assert.equal(code, 0, stdout + stderr)
    },
  }
}

for (const program of ['mutt', 'neomutt'] as const)
  test(`${program} sends, files the copy, reads what was sealed, puts threads together, moves and deletes`, async (t) => {
    if (!requireTools(t, program, 'script', 'openssl', 'xmllint', 'python3')) return
    const mutt = prepare(t, program)
    const far = await openMailbox(t, provider, mario)
    const subject = `Da ${program}: è così`
    await mutt.press('INBOX', `<mail>${lucia.address}<enter>${subject}<enter><send-message><quit>`)
    const about = (message: ReadMessage): boolean => message.subject.endsWith(`: ${subject}`)
    const [envelope] = await waitForMessages(await openMailbox(t, provider, lucia), 1, about)
    const receipts = await waitForMessages(far, 2, about)
    assert.ok(envelope)
    await judge(t, provider.ca, envelope.source)
    const [leaf] = await readLeaves(enclosedOriginal(envelope.source))
    assert.equal(
      Buffer.from(leaf?.[2] ?? '', 'latin1')
        .toString()
        .replaceAll('\r\n', '\n'),
      TEXT,
    )
    assert.deepEqual(
      (await subjectsIn('Inviati')).filter((one) => one === subject),
      [subject],
    )

    // All that is there, one after the other into a file.
    const inbox = join(mutt.folder, 'inbox')
    await mutt.press('INBOX', `T~A<enter><tag-prefix><pipe-message>cat >> ${inbox}<enter>q`)
    const read = readFileSync(inbox, 'latin1')
    for (const { subject, source } of receipts) {
      await judge(t, provider.ca, source)
      assert.ok(read.includes(source.toString('latin1').replaceAll('\r\n', '\n')), subject)
    }

    // A question, another, and answers that came in another order.
    const folder = `Fili ${program}`
    await far.mailboxCreate(folder)
    const message = (id: string, minute: number, references = ''): string =>
      `From: a@pec.test\r\nDate: Mon, 2 Mar 2026 10:0${minute}:00 +0100\r\nMessage-ID: <${id}@x>\r\nSubject: ${id}\r\n${references}\r\n${id}\r\n`
    await far.append(folder, message('altra', 1))
    await far.append(folder, message('seconda', 4, 'In-Reply-To: <prima@x>\r\nReferences: <domanda@x> <prima@x>\r\n'))
    await far.append(folder, message('prima', 3, 'References: <domanda@x>\r\n'))
    await far.append(folder, message('domanda', 0))
    const threads = join(mutt.folder, 'threads')
    await mutt.press(folder, `T~A<enter><tag-prefix><pipe-message>cat >> ${threads}<enter>q`)
    assert.deepEqual(readFileSync(threads, 'utf8').match(/(?<=^Subject: ).*/gm), ['domanda', 'prima', 'seconda', 'altra'])

    const [search, then] = ['<search>~s ', '<enter>']
    await mutt.press(
      folder,
      `${search}domanda${then}<flag-message>${search}altra${then}<delete-message>` +
        `${search}prima${then}<save-message>^U=Archivio<enter>q`,
    )
    assert.deepEqual(await subjectsIn(folder), ['seconda', 'domanda'])
    assert.deepEqual(await far.search({ flagged: true }), [2])
    assert.ok((await subjectsIn('Archivio')).includes('prima'))
    await far.mailboxDelete(folder)
    await consistent(provider)

    async function subjectsIn(path: string): Promise<string[]> {
      const { exists } = await far.mailboxOpen(path)
      if (exists === 0) return []
      return (await far.fetchAll('1:*', { envelope: true })).map(({ envelope }) => envelope?.subject ?? '')
    }
  })
