/** What is no correct envelope, and in which the scanner finds something: sealed by a provider (RFC 6109 2.2.4, 3.2.3), or ordinary (2.2.2). */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { ENVELOPE_FIELDS, FOREIGN_ID, FOREIGN_SENDER, foreignMessage } from '../../test/support/foreign-message.ts'
import type { ProviderRecord } from '../directory/types.ts'
import { readMessage } from '../pec/reading.ts'
import type { QuarantinedMessage, Threat } from '../quarantine/types.ts'
import { NOW, openBench, type Bench } from '../seal/test-openssl.ts'
import { createEnvelopes } from './envelopes.ts'
import { createIncomingPoint } from './incoming-point.ts'
import type { Taking } from './taking.ts'

const VIRUS: Threat = { kind: 'virus', name: 'Eicar-Test-Signature' }
const RECIPIENTS = ['mario.rossi@pec.example.it', 'anna.bianchi@pec.example.it']
const PROVIDER: ProviderRecord = {
  name: 'Altro Gestore S.p.A.',
  unit: null,
  domains: ['pec.altro.test'],
  certificates: [],
  mailReceipt: 'ricevute@pec.altro.test',
  ldifUrl: null,
  description: null,
}
/** Not the identifier that its data tell. */
const WRONG_FIELDS = ENVELOPE_FIELDS.map((line) => line.replace(FOREIGN_ID, 'altro@pec.altro.test'))

let bench: Bench
before(async () => {
  bench = await openBench()
})
after(() => bench.close())

interface Given {
  readonly threat: Threat | null
  /** of the database: whether the identifier belongs to another message */
  readonly answer?: 'taken' | 'other'
  readonly daticert?: string
  /** that nobody sealed */
  readonly ordinary?: true
}

/** What becomes of a malformed message, or of an ordinary one. */
async function receive({ threat, answer = 'taken', daticert, ordinary }: Given) {
  const takings: Taking[] = []
  const kept: QuarantinedMessage[] = []
  const wrapped: string[] = []
  const bytes = await foreignMessage((content) => bench.sealer.seal(hash('sha256', content, 'buffer'), NOW), {
    fields: WRONG_FIELDS,
    ...(daticert !== undefined && { daticert }),
  })
  const message = readMessage(bytes)
  const shared = {
    isLocal: (domain: string) => Promise.resolve(domain === 'pec.example.it'),
    scanner: { scan: () => Promise.resolve(threat) },
    quarantine: { keep: (one: QuarantinedMessage) => Promise.resolve(void kept.push(one)) },
    now: () => NOW,
  }
  const takeEnvelope = createEnvelopes({
    ...shared,
    queries: { arrival: () => Promise.resolve(undefined), recipients: () => Promise.resolve([]) },
    blobs: { place: () => 'database', putOnDisk: () => assert.fail(), read: () => assert.fail() } as never,
    take: (taking) => Promise.resolve(answer === 'taken' ? (takings.push(taking), answer) : answer),
    start: () => undefined,
    arrivals: { attempt: () => assert.fail('it goes no further') },
    bringBack: () => Promise.resolve(),
    returnTo: (sender) => Promise.resolve({ address: sender }),
    sealer: bench.sealer,
    issuer: { provider: 'Gestore Prova', address: 'posta-certificata@pec.example.it' },
    domain: 'pec.example.it',
  })
  const point = createIncomingPoint({
    ...shared,
    directory: { providerOf: () => assert.fail(), providerOfCertificate: () => assert.fail() },
    isServiceAddress: () => Promise.resolve(false),
    recogniser: {
      recognise: () =>
        Promise.resolve(
          ordinary
            ? { class: 'ordinary', reason: 'no-signature', message }
            : { class: 'malformed', provider: PROVIDER, seal: {} as never, message, problem: 'its Message-ID is another' },
        ),
    },
    takeEnvelope,
    takeReceipt: () => assert.fail('it is no receipt'),
    bounces: { isOurs: () => false, take: () => assert.fail() },
    plainMail: { wrap: (_, reason) => Promise.resolve(void wrapped.push(reason)), pass: () => assert.fail() },
    ordinaryMail: {
      checkRecipient: () => assert.fail(),
      take: () => Promise.resolve(void wrapped.push('ordinary')),
      checkAllKnown: () => Promise.resolve(),
    },
    report: () => undefined,
  })
  const client = { address: '192.0.2.9', name: 'mx.altro.test', protocol: 'ESMTPS' }
  const request = { reversePath: FOREIGN_SENDER, recipients: RECIPIENTS, bytes, client }
  const refused = await point.receive(request).then(
    () => null,
    (error: { code: string }) => error.code,
  )
  return { bytes, takings, kept, wrapped, refused }
}

test('without a threat it is passed on in an anomaly envelope', async () => {
  const { refused, wrapped, takings, kept } = await receive({ threat: null })
  assert.equal(refused, null)
  assert.match(wrapped.join(), /^il messaggio del gestore Altro Gestore S\.p\.A\. non è una busta di trasporto .*Message-ID/)
  assert.deepEqual([takings, kept], [[], []])
})

test('a virus: it is kept, goes no further, and its provider gets a notice for each recipient', async () => {
  const { bytes, refused, takings, kept, wrapped } = await receive({ threat: VIRUS })
  assert.equal(refused, null)
  const [taking] = takings
  assert.ok(taking && takings.length === 1)
  assert.deepEqual([taking.kind, taking.id, taking.event, taking.detail], ['virus', FOREIGN_ID, 'virus-found', VIRUS.name])
  const notices = taking.outbox.map(({ kind, recipient, target }) => [kind, recipient, target])
  assert.deepEqual(
    notices,
    RECIPIENTS.map((recipient) => ['virus', recipient, { address: PROVIDER.mailReceipt }]),
  )
  for (const { content } of taking.outbox)
    assert.match(content.head.toString('latin1'), /X-Ricevuta: rilevazione-virus\r\nX-Mittente: ufficio@pec\.altro\.test\r\n/)
  assert.deepEqual(
    kept.map(({ pecMsgid, point, bytes }) => [pecMsgid, point, bytes]),
    [[FOREIGN_ID, 'incoming', bytes]],
  )
  assert.deepEqual(wrapped, [])
})

test('a virus in one whose data cannot be read, or are those of another message: it is kept and refused', async () => {
  for (const given of [{ daticert: '<postacert/>' }, { answer: 'other' as const }]) {
    const { bytes, refused, takings, kept, wrapped } = await receive({ threat: VIRUS, ...given })
    assert.equal(refused, 'threat-found')
    assert.deepEqual([takings, wrapped], [[], []])
    const last = kept.at(-1)
    assert.ok(last)
    assert.ok(last.bytes.equals(bytes))
    assert.notEqual(last.pecMsgid, FOREIGN_ID)
  }
})

test('a blocked attachment in one whose data cannot be read: it is refused, and no rule asks to keep it', async () => {
  const threat = { kind: 'blocked-attachment', name: 'fattura.exe' } as const
  const { refused, kept } = await receive({ threat, daticert: '<postacert/>' })
  assert.deepEqual([refused, kept], ['threat-found', []])
})

test('ordinary mail is taken where nothing is found; with a virus it is refused, and there is nothing to keep (RFC 6109 2.2.2)', async () => {
  const clean = await receive({ threat: null, ordinary: true })
  assert.deepEqual([clean.refused, clean.wrapped], [null, ['ordinary']])
  const { refused, wrapped, takings, kept } = await receive({ threat: VIRUS, ordinary: true })
  assert.equal(refused, 'threat-found')
  assert.deepEqual([wrapped, takings, kept], [[], [], []])
})
