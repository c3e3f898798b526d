/**
 * What is not accepted is answered once: by exactly one non-acceptance notice in the sender's mailbox (I2), which others than us find
 * good, or by an error of the SMTP dialogue, which leaves no trace.
 */
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import type { ImapFlow } from 'imapflow'
import { startClamd, EICAR, EICAR_NAME } from './support/clamd.ts'
import { consistent } from './support/consistent.ts'
import { Dialog, plainLogin } from './support/dialog.ts'
import { judge } from './support/judges.ts'
import { openMailbox, readInbox, waitForMessages, type ReadMessage } from './support/mailbox-reader.ts'
import { startProvider, type Account, type Provider } from './support/provider.ts'
import { plainMessage, submit, type Submission } from './support/submit.ts'
import { takeApart } from './support/take-apart.ts'
import { requireTools } from './support/tools.ts'

const JUDGES = ['swaks', 'openssl', 'xmllint', 'python3'] as const
const CRASHING = new URL('./support/crashing-provider.ts', import.meta.url).pathname

const message = (from: string, to: readonly string[], headers: string[] = [], body?: string): string =>
  plainMessage(from, to, { headers, ...(body !== undefined && { body }) })

const MULTIPART = ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary="b"']
const attachment = (name: string, content: string): string =>
  [
    '--b',
    'Content-Type: application/octet-stream',
    `Content-Disposition: attachment; filename="${name}"`,
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from(content, 'latin1').toString('base64'),
    '--b--',
    '',
  ].join('\r\n')

interface Notice {
  readonly name: string
  readonly code: string
  readonly reason: RegExp
  readonly submission: (mario: Account, lucia: Account) => Partial<Submission>
}

const NOTICES: readonly Notice[] = [
  {
    name: 'a From that is not the login',
    code: 'sender-mismatch',
    reason: /From \(lucia\.bianchi@[^)]+\) non coincidente con quello della casella \(mario\.rossi@[^)]+\)/,
    submission: (_, lucia) => ({ message: message(lucia.address, [lucia.address]) }),
  },
  {
    name: 'two authors',
    code: 'bad-from',
    reason: /campo From che non contiene un solo indirizzo valido/,
    submission: (mario, lucia) => ({ message: message(`${mario.address}, ${lucia.address}`, [lucia.address]) }),
  },
  {
    name: 'no To field',
    code: 'bad-to',
    reason: /mancanza del campo To/,
    submission: (mario, lucia) => ({ message: `From: ${mario.address}\r\nCc: ${lucia.address}\r\n\r\nx\r\n` }),
  },
  {
    name: 'a recipient who is neither in To nor in Cc',
    code: 'recipient-mismatch',
    reason: /destinatario \(lucia\.bianchi@[^)]+\) non indicato nei campi To e Cc/,
    submission: (mario) => ({ message: message(mario.address, [mario.address]) }),
  },
  {
    name: 'a Bcc field with a value',
    code: 'bcc-present',
    reason: /campo Bcc non vuoto/,
    submission: (mario, lucia) => ({ message: message(mario.address, [lucia.address], [`Bcc: ${mario.address}`]) }),
  },
  {
    name: 'an address in UTF-8',
    code: 'non-ascii-address',
    reason: /caratteri non ASCII in un indirizzo del campo To \(però@xn--caff-dma\.test\)/,
    submission: (mario, lucia) => ({ message: message(mario.address, [lucia.address, 'però@xn--caff-dma.test']) }),
  },
  {
    name: 'two Message-IDs',
    code: 'repeated-field',
    reason: /presenza di più di un campo Message-ID/,
    submission: (mario, lucia) => ({
      message: message(mario.address, [lucia.address], ['Message-ID: <a@b>', 'Message-ID: <c@d>']),
    }),
  },
  {
    name: 'no header',
    code: 'no-header',
    reason: /assenza dell'intestazione/,
    submission: () => ({ message: 'Buongiorno,\r\nrisponda.\r\n' }),
  },
  {
    name: 'a line in the header that is no field',
    code: 'bad-header',
    reason: /riga priva del nome di un campo \("Buongiorno"\)/,
    submission: (mario, lucia) => ({ message: message(mario.address, [lucia.address], ['Buongiorno']) }),
  },
  {
    name: 'a header without end',
    code: 'header-too-large',
    reason: /intestazione del messaggio superiore a 262144 byte/,
    submission: (mario, lucia) => ({
      message: message(mario.address, [lucia.address], Array<string>(20_000).fill('X-Bomb: xxxxxxx')),
    }),
  },
  {
    name: 'a NUL byte in identifier and body',
    code: 'nul-byte',
    reason: /byte NUL/,
    submission: (mario, lucia) => ({ message: message(mario.address, [lucia.address], ['Message-ID: <a\0b@c>'], 'a\0b\r\n') }),
  },
  {
    name: 'a line of 999 bytes',
    code: 'line-too-long',
    reason: /riga superiore a 998 byte/,
    submission: (mario, lucia) => ({ message: message(mario.address, [lucia.address], [], `${'x'.repeat(999)}\r\n`) }),
  },
  {
    name: 'parts without their end',
    code: 'bad-mime',
    reason: /delimitatore finale mancante/,
    submission: (mario, lucia) => ({
      message: message(mario.address, [lucia.address], MULTIPART, '--b\r\nContent-Type: text/plain\r\n\r\ntesto\r\n'),
    }),
  },
  {
    name: 'parts in parts without end',
    code: 'bad-mime',
    reason: /oltre 50 livelli/,
    submission: (mario, lucia) => ({
      message: message(
        mario.address,
        [lucia.address],
        ['Content-Type: message/rfc822'],
        'Content-Type: message/rfc822\r\n\r\n'.repeat(60),
      ),
    }),
  },
  {
    name: 'a size times recipients over the limit',
    code: 'too-large',
    reason: /moltiplicata per il numero dei destinatari \(2\), supera il limite di 30000000 byte/,
    submission: (mario, lucia) => ({
      recipients: [lucia.address, mario.address],
      message: message(mario.address, [lucia.address, mario.address], [], `${'a'.repeat(70)}\r\n`.repeat(250_000)),
    }),
  },
  {
    name: 'a blocked attachment',
    code: 'blocked-attachment',
    reason: /presenza di allegato non ammesso fattura\.exe/,
    submission: (mario, lucia) => ({
      message: message(mario.address, [lucia.address], MULTIPART, attachment('fattura.exe', 'MZ')),
    }),
  },
]

/** Hands it in, and answers the one message that the sender's mailbox has then more. */
async function noticeOf(provider: Provider, sender: ImapFlow, submission: Submission, code: string): Promise<ReadMessage> {
  const before = await readInbox(sender)
  const answer = await submit(provider, submission)
  assert.equal(answer.code, 0, answer.stdout)
  const told = new RegExp(`250 2\\.0\\.0 NOT accepted \\(${code}\\): the non-acceptance notice is in your mailbox, id (\\S+)`)
  const pecMsgid = told.exec(answer.stdout)?.[1]
  assert.ok(pecMsgid, answer.stdout)
  const messages = await waitForMessages(sender, before.length + 1)
  assert.equal(messages.length, before.length + 1)
  const notice = messages.at(-1)
  assert.ok(notice)
  assert.ok(takeApart(notice.source).daticert.includes(`<identificativo>${pecMsgid}</identificativo>`))
  return notice
}

/** Nothing but notices of the sender's: no submission, nothing with anybody else, and all of it consistent. */
async function nothingAccepted(provider: Provider, recipient: ImapFlow): Promise<void> {
  assert.deepEqual(await readInbox(recipient), [])
  const { stdout } = await provider.ceralacca('check', '--json')
  assert.equal((JSON.parse(stdout) as { submissions: number }).submissions, 0)
  await consistent(provider)
}

const LIMIT = { CERALACCA_MAX_TOTAL_BYTES: '30000000' }
const forNotices = await startProvider({ after }, { environment: { ...LIMIT, CERALACCA_BLOCKED_ATTACHMENTS: 'exe' } })
const forErrors = await startProvider({ after }, { environment: LIMIT })

const [sender, recipient] = [
  await openMailbox({ after }, forNotices, forNotices.accounts[0]),
  await openMailbox({ after }, forNotices, forNotices.accounts[1]),
]

suite('what fails a check', () => {
  const provider = forNotices
  const [mario, lucia] = provider.accounts

  for (const { name, code, reason, submission } of NOTICES) {
    test(`I2: is answered by one notice that says why: ${name}`, async (t) => {
      if (!requireTools(t, ...JUDGES)) return
      const usual = { account: mario, recipients: [lucia.address], message: message(mario.address, [lucia.address]) }
      const handedIn = { ...usual, ...submission(mario, lucia) }
      const { source, subject } = await noticeOf(provider, sender, handedIn, code)
      assert.match(subject, /^AVVISO DI NON ACCETTAZIONE:/)
      const { daticert } = await judge(t, provider.ca, source)
      assert.match(daticert, /<postacert tipo="non-accettazione" errore="altro">/)
      for (const address of handedIn.recipients)
        assert.ok(daticert.includes(`<destinatari tipo="certificato">${address}</destinatari>`))
      const { fields, plain, original } = takeApart(source)
      assert.equal(original, null)
      assert.equal(fields['to'], mario.address)
      assert.equal(fields['x-ricevuta'], 'non-accettazione')
      assert.match(plain, /è stato rilevato un problema che ne impedisce l'accettazione a causa di /)
      assert.match(plain, reason)
      assert.match(
        /<errore-esteso>(.*)<\/errore-esteso>/.exec(daticert)?.[1] ?? '',
        new RegExp(reason.source.replaceAll('"', '&quot;')),
      )
    })
  }

  test('names subject and identifier of the message', async (t) => {
    if (!requireTools(t, ...JUDGES)) return
    const headers = ['Subject: =?UTF-8?Q?Perch=C3=A9?=', 'Message-ID: <uno@client.test>', `Bcc: ${mario.address}`]
    const submission = { account: mario, recipients: [lucia.address], message: message(mario.address, [lucia.address], headers) }
    const { source, subject } = await noticeOf(provider, sender, submission, 'bcc-present')
    assert.equal(subject, 'AVVISO DI NON ACCETTAZIONE: Perché')
    const { daticert } = await judge(t, provider.ca, source)
    assert.ok(daticert.includes('<oggetto>Perché</oggetto>'))
    assert.ok(daticert.includes('<msgid>&lt;uno@client.test&gt;</msgid>'))
    assert.equal(takeApart(source).fields['x-riferimento-message-id'], '<uno@client.test>')
  })

  test('ordinary recipients, for a mailbox that may not write to them', async (t) => {
    if (!requireTools(t, ...JUDGES)) return
    const set = await provider.ceralacca('mailbox', 'set', mario.address, '--outgoing-ordinary', 'refuse')
    assert.equal(set.code, 0, set.stderr)
    const recipients = [lucia.address, 'bruno@ordinary.test']
    const submission = { account: mario, recipients, message: message(mario.address, recipients) }
    const { source } = await noticeOf(provider, sender, submission, 'ordinary-recipient')
    const { daticert } = await judge(t, provider.ca, source)
    assert.ok(daticert.includes('<destinatari tipo="esterno">bruno@ordinary.test</destinatari>'))
    assert.match(takeApart(source).plain, /destinatario di posta ordinaria \(bruno@ordinary\.test\)/)
  })

  test('and nothing of it is accepted', () => nothingAccepted(provider, recipient))
})

suite('what SMTP answers', () => {
  const provider = forErrors
  const [mario, lucia] = provider.accounts

  const REFUSALS: Record<string, [answer: RegExp, submission: Partial<Submission>]> = {
    'a wrong password': [/535 5\.7\.8 .*Wrong user name or password/, { account: { ...mario, password: 'not the password' } }],
    'a user that does not exist': [
      /535 5\.7\.8 .*Wrong user name or password/,
      { account: { ...lucia, address: `nobody@${lucia.address.split('@')[1]}` } },
    ],
    'a reverse path that is not the login': [/553 5\.7\.1 .*MAIL FROM must be that address/, { sender: lucia.address }],
    'a message over the limit': [
      /552 5\.3\.4 .*larger than 30000000 bytes|552 .*exceeds fixed maximum message size/,
      { message: message(mario.address, [lucia.address], [], `${'a'.repeat(70)}\r\n`.repeat(450_000)) },
    ],
  }

  for (const [name, [answer, submission]] of Object.entries(REFUSALS)) {
    test(`is said at once and leaves no trace: ${name}`, async (t) => {
      if (!requireTools(t, 'swaks')) return
      const usual = { account: mario, recipients: [lucia.address], message: message(mario.address, [lucia.address]) }
      const { code, stdout } = await submit(provider, { ...usual, ...submission })
      assert.notEqual(code, 0)
      assert.match(stdout, answer)
    })
  }

  test('to forward paths that are no addresses, and to too many', async (t) => {
    const dialog = await Dialog.open(t, provider, 'submissions')
    await dialog.say('EHLO client.test')
    await dialog.say(`AUTH PLAIN ${plainLogin(mario.address, mario.password)}`)
    await dialog.say(`MAIL FROM:<${mario.address}>`)
    for (const path of ['nobody', 'a b@x.it', 'a@', '@x.it', 'a@x..it'])
      assert.match(await dialog.say(`RCPT TO:<${path}>`), /^501 /, path)
    assert.match(await dialog.say('RCPT TO:<postmaster>'), /^553 5\.1\.3 /)
    assert.match(await dialog.say(`RCPT TO:<${Buffer.from('però@x.it').toString('latin1')}>`), /^553 5\.6\.7 /)
    for (const path of ['a@elsewhere.test', '"a"@elsewhere.test', 'a@xn--caff-dma.test'])
      assert.match(await dialog.say(`RCPT TO:<${path}>`), /^250 /)
    for (let count = 3; count < 500; count++) assert.match(await dialog.say(`RCPT TO:<r${count}@elsewhere.test>`), /^250 /)
    assert.match(await dialog.say('RCPT TO:<another@elsewhere.test>'), /^452 4\.5\.3 At most 500/)
    await dialog.say('QUIT')
  })

  test('and leaves no trace', async (t) => {
    await nothingAccepted(provider, await openMailbox(t, provider, lucia))
    assert.deepEqual(await readInbox(await openMailbox(t, provider, mario)), [])
  })

  test('guessing passwords is slowed down, while the holder gets in from elsewhere', async (t) => {
    if (!requireTools(t, 'swaks')) return
    const provider = await startProvider(t)
    const [mario, lucia] = provider.accounts
    const guess = { account: { ...mario, password: 'not the password' }, recipients: [lucia.address], message: '' }
    for (let attempt = 0; attempt < 4; attempt++) assert.match((await submit(provider, guess)).stdout, /535 /)
    assert.match((await submit(provider, guess)).stdout, /454 4\.7\.0 .*try again in \d+ second/)
    const other = await openMailbox(t, provider, lucia)
    assert.ok(other.authenticated)
  })
})

test('a virus: kept in quarantine, answered by the notice for viruses; without the scanner the client is asked to come back', async (t) => {
  if (!requireTools(t, 'clamd', ...JUDGES)) return
  const clamd = await startClamd(t)
  const provider = await startProvider(t, { environment: { CERALACCA_CLAMD: clamd.tcp } })
  const [mario, lucia] = provider.accounts
  const sender = await openMailbox(t, provider, mario)
  const infected = message(mario.address, [lucia.address], ['Subject: fattura', ...MULTIPART], attachment('fattura.pdf', EICAR))
  const submission = { account: mario, recipients: [lucia.address], message: infected }
  const { source, subject } = await noticeOf(provider, sender, submission, 'virus')
  assert.equal(subject, 'AVVISO DI NON ACCETTAZIONE PER VIRUS: fattura')
  const { daticert } = await judge(t, provider.ca, source)
  assert.match(daticert, /<postacert tipo="non-accettazione" errore="virus">/)
  const { fields, plain } = takeApart(source)
  assert.equal(fields['x-verificasicurezza'], 'errore')
  assert.ok(plain.includes(`è stato rilevato un problema di sicurezza ${EICAR_NAME}.`))
  const kept = JSON.parse((await provider.ceralacca('quarantine', 'list', '--json')).stdout) as {
    pecMsgid: string
    size: number
  }[]
  const pecMsgid = /<identificativo>(.*)<\/identificativo>/.exec(daticert)?.[1]
  assert.deepEqual(
    kept.map(({ pecMsgid, size }) => ({ pecMsgid, size })),
    [{ pecMsgid, size: infected.length }],
  )
  await clamd.stop()
  const clean = { ...submission, message: message(mario.address, [lucia.address]) }
  const { code, stdout } = await submit(provider, clean)
  assert.notEqual(code, 0)
  assert.match(stdout, /451 4\.3\.0 /)
  assert.equal((await readInbox(sender)).length, 1)
  await nothingAccepted(provider, await openMailbox(t, provider, lucia))
})

suite('a provider that is killed while it refuses', { concurrency: 1 }, () => {
  for (const name of ['refuse-before-commit', 'refuse-after-commit'] as const) {
    test(`at ${name} has the whole of it or nothing (I2 I6)`, async (t) => {
      if (!requireTools(t, ...JUDGES)) return
      const first = await startProvider(t, { main: CRASHING, environment: { CRASH_AT: name } })
      const [mario, lucia] = first.accounts
      const refused = {
        account: mario,
        recipients: [lucia.address],
        message: message(mario.address, [lucia.address], ['Bcc: x@y.it']),
      }
      assert.notEqual((await submit(first, refused)).code, 0)
      await first.gone
      const provider = await startProvider(t, { dataFolder: first.dataFolder })
      const sender = await openMailbox(t, provider, mario)
      assert.equal((await readInbox(sender)).length, name === 'refuse-after-commit' ? 1 : 0)
      // The client that got no answer tries again, and gets one for this time.
      const { source } = await noticeOf(provider, sender, refused, 'bcc-present')
      await judge(t, provider.ca, source)
      await nothingAccepted(provider, await openMailbox(t, provider, lucia))
    })
  }
})
