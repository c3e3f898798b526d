/**
 * A whole provider in this process, as src/wiring builds it, without servers: for tests that hand in what another server hands in, look at
 * the rows, and have a clock of their own. The other provider is played by the test; what leaves goes to a port that the test names.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { passCheckpoint } from '../../src/base/checkpoint.ts'
import type { CeralaccaError } from '../../src/base/errors.ts'
import type { EventSink, Events } from '../../src/base/events.ts'
import { uuidv7 } from '../../src/base/ids.ts'
import { CHECKS } from '../../src/cli/check.ts'
import { readConfig } from '../../src/config/config.ts'
import { directoryQueries } from '../../src/directory/queries.ts'
import { createMailboxStore } from '../../src/mailbox/store.ts'
import type { MailboxRef } from '../../src/mailbox/types.ts'
import { openIdentity } from '../../src/seal/identity.ts'
import { createTestAuthority, type TestAuthority } from '../../src/seal/test-authority.ts'
import { createBus } from '../../src/storage/bus.ts'
import { findViolations } from '../../src/storage/consistency.ts'
import type { Database } from '../../src/storage/database.ts'
import { lastFirst, withTestDatabase, type TestScope } from '../../src/storage/test-database.ts'
import { serviceAddress } from '../../src/wiring/addresses.ts'
import { openInstallation, type Installation } from '../../src/wiring/installation.ts'
import { identityRequest, keyStores } from '../../src/wiring/keys.ts'
import { buildPoints } from '../../src/wiring/points.ts'
import { createForeignProvider, type ForeignProvider } from './foreign-provider.ts'
import { plainMessage } from './submit.ts'
import { openFolder } from '../../src/mailbox/test-store.ts'

export const INNER_DOMAIN = 'pec.inner.test'
export const OTHER_DOMAIN = 'pec.other.test'

export interface InnerProvider {
  readonly database: Database
  readonly installation: Installation
  /** what it takes for now, in milliseconds */
  readonly clock: { ms: number }
  readonly authority: TestAuthority
  readonly other: ForeignProvider
  readonly service: string
  readonly events: readonly { readonly name: keyof Events; readonly data: Events[keyof Events] }[]
  /** From now on what comes is only taken in, as by a process that dies then. */
  hold(): Promise<void>
  /** Another process takes up what is there; it holds on until the end. */
  takeUp(): Promise<void>
  /** A new mailbox; answers its address. */
  holder(name: string, quota?: number): Promise<string>
  mailboxOf(address: string): Promise<MailboxRef>
  /** The messages in an inbox, whole. */
  inbox(address: string): Promise<Buffer[]>
  /** Hands in a message as another server does, for the recipients who are not refused; answers why the others are. @throws where all of it is refused */
  handIn(message: Buffer, recipients: readonly string[], reversePath?: string): Promise<string[]>
  /** A holder sends a message; answers its certified identifier. */
  submit(sender: string, recipients: readonly string[], body?: string): Promise<string>
  /** Waits until a query answers no row. */
  none(sql: string): Promise<void>
  rows<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]>
}

type Points = ReturnType<typeof buildPoints>

export interface InnerRequest {
  /** besides its identity */
  readonly environment?: Record<string, string>
  /** a fault that the test makes on purpose ends in no complaint about it */
  readonly quiet?: boolean
}

export async function withInnerProvider(scope: TestScope, request: InnerRequest = {}): Promise<InnerProvider> {
  const last = lastFirst(scope)
  const { connection, folder } = await withTestDatabase(last)
  const clock = { ms: Date.now() }
  const now = (): number => clock.ms
  const authority = await createTestAuthority({ name: 'Autorità di prova', now: clock.ms })
  const trusted = join(folder, 'trusted.pem')
  const config = readConfig({
    CERALACCA_DATA: folder,
    CERALACCA_DOMAIN: INNER_DOMAIN,
    CERALACCA_PROVIDER_NAME: 'Gestore Interno',
    CERALACCA_TRUSTED_CA_FILE: trusted,
    CERALACCA_TLS_CA_FILE: trusted,
    CERALACCA_ROUTES: '*=127.0.0.1:9',
    ...request.environment,
  })
  const stores = keyStores(config)
  const identity = await openIdentity(identityRequest(config, stores))
  writeFileSync(trusted, authority.certificate)
  const installation = openInstallation(config, connection, now)
  const { database, domains, mailboxes } = installation
  last.after(() => database.close())
  last.after(async () => assert.deepEqual(await findViolations(database.reader, CHECKS), []))
  await domains.add(INNER_DOMAIN)
  const service = serviceAddress(config)
  await mailboxes.ensureUnattended(service, config.values.CERALACCA_QUOTA)
  const other = await createForeignProvider({ authority, name: 'Gestore Altro', domains: [OTHER_DOMAIN], now })
  await knowProvider(database, other, clock.ms)
  const events: { name: keyof Events; data: Events[keyof Events] }[] = []
  const report: EventSink = (name, data) => {
    events.push({ name, data })
    if (request.quiet !== true && 'error' in data) console.warn(name, data.error)
  }
  const bus = createBus({ warn: console.warn })
  last.after(() => bus.close())
  function build(): Points {
    const built = buildPoints(config, installation, { identity, stores, bus, report, checkpoint: passCheckpoint })
    last.after(() => built.stop())
    return built
  }
  let points = build()
  const store = createMailboxStore({ database, blobs: installation.blobs, bus, now })
  const client = { address: '192.0.2.9', name: 'mx.other.test', protocol: 'ESMTPS' }

  const mailboxOf = async (address: string): Promise<MailboxRef> => {
    const mailbox = await mailboxes.find(address)
    assert.ok(mailbox, address)
    return mailbox
  }

  return {
    database,
    installation,
    clock,
    authority,
    other,
    service,
    events,
    hold: () => points.worker.stop(),

    async takeUp() {
      points = build()
      await points.worker.run(true)
    },

    mailboxOf,

    async holder(name, quota = 1e9) {
      const address = `${name}@${INNER_DOMAIN}`
      await mailboxes.create(address, 'una parola lunga', quota)
      return address
    },

    async inbox(address) {
      const mailbox = await mailboxOf(address)
      const { folder, messages } = await openFolder(store, mailbox, 'INBOX')
      const uids = messages.map(({ uid }) => uid)
      const found: Buffer[] = []
      for await (const { content } of store.messages(mailbox, folder.id, uids))
        found.push(Buffer.concat(await Array.fromAsync(store.read(mailbox, content.id, 0, content.size))))
      return found
    },

    async handIn(bytes, recipients, reversePath = `ufficio@${OTHER_DOMAIN}`) {
      const accepted: string[] = []
      const refused: string[] = []
      for (const recipient of recipients)
        await points.incoming.checkRecipient(recipient, reversePath).then(
          () => accepted.push(recipient),
          (error: CeralaccaError) => refused.push(error.code),
        )
      if (accepted.length > 0) await points.incoming.receive({ reversePath, recipients: accepted, bytes, client })
      return refused
    },

    async submit(sender, recipients, body = 'Testo.\r\n') {
      const bytes = Buffer.from(plainMessage(sender, recipients, { body }))
      const mailbox = await mailboxOf(sender)
      const answer = await points.access.accept({
        mailbox,
        sender,
        recipients,
        bytes,
        client: { address: '192.0.2.1', protocol: 'ESMTPSA' },
      })
      assert.equal(answer.outcome, 'accepted')
      return answer.pecMsgid
    },

    async none(sql) {
      const deadline = Date.now() + 20_000
      for (;;) {
        const rows = await database.reader.read(sql)
        if (rows.length === 0) return
        assert.ok(Date.now() < deadline, `still there: ${JSON.stringify(rows)}`)
        await pause(10)
      }
    },

    rows: <Row>(sql: string, params: readonly unknown[] = []) => database.reader.read<Row>(sql, params),
  }
}

/** The directory's copy with one provider in it. */
async function knowProvider(database: Database, { record }: ForeignProvider, at: number): Promise<void> {
  const queries = directoryQueries(database)
  const holder = uuidv7(at)
  assert.ok(await queries.claim(holder, { at, until: at + 60_000, dueOnly: false }))
  const copy = { records: [record], sha256: Buffer.alloc(32), signer: Buffer.alloc(1), signedAt: new Date(at) }
  await queries.replace(holder, copy, { at, next: at + 86_400_000 })
}
