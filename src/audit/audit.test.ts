/** The audit log: written with its act, sealed into the ledger, and whatever is changed afterwards is found and named. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openTestLedger } from '../ledger/test-ledger.ts'
import { findViolations } from '../storage/consistency.ts'
import { lastFirst, withTestDatabase } from '../storage/test-database.ts'
import { auditRow, writeAudit, type AuditRecord } from './audit.ts'
import { AUDIT_LOG, createAuditSealing } from './chain.ts'
import { AUDIT_CHECKS } from './consistency.ts'
import { accessesOf, auditReads } from './queries.ts'
import { chainReads } from '../ledger/chain-queries.ts'
import { verifyAudit } from './verify.ts'

const scope = lastFirst({ after })
const { database, connection, folder } = await withTestDatabase(scope)

const EMPTY = `truncate audit_entry, audit_head, audit_segment;
  update audit_chain set number = 0, hash = decode(repeat('00', 32), 'hex'), sealed_at = '-infinity', sealed = array_fill(1::bigint, array[256])`

async function openAudit(t: TestContext) {
  const ledger = await openTestLedger(lastFirst(t), connection, folder)
  await ledger.tamper(EMPTY)
  const holder = '00000000-0000-7000-8000-000000000002'
  const sealing = createAuditSealing({ database, provider: 'Prova', holder, now: () => ledger.clock.at })
  const record = (facts: Partial<AuditRecord> = {}): AuditRecord => ({
    actor: 'host:root',
    role: 'host',
    act: 'command-run',
    object: 'mailbox:mario@pec.it',
    details: { command: 'mailbox show', options: [] },
    at: ledger.clock.at,
    ...facts,
  })
  const write = (slot: number, facts: Partial<AuditRecord> = {}): Promise<void> =>
    database.transactor.transact(slot, (tx) => writeAudit(tx, record(facts)))
  const verify = async (): Promise<string[]> =>
    (await verifyAudit(database.reader)).problems.map(({ where, says }) => `${where}: ${says}`)
  return { ...ledger, verifyLedger: ledger.verify, sealing, record, write, verify }
}

/** Slot 17 has 1 and 2 in the first segment of chain 0, 3 in the second one; slot 300 one in chain 1; what came last is not sealed. */
async function sealedAudit(t: TestContext) {
  const audit = await openAudit(t)
  await audit.write(17, { actor: 'operator:anna' })
  await audit.write(17, { actor: 'operator:bruno' })
  await audit.write(300)
  await audit.sealing.sealAll()
  audit.clock.at += 60_000
  await audit.write(17)
  await audit.sealing.sealAll()
  await audit.keeper.stampNow()
  await audit.write(17)
  return audit
}

test('an entry commits with its act, or neither does', async (t) => {
  const { record } = await openAudit(t)
  const { reader, transactor } = database
  const failing = transactor.transact(5, async (tx) => {
    await writeAudit(tx, record())
    throw new Error('the act fails')
  })
  await assert.rejects(failing, /the act fails/)
  assert.deepEqual(await auditReads(reader).list({}), [])
  await transactor.transact(5, (tx) => writeAudit(tx, record({ holders: ['Mario@PEC.it'] })))
  // Of acts on the reference tables too, whose entries lie in slots at random: none waits for another.
  await transactor.reference(async (first) => {
    await writeAudit(first, record({ act: 'access-disclosed', details: { reason: 'x' } }))
    await transactor.reference((second) => writeAudit(second, record()))
  })
  const all = await auditReads(reader).list({})
  assert.deepEqual(all.map(({ act }) => act).toSorted(), ['access-disclosed', 'command-run', 'command-run'])
  assert.deepEqual(all[0]?.holders, ['mario@pec.it'])
  assert.deepEqual(all[0]?.details, { command: 'mailbox show', options: [] })
})

test('a function of SQL writes entries in its own statement, and the database gives the form that is sealed', async (t) => {
  const { record } = await openAudit(t)
  const odd = record({ actor: 'host:a"\u2028\u0000\ud800', holders: ['è@pec.it', 'b@pec.it'], withheld: true })
  await database.transactor.call(9, 'select audit_append($1, $2)', [9, JSON.stringify([auditRow(record()), auditRow(odd)])])
  const [, line] = await chainReads(database.reader, AUDIT_LOG).entries([{ slot: 9, first: 1, last: 2 }])
  const at = new Date(odd.at).toISOString()
  const form = [
    1,
    9,
    2,
    at,
    'host:a"\u2028\ufffd\ufffd',
    'host',
    'command-run',
    'mailbox:mario@pec.it',
    ['è@pec.it', 'b@pec.it'],
    true,
  ]
  assert.equal(line?.line, JSON.stringify([...form, JSON.stringify(odd.details)]))
})

test('the ledger tells of each segment, so that its stamps are over the audit log too', async (t) => {
  const audit = await sealedAudit(t)
  assert.deepEqual(await verifyAudit(database.reader), { entries: 4, waiting: 1, segments: 3, beyondLedger: 0, problems: [] })
  assert.deepEqual((await audit.verifyLedger()).problems, [])
  assert.equal((await audit.verifyLedger()).entries, 3)
  assert.deepEqual(await findViolations(database.reader, AUDIT_CHECKS), [])
})

/** An SQL statement that is run as an intruder would, and what verifying says then. */
const TAMPERED: Record<string, [sql: string, ...says: string[]]> = {
  'who did it': [`update audit_entry set actor = 'operator:x' where slot = 17 and seq = 1`, 'entry 17/1: is not what was sealed'],
  'whether it is withheld': [
    `update audit_entry set withheld = true where slot = 17 and seq = 1`,
    'entry 17/1: is not what was sealed',
  ],
  'whose it was': [
    `update audit_entry set holders = '{x@pec.it}' where slot = 17 and seq = 3`,
    'entry 17/3: is not what was sealed',
  ],
  'its time': [
    `update audit_entry set at = at - interval '1 second' where slot = 17 and seq = 2`,
    'entry 17/2: is not what was sealed',
  ],
  'a row removed': [`delete from audit_entry where slot = 17 and seq = 1`, 'entry 17/1: is missing'],
  'a row removed before it was sealed': [`delete from audit_entry where slot = 17 and seq = 4`, 'entry 17/4: is missing'],
  'two rows exchanged': [
    `update audit_entry set seq = 99 where slot = 17 and seq = 1; update audit_entry set seq = 1 where slot = 17 and seq = 2;
     update audit_entry set seq = 2 where slot = 17 and seq = 99`,
    'entry 17/1: is not what was sealed',
  ],
  'a row added': [
    `insert into audit_entry select slot, 9, at, actor, role, act, object, holders, withheld, details from audit_entry where slot = 17 and seq = 1`,
    'entry 17/9: was added',
  ],
  'a segment removed': [`delete from audit_segment where slot = 0 and number = 1`, 'chain 0, segment 1: is missing'],
  'the last segment removed, with its entry and the rows that tell of it': [
    `delete from audit_segment where slot = 0 and number = 2; delete from audit_entry where slot = 17 and seq > 2;
     update audit_head set next_seq = 3 where slot = 17;
     update audit_chain c set number = 1, hash = s.hash, sealed[18] = 3 from audit_segment s where c.slot = 0 and s.slot = 0 and s.number = 1`,
    'chain 0, segment 2: is missing',
  ],
  'what the ledger tells of a segment': [
    `update ledger_entry set detail = 'x' where slot = 0 and event = 'audit-sealed' and pec_msgid = 'audit-0-1'`,
    'chain 0, segment 1: is not the one that the ledger tells of',
  ],
}

for (const [name, [sql, ...says]] of Object.entries(TAMPERED)) {
  test(`found: ${name}`, async (t) => {
    const { tamper, verify } = await sealedAudit(t)
    assert.ok((await tamper(sql)) > 0)
    const problems = await verify()
    for (const expected of says) assert.ok(problems.includes(expected), `${expected} is not among ${problems.join('; ')}`)
  })
}

test('found: a chain that was sealed anew over a changed row', async (t) => {
  const { tamper, sealing, verify, clock } = await sealedAudit(t)
  await tamper(
    `update audit_entry set actor = 'operator:x' where slot = 17 and seq = 1; delete from audit_segment where slot = 0`,
  )
  await tamper(
    `update audit_chain set number = 0, hash = decode(repeat('00', 32), 'hex'), sealed = array_fill(1::bigint, array[256]) where slot = 0`,
  )
  clock.at += 60_000
  await sealing.sealAll()
  assert.ok((await verify()).includes('chain 0, segment 1: is not the one that the ledger tells of'))
})

test('a holder sees who had to do with his things, but for what a judge has withheld, until that is disclosed', async (t) => {
  const { write, clock } = await openAudit(t)
  const mario = { holders: ['mario@pec.it'] }
  await write(1, mario)
  await write(2, { ...mario, withheld: true, actor: 'operator:anna' })
  await write(3, { holders: ['lucia@pec.it'] })
  const seen = async (): Promise<string[]> =>
    (await accessesOf(database.reader, 'Mario@pec.it')).accesses.map(({ entry }) => entry)
  assert.deepEqual(await seen(), ['1/1'])
  clock.at += 1000
  await write(2, { act: 'access-disclosed', object: 'audit:2/1', details: { reason: 'x' } })
  assert.deepEqual(await seen(), ['1/1', '2/1'])
})

test('entries are only ever appended, and by one function', () => {
  const src = fileURLToPath(new URL('..', import.meta.url))
  const files = globSync(['**/*.sql', '**/*.ts'], { cwd: src }).filter((file) => !/(?:\.test|\/test-[a-z-]+)\.ts$/.test(file))
  const matching = (pattern: RegExp): string[] =>
    files.flatMap((file) => readFileSync(join(src, file), 'utf8').match(pattern) ?? [])
  assert.deepEqual(
    matching(
      /\b(?:update|delete\s+from|truncate(?:\s+table)?|merge\s+into|drop\s+table|alter\s+table)\s+(?:only\s+)?audit_entry\b/gi,
    ),
    [],
  )
  assert.equal(matching(/\binsert\s+into\s+audit_entry\b/gi).length, 1)
})
