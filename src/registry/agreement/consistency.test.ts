/** Each check finds what it is for: one thing after another is broken by hand, and nothing else is found. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { findViolations } from '../../storage/consistency.ts'
import { withTestDatabase } from '../../storage/test-database.ts'
import { AGREEMENT_CHECKS } from './consistency.ts'
import { addDays } from './days.ts'
import { ANNA, begin, openTestDesk, withDocument, withMailbox } from './test-desk.ts'

const { database } = await withTestDatabase({ after })
const desk = await openTestDesk(database)
const HOLDER = { actor: 'holder:x', role: 'holder' } as const
const found = async () => (await findViolations(database.reader, AGREEMENT_CHECKS)).map(({ says }) => says)

// An order with members in every state, and an export.
const { order, code, members } = await desk.newOrder()
const [one, two, three, four, five, six, seven] = members
assert.ok(one && two && three && four && five && six && seven)
const ended = await withMailbox(desk, code, one)
await desk.goTo(addDays(ended.expiresOn, 91))
const expiring = await withMailbox(desk, code, two)
await desk.goTo(addDays(expiring.expiresOn, -60))
const renewal = await desk.contracts.renew(expiring.id, { years: 1 }, HOLDER)
const active = await withMailbox(desk, code, three)
const stopped = await withMailbox(desk, code, four)
await desk.contracts.stop(stopped.id, 'revoke', 'x', ANNA)
const awaiting = await withDocument(desk, code, five)
const requested = await begin(desk, code, six)
const abandoned = await begin(desk, code, seven)
await desk.requests.abandon(abandoned.id, HOLDER)
await desk.registerExports.next(order, ANNA)
await desk.work()
const { slot } = active
const approved = (await desk.requests.list(order, { state: 'approved', after: null, limit: 100 })).find(
  ({ mailbox }) => mailbox === active.mailbox,
)
assert.ok(approved)

test('what the engine has done is consistent', async () => {
  assert.deepEqual(await found(), [])
})

/** A part of what a check says, and statements that break it and mend it; $1 is the slot, $2 what is broken. */
const cases: readonly (readonly [says: string, what: string | null, breaks: string, mends: string, at?: number])[] = [
  [
    'A mailbox follows',
    active.mailbox,
    `insert into mailbox_profile (slot, mailbox, status, status_by_agreement, changed_at, second_factor) values ($1, $2, 'suspended', true, '2026-01-01', false)`,
    'delete from mailbox_profile where slot = $1 and mailbox = $2',
    active.mailboxSlot,
  ],
  [
    'A mailbox follows',
    stopped.mailbox,
    `update mailbox_profile set status = 'active' where slot = $1 and mailbox = $2`,
    `update mailbox_profile set status = 'suspended' where slot = $1 and mailbox = $2`,
    stopped.mailboxSlot,
  ],
  [
    'leads to its mailbox',
    active.id,
    `update contract set mailbox = '00000000-0000-7000-8000-000000000000' where slot = $1 and id = $2`,
    `update contract set mailbox = '${active.mailbox}' where slot = $1 and id = $2`,
  ],
  [
    'An open renewal is that',
    renewal.id,
    `update renewal set contract = '${ended.id}' where slot = $1 and id = $2`,
    `update renewal set contract = '${expiring.id}' where slot = $1 and id = $2`,
  ],
  [
    'What waits for money',
    awaiting.id,
    `update payment set state = 'cancelled' where slot = $1 and subject = $2`,
    `update payment set state = 'awaited' where slot = $1 and subject = $2`,
  ],
  [
    'What waits for money',
    requested.id,
    `insert into payment (slot, reference, subject_kind, subject, method, cents, state, created_at) values ($1, 'PECX', 'request', $2, 'card', 1, 'awaited', '2026-01-01')`,
    `delete from payment where slot = $1 and subject = $2`,
  ],
  ...(
    [
      ['What a request waits for', requested.id, 'abandon'],
      ['What came to nothing', abandoned.id, 'erase-request'],
      ['opens for renewal', active.id, 'open-renewal'],
      ['A contract expires', expiring.id, 'expire'],
      ['What has expired or was stopped', stopped.id, 'end'],
      ['The identity document', approved.id, 'delete-document'],
    ] as const
  ).map(
    ([says, id, kind]) =>
      [
        says,
        id,
        `update agreement_timer set kind = 'gone' where slot = $1 and subject = $2 and kind = '${kind}'`,
        `update agreement_timer set kind = '${kind}' where slot = $1 and subject = $2 and kind = 'gone'`,
      ] as const,
  ),
  [
    'The content of what has ended',
    ended.id,
    'update contract set content_deleted_at = null where slot = $1 and id = $2',
    'update contract set content_deleted_at = state_at where slot = $1 and id = $2',
  ],
  [
    'What is paid is paid',
    approved.id,
    `update payment set state = 'cancelled' where slot = $1 and subject = $2`,
    `update payment set state = 'registered' where slot = $1 and subject = $2`,
  ],
  [
    'holds its address',
    requested.id,
    `update request set address = 'x@y.test' where slot = $1 and id = $2`,
    `update request set address = '${requested.address}' where slot = $1 and id = $2`,
  ],
  [
    'Of an erased request',
    abandoned.id,
    `update request set erased_at = created_at where slot = $1 and id = $2`,
    `update request set erased_at = null where slot = $1 and id = $2`,
  ],
  [
    'A document is there whole',
    awaiting.id,
    `update document set deleted_at = created_at where slot = $1 and request = $2`,
    `update document set deleted_at = null where slot = $1 and request = $2`,
  ],
  [
    'A notice is about',
    active.id,
    `update notice set subject_kind = 'request' where slot = $1 and subject = $2`,
    `update notice set subject_kind = 'contract' where slot = $1 and subject = $2`,
  ],
  [
    'numbered without a gap',
    order,
    'update address_history set facts = facts + 1 where slot = $1 and order_code = $2',
    'update address_history set facts = facts - 1 where slot = $1 and order_code = $2',
  ],
  [
    'the last one of a member says',
    active.taxCode,
    `update address_fact set registered = null where slot = $1 and tax_code = $2`,
    `update address_fact set registered = address where slot = $1 and tax_code = $2`,
  ],
  [
    'Since when a member',
    active.taxCode,
    `update member set warned_on = '2026-01-01' where slot = $1 and tax_code = $2`,
    'update member set warned_on = null where slot = $1 and tax_code = $2',
  ],
  [
    'begin where the one before ended',
    order,
    'update register_export set after_fact = 1 where slot = $1 and order_code = $2',
    'update register_export set after_fact = 0 where slot = $1 and order_code = $2',
  ],
  [
    'An export is what was sent',
    order,
    `update register_export set lines = lines + 1 where slot = $1 and order_code = $2`,
    'update register_export set lines = lines - 1 where slot = $1 and order_code = $2',
  ],
  [
    'An export is what was sent',
    order,
    `update register_export set bytes = bytes || 'x' where slot = $1 and order_code = $2`,
    'update register_export set bytes = substr(bytes, 1, octet_length(bytes) - 1) where slot = $1 and order_code = $2',
  ],
]

test('each check finds what is broken, and only it does', async () => {
  for (const [says, what, breaks, mends, at = slot] of cases) {
    await database.transactor.call(at, breaks, [at, what])
    const violated = await found()
    assert.ok(violated.length === 1 && violated[0]?.includes(says), `${breaks}\n${violated.join('\n')}`)
    await database.transactor.call(at, mends, [at, what])
  }
  assert.deepEqual(await found(), [])
})

test('every check is among them', async () => {
  const tried = AGREEMENT_CHECKS.filter((one) => cases.some(([says]) => one.says.includes(says)))
  assert.deepEqual(
    AGREEMENT_CHECKS.filter((one) => !tried.includes(one)).map(({ says }) => says),
    [],
  )
})
