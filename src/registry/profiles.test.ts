/** Profiles of mailboxes on a real database. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createDomains } from '../directory/domains.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import { findViolations } from '../storage/consistency.ts'
import { withTestDatabase } from '../storage/test-database.ts'
import { REGISTRY_CHECKS } from './consistency.ts'
import { createMailboxes } from './mailboxes.ts'
import { createProfiles, type ProfileChange } from './profiles.ts'
import { registryQueries } from './queries.ts'

const { database } = await withTestDatabase({ after })
const clock = { now: Date.UTC(2026, 2, 15) }
const now = (): number => clock.now
const domains = createDomains(database, now)
for (const domain of ['pec.test', 'ordine.test']) await domains.add(domain)
const mailboxes = createMailboxes({ database, queries: registryQueries(database), domains, now })
/** Two processes on one database. */
const [profiles, others] = [createProfiles({ database, domains, now }), createProfiles({ database, domains, now })]

const DEFAULTS = {
  status: 'active',
  statusByAgreement: false,
  incomingOrdinary: null,
  forwardTo: null,
  outgoingOrdinary: null,
  secondFactor: false,
  receiptsFolder: null,
}

let made = 0
async function newMailbox(): Promise<{ address: string; mailbox: MailboxRef }> {
  const { address } = await mailboxes.create(`m${++made}@pec.test`, 'una parola lunga', 1e6)
  const mailbox = await mailboxes.find(address)
  assert.ok(mailbox)
  return { address, mailbox }
}

/** The profile as the registry shows it to the operator. */
async function shown(address: string): Promise<object> {
  const { status, statusByAgreement, incomingOrdinary, forwardTo, outgoingOrdinary, secondFactor, receiptsFolder } =
    await mailboxes.show(address)
  return { status, statusByAgreement, incomingOrdinary, forwardTo, outgoingOrdinary, secondFactor, receiptsFolder }
}

test('a mailbox that nobody has set is active, with the defaults', async () => {
  const { address, mailbox } = await newMailbox()
  assert.deepEqual(await profiles.profileOf(mailbox), DEFAULTS)
  assert.deepEqual(await shown(address), DEFAULTS)
})

test('a change changes what it names, and is shown', async () => {
  const { address, mailbox } = await newMailbox()
  const steps: [ProfileChange, object][] = [
    [{ status: 'suspended' }, { status: 'suspended' }],
    [{ outgoingOrdinary: 'refuse' }, { outgoingOrdinary: 'refuse' }],
    [
      { incomingOrdinary: 'forward', forwardTo: 'Mario@Ordinary.test' },
      { incomingOrdinary: 'forward', forwardTo: 'mario@ordinary.test' },
    ],
    [{ forwardTo: 'altro@ordinary.test' }, { forwardTo: 'altro@ordinary.test' }],
    [{ status: 'active' }, { status: 'active' }],
    [{ secondFactor: true }, { secondFactor: true }],
    [{ receiptsFolder: 'Ricevute/' }, { receiptsFolder: 'Ricevute' }],
    [{ receiptsFolder: 'Archivio' }, { receiptsFolder: 'Archivio' }],
    [{ receiptsFolder: 'inbox' }, { receiptsFolder: null }],
    [{ receiptsFolder: 'Prove' }, { receiptsFolder: 'Prove' }],
    [{ incomingOrdinary: 'refuse' }, { incomingOrdinary: 'refuse', forwardTo: null }],
    [
      { incomingOrdinary: null, outgoingOrdinary: null },
      { incomingOrdinary: null, outgoingOrdinary: null },
    ],
  ]
  let expected: object = DEFAULTS
  for (const [change, result] of steps) {
    expected = { ...expected, ...result }
    assert.deepEqual(await profiles.set(mailbox, change), expected)
    assert.deepEqual(await profiles.profileOf(mailbox), expected)
    assert.deepEqual(await shown(address), expected)
  }
  assert.deepEqual(await findViolations(database.reader, REGISTRY_CHECKS), [])
})

test('a forward address must be one, be ordinary, and go with the policy', async () => {
  const { mailbox } = await newMailbox()
  const wrong: [ProfileChange, string][] = [
    [{ incomingOrdinary: 'forward' }, 'bad-forward'],
    [{ forwardTo: 'a@ordinary.test' }, 'bad-forward'],
    [{ incomingOrdinary: 'accept', forwardTo: 'a@ordinary.test' }, 'bad-forward'],
    [{ incomingOrdinary: 'forward', forwardTo: 'a@PEC.test' }, 'bad-forward'],
    [{ incomingOrdinary: 'forward', forwardTo: 'nobody' }, 'bad-address'],
    [{ incomingOrdinary: 'forward', forwardTo: 'a@ordinary.test\r\nRCPT TO:<x>' }, 'bad-address'],
  ]
  for (const [change, code] of wrong) await assert.rejects(profiles.set(mailbox, change), { code, fault: 'client' })
  assert.deepEqual(await profiles.profileOf(mailbox), DEFAULTS)
  await profiles.set(mailbox, { incomingOrdinary: 'forward', forwardTo: 'a@ordinary.test' })
  await assert.rejects(profiles.set(mailbox, { forwardTo: null }), { code: 'bad-forward' })
})

test('a folder for receipts lies in no other, and not where mail is thrown away', async () => {
  const { mailbox } = await newMailbox()
  for (const receiptsFolder of ['', ' ', 'a/b', 'INBOX/a', 'a*', 'Cestino', 'Posta indesiderata', 'Inviati', 'x'.repeat(300)])
    await assert.rejects(profiles.set(mailbox, { receiptsFolder }), { code: 'bad-folder-name', fault: 'client' })
  assert.deepEqual(await profiles.profileOf(mailbox), DEFAULTS)
})

test('another quota brings another reserve', async () => {
  const { address } = await newMailbox()
  await mailboxes.setQuota(address.toUpperCase(), 1e9)
  const { quota, reserve, used } = await mailboxes.show(address)
  assert.deepEqual({ quota, reserve, used }, { quota: 1e9, reserve: 1e8, used: 0 })
  await assert.rejects(mailboxes.setQuota('nobody@pec.test', 1), { code: 'no-such-mailbox' })
})

test('a change by another process counts within two seconds', async () => {
  const { mailbox } = await newMailbox()
  await others.profileOf(mailbox)
  await profiles.set(mailbox, { status: 'disabled' })
  assert.equal((await profiles.profileOf(mailbox)).status, 'disabled')
  clock.now += 2000
  assert.equal((await others.profileOf(mailbox)).status, 'disabled')
})

test('two changes at the same time do not undo each other', async () => {
  const { mailbox } = await newMailbox()
  await Promise.all([
    profiles.set(mailbox, { status: 'suspended' }),
    others.set(mailbox, { outgoingOrdinary: 'refuse' }),
    profiles.set(mailbox, { incomingOrdinary: 'refuse' }),
  ])
  clock.now += 2000
  const expected = { ...DEFAULTS, status: 'suspended', incomingOrdinary: 'refuse', outgoingOrdinary: 'refuse' }
  assert.deepEqual(await profiles.profileOf(mailbox), expected)
})

test('mail to ordinary addresses: the mailbox says, else its domain, else it is allowed', async () => {
  const [{ mailbox }, { mailbox: other }] = [await newMailbox(), await newMailbox()]
  const allowed = (): Promise<boolean> => profiles.ordinaryRecipientsAllowed(mailbox, 'PEC.test')
  assert.equal(await allowed(), true)
  await profiles.setDomainPolicy('PEC.test', 'refuse')
  assert.equal(await allowed(), false)
  assert.equal(await profiles.ordinaryRecipientsAllowed(other, 'ordine.test'), true)
  await profiles.set(mailbox, { outgoingOrdinary: 'allow' })
  assert.equal(await allowed(), true)
  await profiles.setDomainPolicy('pec.test', 'allow')
  await profiles.set(mailbox, { outgoingOrdinary: 'refuse' })
  assert.equal(await allowed(), false)
  assert.equal(await profiles.ordinaryRecipientsAllowed(other, 'pec.test'), true)
  await assert.rejects(profiles.setDomainPolicy('unknown.test', 'refuse'), { code: 'no-such-domain', fault: 'client' })
})

test('a login is judged by the state: one that is revoked keeps its address, which nobody else gets', async () => {
  const { address, mailbox } = await newMailbox()
  const queries = registryQueries(database)
  assert.equal((await queries.credential(mailbox))?.status, 'active')
  await profiles.set(mailbox, { status: 'revoked' })
  assert.equal((await queries.credential(mailbox))?.status, 'revoked')
  await assert.rejects(mailboxes.create(address, 'una parola lunga', 1e6), { code: 'address-taken' })
})

test('all states are listed', async () => {
  const { address, mailbox } = await newMailbox()
  await profiles.set(mailbox, { status: 'disabled' })
  const listed = await mailboxes.list('pec.test')
  assert.equal(listed.find((one) => one.address === address)?.status, 'disabled')
  assert.equal(listed.length, made)
})
