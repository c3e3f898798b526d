/** The access point on a real database: each submission is answered once (I2), with everything that belongs to the answer or nothing. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { CheckpointName } from '../base/checkpoint.ts'
import { temporaryError } from '../base/errors.ts'
import { LEDGER_CHECKS } from '../ledger/consistency.ts'
import { openFolder, withStore } from '../mailbox/test-store.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import type { QuarantinedMessage, Threat } from '../quarantine/types.ts'
import { openIdentity } from '../seal/identity.ts'
import { findViolations } from '../storage/consistency.ts'
import type { Submission } from '../transport/types.ts'
import { takeApart, type TakenApart } from '../../test/support/take-apart.ts'
import { createAccessPoint, type AccessPointDeps } from './access-point.ts'
import { ACCESS_CHECKS } from './consistency.ts'

const DOMAIN = 'pec.access.test'
const RECIPIENT = 'anna@pec.altro.it'
const ORDINARY = 'bruno@example.com'

const { database, blobs, store, mailbox, used, folder } = await withStore({ after })
const request = { providerName: 'Gestore Prova', address: `posta-certificata@${DOMAIN}`, names: ['localhost'], now: Date.now() }
const { sealer } = await openIdentity({ test: { folder: join(folder, 'keys'), request } })

interface Setting {
  readonly deps?: Partial<AccessPointDeps>
  readonly quota?: number
}

/** A holder before an access point of his own, with what it did. */
async function setUp({ deps = {}, quota = 1e9 }: Setting = {}) {
  const ref = await mailbox({ quota })
  const sender = `mario.${ref.id}@${DOMAIN}`
  const steps: string[] = []
  const kept: QuarantinedMessage[] = []
  const started: Submission[] = []
  const reported: [string, object][] = []
  const access = createAccessPoint({
    database,
    blobs,
    sealer,
    issuer: { provider: request.providerName, address: sealer.address },
    domain: DOMAIN,
    limits: { messageBytes: 1e8, totalBytes: 1e8, recipients: 500 },
    bus: { publish: () => void steps.push('told') },
    recipientKind: async (domain) => (domain === 'example.com' ? 'ordinary' : 'certified'),
    ordinaryRecipientsAllowed: async () => true,
    scanner: { scan: async () => (steps.push('scanned'), null) },
    quarantine: { keep: async (message) => void (steps.push('kept'), kept.push(message)) },
    startDispatches: (submission) => void started.push(submission),
    report: (name, data) => void reported.push([name, data]),
    checkpoint: (name: CheckpointName) => void steps.push(name),
    now: Date.now,
    ...deps,
  })
  const send = (lines: readonly string[], recipients: readonly string[] = [RECIPIENT]) =>
    access.accept({
      mailbox: ref,
      sender,
      recipients,
      bytes: Buffer.from(lines.join('\r\n'), 'latin1'),
      client: { address: '192.0.2.1', protocol: 'ESMTPSA' },
    })
  return { ref, sender, send, steps, kept, started, reported }
}

/** Header lines of a good message, then more lines. */
const good = (sender: string, more: readonly string[] = []): string[] => [
  `From: ${sender}`,
  `To: ${RECIPIENT}`,
  'Message-ID: <uno@client.test>',
  'Subject: Convocazione',
  ...more,
  '',
  'Testo.',
  '',
]

async function inbox(ref: MailboxRef): Promise<Buffer[]> {
  const { folder, messages } = await openFolder(store, ref, 'INBOX')
  const sources: Buffer[] = []
  const uids = messages.map(({ uid }) => uid)
  for await (const { content } of store.messages(ref, folder.id, uids))
    sources.push(Buffer.concat(await Array.fromAsync(store.read(ref, content.id, 0, content.size))))
  return sources
}

async function onlyNotice(ref: MailboxRef): Promise<TakenApart & { xml: string }> {
  const [source, ...others] = await inbox(ref)
  assert.ok(source)
  assert.equal(others.length, 0)
  const taken = takeApart(source)
  assert.equal(taken.fields['x-ricevuta'], 'non-accettazione')
  assert.equal(taken.original, null)
  return { ...taken, xml: taken.daticert.toString() }
}

const rows = <Row>(table: string, { id }: MailboxRef): Promise<Row[]> =>
  database.reader.read<Row>(`select * from ${table} where mailbox = $1`, [id])

interface RefusalRow {
  slot: number
  pec_msgid: string
  msgid: string | null
  code: string
  reason: string
  notice: string
}

const entriesOf = (pecMsgid: string) =>
  database.reader.read<{ event: string; detail: string; related: string[]; recipients: string[]; subject: string }>(
    'select * from ledger_entry where pec_msgid = $1',
    [pecMsgid],
  )

const violations = () => findViolations(database.reader, [...ACCESS_CHECKS, ...LEDGER_CHECKS])

test('I2 I6: a message that fails a check gets one notice, one row, one ledger entry, and no dispatch', async () => {
  const { ref, sender, send, steps, started, reported } = await setUp()
  const answer = await send(good('altro@pec.it'), [RECIPIENT, 'carla@pec.altro.it'])
  assert.ok(answer.outcome === 'refused')
  assert.equal(answer.code, 'sender-mismatch')
  const { fields, plain, xml } = await onlyNotice(ref)
  const reason = `indirizzo del mittente indicato nel campo From (altro@pec.it) non coincidente con quello della casella (${sender})`
  assert.equal(fields['subject'], 'AVVISO DI NON ACCETTAZIONE: Convocazione')
  assert.equal(fields['to'], sender)
  assert.equal(fields['x-riferimento-message-id'], '<uno@client.test>')
  assert.equal(fields['x-verificasicurezza'], undefined)
  assert.ok(plain.includes(`l'accettazione a causa di ${reason}.`), plain)
  for (const expected of [
    '<postacert tipo="non-accettazione" errore="altro">',
    `<mittente>${sender}</mittente>`,
    `<destinatari tipo="certificato">${RECIPIENT}</destinatari>`,
    '<destinatari tipo="certificato">carla@pec.altro.it</destinatari>',
    '<oggetto>Convocazione</oggetto>',
    '<msgid>&lt;uno@client.test&gt;</msgid>',
    `<identificativo>${answer.pecMsgid}</identificativo>`,
    `<errore-esteso>${reason}</errore-esteso>`,
  ])
    assert.ok(xml.includes(expected), expected)
  const [row, ...others] = await rows<RefusalRow>('refusal', ref)
  assert.ok(row)
  assert.equal(others.length, 0)
  assert.deepEqual(
    [row.pec_msgid, row.msgid, row.code, row.reason],
    [answer.pecMsgid, '<uno@client.test>', 'sender-mismatch', reason],
  )
  const entries = await entriesOf(answer.pecMsgid)
  assert.equal(entries.length, 1)
  const messageId = fields['message-id']?.slice(1, -1)
  assert.deepEqual(
    entries.map(({ event, detail, related, recipients }) => ({ event, detail, related, recipients })),
    [{ event: 'refused', detail: reason, related: [messageId], recipients: [RECIPIENT, 'carla@pec.altro.it'] }],
  )
  assert.deepEqual(await rows('submission', ref), [])
  assert.deepEqual(started, [])
  assert.deepEqual(steps, ['refuse-before-commit', 'refuse-after-commit', 'told'])
  assert.deepEqual(
    reported.map(([name, data]) => [name, Object.keys(data)]),
    [['submission-refused', ['code', 'bytes']]],
  )
  assert.deepEqual(await violations(), [])
})

test('each time that it is handed in it is answered', async () => {
  const { ref, send } = await setUp()
  const answers = await Promise.all(Array.from({ length: 5 }, () => send(good('altro@pec.it'))))
  assert.equal(new Set(answers.map(({ pecMsgid }) => pecMsgid)).size, 5)
  assert.equal((await inbox(ref)).length, 5)
  assert.deepEqual(await violations(), [])
})

const virus: Threat = { kind: 'virus', name: 'Eicar-Test-Signature' }

test('a virus: first the quarantine has the message as it was handed in, then the notice is there', async () => {
  const { ref, sender, send, steps, kept } = await setUp({ deps: { scanner: { scan: async () => virus } } })
  const lines = good(sender, ['X-Line: bare\n feed'])
  const answer = await send(lines)
  assert.deepEqual(steps, ['kept', 'refuse-before-commit', 'refuse-after-commit', 'told'])
  assert.ok(answer.outcome === 'refused')
  assert.equal(answer.code, 'virus')
  assert.deepEqual(
    kept.map(({ point, threat, pecMsgid, sender, recipients, bytes }) => ({
      point,
      threat,
      pecMsgid,
      sender,
      recipients,
      bytes,
    })),
    [
      {
        point: 'access',
        threat: virus,
        pecMsgid: answer.pecMsgid,
        sender,
        recipients: [RECIPIENT],
        bytes: Buffer.from(lines.join('\r\n'), 'latin1'),
      },
    ],
  )
  const { fields, plain, xml } = await onlyNotice(ref)
  assert.equal(fields['subject'], 'AVVISO DI NON ACCETTAZIONE PER VIRUS: Convocazione')
  assert.equal(fields['x-verificasicurezza'], 'errore')
  assert.match(plain, /è stato rilevato un problema di sicurezza Eicar-Test-Signature\./)
  assert.match(xml, /errore="virus"/)
  assert.deepEqual(await violations(), [])
})

test('a virus that the quarantine cannot keep is not answered yet', async () => {
  const keep = (): Promise<void> => Promise.reject(temporaryError('disk-full', 'no room'))
  const { ref, sender, send, steps } = await setUp({ deps: { scanner: { scan: async () => virus }, quarantine: { keep } } })
  await assert.rejects(send(good(sender)), { code: 'disk-full', fault: 'temporary' })
  assert.deepEqual([await inbox(ref), steps], [[], []])
})

test('a blocked attachment: an ordinary notice that names it, and nothing is kept', async () => {
  const blocked: Threat = { kind: 'blocked-attachment', name: 'allegato non ammesso fattura.exe' }
  const { ref, sender, send, kept } = await setUp({ deps: { scanner: { scan: async () => blocked } } })
  const answer = await send(good(sender))
  assert.ok(answer.outcome === 'refused')
  assert.equal(answer.code, 'blocked-attachment')
  const { fields, plain, xml } = await onlyNotice(ref)
  assert.equal(fields['subject'], 'AVVISO DI NON ACCETTAZIONE: Convocazione')
  assert.equal(fields['x-verificasicurezza'], undefined)
  assert.match(plain, /a causa di presenza di allegato non ammesso fattura\.exe\./)
  assert.match(xml, /errore="altro"/)
  assert.deepEqual(kept, [])
})

test('no scanner, no answer: the client tries again', async () => {
  const scan = (): Promise<null> => Promise.reject(temporaryError('scanner-unavailable', 'no clamd'))
  const { ref, sender, send, reported } = await setUp({ deps: { scanner: { scan } } })
  await assert.rejects(send(good(sender)), { code: 'scanner-unavailable', fault: 'temporary' })
  assert.deepEqual(await inbox(ref), [])
  assert.equal(await used(ref), 0)
  assert.deepEqual(reported[0]?.[1], { code: 'scanner-unavailable', bytes: good(sender).join('\r\n').length })
})

test('what passes is scanned before anything is certified, what does not pass is not scanned', async () => {
  const { sender, send, steps } = await setUp()
  await send(good(sender))
  assert.deepEqual(steps, ['scanned', 'accept-before-commit', 'told', 'accept-after-commit'])
  steps.length = 0
  await send(good(sender, ['Bcc: occulto@pec.it']))
  assert.deepEqual(steps, ['refuse-before-commit', 'refuse-after-commit', 'told'])
})

test('ordinary recipients: certified as such, or not accepted where the mailbox may not write to them', async () => {
  const lines = (sender: string): string[] =>
    good(sender).map((line) => line.replace(`To: ${RECIPIENT}`, `To: ${RECIPIENT}, ${ORDINARY}`))
  const free = await setUp()
  assert.equal((await free.send(lines(free.sender), [RECIPIENT, ORDINARY])).outcome, 'accepted')
  const [acceptance] = await inbox(free.ref)
  assert.ok(acceptance)
  const { plain } = takeApart(acceptance)
  assert.ok(plain.includes(`${RECIPIENT} ("posta certificata")`))
  assert.ok(plain.includes(`${ORDINARY} ("posta ordinaria")`))

  const asked: unknown[] = []
  const ordinaryRecipientsAllowed = async (...question: unknown[]): Promise<boolean> => (asked.push(question), false)
  const bound = await setUp({ deps: { ordinaryRecipientsAllowed } })
  assert.equal((await bound.send(good(bound.sender))).outcome, 'accepted')
  assert.deepEqual(asked, [])
  const answer = await bound.send(lines(bound.sender), [RECIPIENT, ORDINARY])
  assert.ok(answer.outcome === 'refused')
  assert.equal(answer.code, 'ordinary-recipient')
  assert.deepEqual(asked, [[bound.ref, DOMAIN]])
  const notice = takeApart((await inbox(bound.ref))[1] ?? Buffer.alloc(0))
  assert.match(notice.plain, /a causa di destinatario di posta ordinaria \(bruno@example\.com\)/)
  assert.ok(notice.daticert.includes(`<destinatari tipo="esterno">${ORDINARY}</destinatari>`))
})

test('each domain is looked up once, in lower case', async () => {
  const asked: string[] = []
  const recipientKind = async (domain: string): Promise<'certified'> => (asked.push(domain), 'certified')
  const { sender, send } = await setUp({ deps: { recipientKind } })
  const to = ['a@PEC.uno.it', 'b@pec.UNO.it', 'c@pec.due.it']
  const lines = good(sender).map((line) => line.replace(RECIPIENT, to.join(', ')))
  assert.equal((await send(lines, to)).outcome, 'accepted')
  assert.deepEqual(asked, ['pec.uno.it', 'pec.due.it'])
})

test('the kind of receipt and the carbon copies are certified and stored', async () => {
  const { ref, sender, send, started } = await setUp()
  const lines = good(sender, ['Cc: Carla <CARLA@pec.altro.it>', 'X-TipoRicevuta: breve'])
  assert.equal((await send(lines, [RECIPIENT, 'carla@pec.altro.it'])).outcome, 'accepted')
  const [row] = await rows<{ recipients: unknown; receipt_type: string }>('submission', ref)
  const recipients = [
    { address: RECIPIENT, certified: true },
    { address: 'carla@pec.altro.it', certified: true, copy: true },
  ]
  assert.equal(row?.receipt_type, 'breve')
  assert.deepEqual(row.recipients, recipients)
  assert.deepEqual(started[0]?.data.recipients, recipients)
  assert.equal(started[0]?.data.receiptType, 'breve')
})

test('I10: a full mailbox takes the notice into its reserve; without reserve the client is told, and nothing is there', async () => {
  const { ref, send, steps, reported } = await setUp({ quota: 0 })
  await assert.rejects(send(good('altro@pec.it')), { code: 'mailbox-full', fault: 'client' })
  assert.deepEqual([await inbox(ref), await rows('refusal', ref), await used(ref)], [[], [], 0])
  assert.deepEqual(steps, ['refuse-before-commit'])
  assert.match(JSON.stringify(reported), /mailbox-full/)
  await database.transactor.call(ref.slot, 'update mailbox set reserve = 1 where slot = $1 and id = $2', [ref.slot, ref.id])
  assert.equal((await send(good('altro@pec.it'))).outcome, 'refused')
  await onlyNotice(ref)
  assert.deepEqual(await violations(), [])
})

test('I10: what a submission brings counts for those that come with it: the reserve is not passed by all of them', async () => {
  const { ref, send, sender, started } = await setUp({ quota: 1 })
  await database.transactor.call(ref.slot, 'update mailbox set reserve = 15000 where slot = $1 and id = $2', [ref.slot, ref.id])
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => send(good(sender))))
  const accepted = outcomes.filter(({ status }) => status === 'fulfilled').length
  assert.ok(accepted > 1 && accepted < 8, `${accepted} were accepted`)
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') assert.equal((outcome.reason as { code?: string }).code, 'mailbox-full')
  const sizes = (await inbox(ref)).map(({ length }) => length)
  assert.deepEqual([sizes.length, started.length], [accepted, accepted])
  // One that still found room may pass it.
  assert.ok((await used(ref)) - (sizes.at(-1) ?? 0) < 15_001)
})

test('acceptances go into the folder that the holder names for receipts, notices of non-acceptance into the inbox', async () => {
  const { ref, send, sender } = await setUp()
  await database.transactor.call(
    ref.slot,
    `insert into mailbox_profile (slot, mailbox, status, receipts_folder, changed_at) values ($1, $2, 'active', 'Ricevute', now())`,
    [ref.slot, ref.id],
  )
  assert.equal((await send(good('altro@pec.it'))).outcome, 'refused')
  await onlyNotice(ref)
  assert.equal(await store.folder(ref, 'Ricevute'), undefined)
  assert.equal((await send(good(sender))).outcome, 'accepted')
  await onlyNotice(ref)
  assert.equal((await store.folder(ref, 'Ricevute'))?.total, 1)
  assert.deepEqual(await violations(), [])
})

const ODD: Record<string, (sender: string) => string[]> = {
  'NULs in identifier and subject': (sender) => [`From: ${sender}`, 'Message-ID: <a\0b@c>', 'Subject: a\0b', '', 'x'],
  'an identifier in raw bytes': (sender) => [`From: ${sender}`, `To: ${RECIPIENT}`, 'Message-ID: <\u00e8\u0001@c>', '', 'x'],
  'an endless identifier': (sender) => [`From: ${sender}`, `To: ${RECIPIENT}`, `Message-ID: ${'x\r\n '.repeat(2000)}`, '', 'x'],
  'half a character in an encoded subject': () => ['Subject: =?UTF-16BE?B?2AA=?= =?UTF-8?Q?=00=ED=A0=80?=', '', 'x'],
  'a header that is nothing but subject': () => [`Subject: ${'\u00e8\r\n '.repeat(200_000)}`, '', 'x'],
  'a header that is nothing but addresses to reply to': () => [`Reply-To: ${'a@b.it,\r\n '.repeat(20_000)}`, '', 'x'],
  'no header': () => ['Buongiorno'],
  nothing: () => [],
}

for (const [name, lines] of Object.entries(ODD)) {
  test(`a notice can be made of ${name}`, async () => {
    const { ref, sender, send } = await setUp()
    const answer = await send(lines(sender))
    assert.equal(answer.outcome, 'refused')
    const { fields, headerLines, xml } = await onlyNotice(ref)
    assert.ok(headerLines.every((line) => line.length <= 998 && /^[\t\x20-\x7e]*$/.test(line)))
    assert.match(fields['subject'] ?? '', /^AVVISO DI NON ACCETTAZIONE:/)
    assert.ok(xml.includes(`<destinatari tipo="certificato">${RECIPIENT}</destinatari>`))
    assert.ok(xml.length < 20_000)
    assert.equal((await entriesOf(answer.pecMsgid)).length, 1)
    assert.deepEqual(await violations(), [])
  })
}

test('the identifier shows so that its sender finds the message', async () => {
  const { ref, send } = await setUp()
  await send(['Message-ID: <a\0b@c>', '', 'x'])
  assert.equal((await onlyNotice(ref)).fields['x-riferimento-message-id'], '<a?b@c>')
})

const BREAKS: Record<string, [invariant: string, sql: string]> = {
  'a refusal without its notice': ['I2', `update refusal set notice = gen_random_uuid() where slot = $1 and pec_msgid = $2`],
  'a refusal in no mailbox': ['I2', `update refusal set mailbox = gen_random_uuid() where slot = $1 and pec_msgid = $2`],
  'two refusals with one notice': [
    'I2',
    `insert into refusal (slot, pec_msgid, mailbox, code, reason, notice, at)
     select $1, 'another@x', mailbox, code, reason, notice, at from refusal where slot = $1 and pec_msgid = $2`,
  ],
  'a refusal with a dispatch': [
    'I2',
    `insert into dispatch (slot, pec_msgid, recipient, next_attempt, attempts, watch_at) select $1, $2, 'a@b', 'infinity', 0, 'infinity'`,
  ],
  'a refusal without its ledger entry': ['I6', `update ledger_entry set event = 'x' where slot = $1 and pec_msgid = $2`],
  'a ledger entry without its refusal': ['I6', `delete from refusal where slot = $1 and pec_msgid = $2`],
}

for (const [name, [invariant, sql]] of Object.entries(BREAKS)) {
  test(`${invariant}: the check finds ${name}`, async () => {
    const { ref, send } = await setUp()
    const { pecMsgid } = await send(good('altro@pec.it'))
    const rollback = new Error('back to what it was')
    await assert.rejects(
      database.transactor.transact(ref.slot, async (tx) => {
        await tx.query(sql, [ref.slot, pecMsgid])
        const found: string[] = []
        for (const check of ACCESS_CHECKS) {
          // A transaction names its slot: here only to look at what it has not committed.
          const problems = await tx.query(
            `select $1::integer, p.problem from (${check.sql}) p where exists (select 1 from mailbox m where m.slot = $1)`,
            [ref.slot],
          )
          if (problems.length > 0) found.push(check.invariant)
        }
        assert.ok(found.includes(invariant), `found ${found.join(' ')}`)
        throw rollback
      }),
      rollback,
    )
  })
}
