/** What must hold of requests, contracts, renewals, payments, and of what orders and register are told of addresses. */
import type { Check } from '../../storage/consistency.ts'
import { STATUSES, type MailboxStatus } from '../status.ts'
import { MAILBOX_STATUS, STATES } from './states.ts'
import type { TimerKind } from './steps.ts'

const list = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(', ')

const LIVING = list(['active', 'expiring', 'suspended'])

/** How strict the status of a mailbox is, as SQL. */
const strictness = (status: string): string => `array_position(array[${list(STATUSES)}], ${status})`

/** The status that a contract's state asks for, as SQL. */
const WANTED = `case c.state ${Object.entries<MailboxStatus>(MAILBOX_STATUS)
  .map(([state, status]) => `when '${state}' then '${status}'`)
  .join(' ')} end`

const hasTimer = (row: string, ...kinds: TimerKind[]): string =>
  `exists (select from agreement_timer t where t.slot = ${row}.slot and t.subject = ${row}.id and t.kind in (${list(kinds)}))`

/** Subjects of a kind that are so, and have no timer for what comes next. */
const untimed = (table: 'request' | 'contract', condition: string, kind: TimerKind): string =>
  `select '${table} ' || s.id || ' has no timer ${kind}' as problem from ${table} s where ${condition} and not ${hasTimer('s', kind)}`

const check = (says: string, sql: string, invariant = 'agreement'): Check => ({ invariant, says, sql })

const CONTRACTS: readonly Check[] = [
  check(
    'A mailbox follows the state of its contract, or an operator is stricter',
    `select 'contract ' || c.id || ' is ' || c.state || ', its mailbox ' || coalesce(p.status, 'active') as problem
     from contract c left join mailbox_profile p on p.slot = c.mailbox_slot and p.mailbox = c.mailbox
     where not ${hasTimer('c', 'make-mailbox', 'mailbox')} and (${strictness(`coalesce(p.status, 'active')`)} < ${strictness(WANTED)}
       or (p.status_by_agreement and p.status <> ${WANTED}))`,
  ),
  check(
    'The address of a contract leads to its mailbox, which is there',
    `select 'contract ' || c.id as problem from contract c where not ${hasTimer('c', 'make-mailbox')} and not exists (
       select from address a join mailbox m on m.slot = a.mailbox_slot and m.id = a.mailbox
       where a.address = c.address and a.mailbox = c.mailbox and m.address = c.address)`,
  ),
  check(
    'An open renewal is that of a contract that lives',
    `select 'renewal ' || r.id as problem from renewal r join contract c on c.slot = r.slot and c.id = r.contract
     where r.state in ('awaiting-payment', 'late-pending') and c.state not in (${LIVING})`,
  ),
]

const PAYMENTS: readonly Check[] = [
  check(
    'What is paid is paid: a request from the review on, and a renewal that is concluded, has a registered payment',
    `select s.kind || ' ' || s.id as problem from (
       select 'request' as kind, slot, id from request where state in ('review-pending', 'approved')
       union all select 'renewal', slot, id from renewal where state = 'concluded') s
     where not exists (select from payment p where p.slot = s.slot and p.subject = s.id and p.state = 'registered')`,
  ),
  check(
    'What waits for money has a payment, and a payment is awaited for what waits',
    `select 'nothing is awaited for ' || s.id as problem from (
       select slot, id from request where state = 'payment-pending'
       union all select slot, id from renewal where state = 'awaiting-payment') s
     where not exists (select from payment p where p.slot = s.slot and p.subject = s.id and p.state = 'awaited')
     union all select 'payment ' || p.reference from payment p where p.state = 'awaited' and not exists (
       select from request r where r.slot = p.slot and r.id = p.subject and r.state in ('identity-pending', 'payment-pending')
       union all select from renewal r where r.slot = p.slot and r.id = p.subject and r.state in ('awaiting-payment', 'late-pending'))`,
  ),
]

const TIMERS: readonly Check[] = [
  check(
    'What a request waits for ends some day',
    untimed('request', `s.state in ('requested', 'identity-pending', 'payment-pending')`, 'abandon'),
  ),
  check(
    'What came to nothing is erased some day',
    untimed('request', `s.state in ('rejected', 'abandoned') and s.erased_at is null`, 'erase-request'),
  ),
  check(
    'The identity document of who was approved is deleted some day',
    untimed(
      'request',
      `s.state = 'approved' and exists (select from document d where d.slot = s.slot and d.request = s.id and d.sealed is not null)`,
      'delete-document',
    ),
  ),
  check('A contract that is active opens for renewal', untimed('contract', `s.state = 'active'`, 'open-renewal')),
  check('A contract expires', untimed('contract', `s.state in ('active', 'expiring')`, 'expire')),
  check(
    'What has expired or was stopped ends',
    untimed(
      'contract',
      `s.state in (${list(STATES.contract.filter((state) => !['active', 'expiring', 'ended'].includes(state)))})`,
      'end',
    ),
  ),
  check(
    'The content of what has ended is deleted',
    untimed('contract', `s.state = 'ended' and s.content_deleted_at is null`, 'delete-content'),
  ),
]

const KEPT: readonly Check[] = [
  check(
    'A request that is under way holds its address',
    `select 'request ' || r.id as problem from request r
     where r.state in ('requested', 'identity-pending', 'payment-pending', 'review-pending')
       and not exists (select from address_hold h where h.address = r.address and h.request = r.id)`,
  ),
  check(
    'Of an erased request nothing is left of the person, nor a document',
    `select 'request ' || r.id as problem from request r where r.erased_at is not null and (r.tax_code || r.surname || r.given_name || r.email
       || r.phone || r.address <> '' or exists (select from document d where d.slot = r.slot and d.request = r.id and d.sealed is not null))`,
  ),
  check(
    'A document is there whole, or deleted whole',
    `select 'document ' || id as problem from document
     where (sealed is null) <> (deleted_at is not null) or (sealed is null) <> (nonce is null)`,
  ),
  check(
    'A notice is about something that there is',
    `select 'notice ' || n.id as problem from notice n where not exists (
       select from request s where n.subject_kind = 'request' and s.slot = n.slot and s.id = n.subject
       union all select from contract s where n.subject_kind = 'contract' and s.slot = n.slot and s.id = n.subject
       union all select from renewal s where n.subject_kind = 'renewal' and s.slot = n.slot and s.id = n.subject
       union all select from address_elsewhere s where n.subject_kind = 'elsewhere' and s.slot = n.slot and s.id = n.subject)`,
  ),
]

/** The address of a member that lives: by a contract, or proved elsewhere. */
const LIVING_ADDRESS = `select c.slot, c.order_code, h.tax_code, c.address from contract c join holder h on h.slot = c.slot and h.id = c.holder
    where c.state in (${LIVING})
  union all select slot, order_code, tax_code, address from address_elsewhere where state = 'proved'`

const HISTORY: readonly Check[] = [
  check(
    'The facts of an order are numbered without a gap',
    `select 'order ' || order_code as problem from address_history h where facts <> (
       select coalesce(max(number), 0) from address_fact f where f.slot = h.slot and f.order_code = h.order_code)
       or facts <> (select count(*) from address_fact f where f.slot = h.slot and f.order_code = h.order_code)`,
    'I6',
  ),
  check(
    'What has become of an address is a fact: the last one of a member says which address lives',
    `select 'member ' || m.tax_code || ' of ' || m.order_code as problem from member m
     left join (${LIVING_ADDRESS}) a on a.slot = m.slot and a.order_code = m.order_code and a.tax_code = m.tax_code
     left join lateral (select registered from address_fact f where f.slot = m.slot and f.order_code = m.order_code
       and f.tax_code = m.tax_code order by number desc limit 1) f on true
     where f.registered is distinct from a.address or m.address is distinct from f.registered`,
    'I6',
  ),
  check(
    'Since when a member has no address is known of those who have none',
    `select 'member ' || tax_code || ' of ' || order_code as problem from member
     where (address is null) <> (without_since is not null) or (address is not null and (warned_on is not null or proposed_on is not null))`,
  ),
  check(
    'Exports to the register begin where the one before ended, and leave no fact out',
    `select 'export ' || number || ' of ' || order_code as problem from (
       select e.*, lag(to_fact, 1, 0) over w as before, lag(number, 1, 0) over w as preceding, h.facts, h.exports,
         max(number) over (partition by e.slot, e.order_code) as last
       from register_export e left join address_history h on h.slot = e.slot and h.order_code = e.order_code
       window w as (partition by e.slot, e.order_code order by number)) e
     where after_fact <> before or number <> preceding + 1 or to_fact > coalesce(facts, 0) or last is distinct from exports`,
  ),
  check(
    'An export is what was sent: its bytes have their hash, its lines are there',
    `select 'export ' || e.number || ' of ' || e.order_code as problem from register_export e where sha256(bytes) <> sha256 or lines <> (
       select count(*) from register_line l where l.slot = e.slot and l.order_code = e.order_code and l.export = e.number)`,
  ),
]

export const AGREEMENT_CHECKS: readonly Check[] = [...CONTRACTS, ...PAYMENTS, ...TIMERS, ...KEPT, ...HISTORY]
