/** Every state, event and role: what must happen stands here once more, written by hand, and nothing else may. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAILBOX_STATUS, ROLES, STATES, TRANSITIONS, transitionFor, type State, type Subject } from './states.ts'

/** `subject state event: roles → state`; what is not here is refused. */
const ALLOWED = `
request requested confirm-email: holder → identity-pending
request identity-pending give-document: holder operator → payment-pending
request identity-pending give-document-paid: holder operator → review-pending
request payment-pending pay: operator machine → review-pending
request payment-pending ask-document: operator → identity-pending
request review-pending ask-document: operator → identity-pending
request review-pending approve: operator → approved
request requested reject: operator → rejected
request identity-pending reject: operator → rejected
request payment-pending reject: operator → rejected
request review-pending reject: operator → rejected
request requested abandon: holder machine → abandoned
request identity-pending abandon: holder machine → abandoned
request payment-pending abandon: holder machine → abandoned
contract active open-renewal: machine → expiring
contract active renew: operator machine → active
contract expiring renew: operator machine → active
contract suspended renew: operator machine → active
contract active expire: machine → suspended
contract expiring expire: machine → suspended
contract active revoke: order operator → revoked
contract expiring revoke: order operator → revoked
contract suspended revoke: order operator → revoked
contract active withdraw: holder operator → withdrawn
contract expiring withdraw: holder operator → withdrawn
contract suspended withdraw: holder operator → withdrawn
contract active transfer: holder operator → withdrawn
contract expiring transfer: holder operator → withdrawn
contract suspended transfer: holder operator → withdrawn
contract active die: order operator → deceased
contract expiring die: order operator → deceased
contract suspended die: order operator → deceased
contract revoked die: order operator → deceased
contract withdrawn die: order operator → deceased
contract suspended end: machine → ended
contract revoked end: machine → ended
contract withdrawn end: machine → ended
contract deceased end: machine → ended
renewal awaiting-payment pay: operator machine → concluded
renewal awaiting-payment pay-late: operator machine → late-pending
renewal late-pending accept-late: operator → awaiting-payment
renewal late-pending accept-late-paid: operator → concluded
renewal late-pending refuse-late: operator → refused
renewal awaiting-payment cancel: holder operator → lapsed
renewal late-pending cancel: holder operator → lapsed
renewal awaiting-payment lapse: machine → lapsed
renewal late-pending lapse: machine → lapsed`

const allowed = new Map(
  ALLOWED.trim()
    .split('\n')
    .map((line) => {
      const [, key = '', roles = '', to = ''] = /^(.+): (.+) → (.+)$/.exec(line) ?? []
      return [key, { roles: roles.split(' '), to }]
    }),
)
const subjects = Object.keys(STATES) as Subject[]
const events = new Set(TRANSITIONS.map(({ event }) => event))

test('every state, event and role does what it should, and nothing else', () => {
  let asked = 0
  for (const subject of subjects)
    for (const state of STATES[subject])
      for (const event of events)
        for (const role of ROLES) {
          const rule = allowed.get(`${subject} ${state} ${event}`)
          const answer = transitionFor(subject, state, event, role)
          const got = 'transition' in answer ? answer.transition.to : answer.refused
          const expected = !rule ? 'not-in-this-state' : rule.roles.includes(role) ? rule.to : 'not-yours'
          assert.equal(got, expected, `${subject} ${state} ${event} by ${role}`)
          asked++
        }
  assert.equal(asked, 19 * events.size * ROLES.length)
  assert.equal(events.size, 22)
})

test('one state and event have one transition', () => {
  const keys = TRANSITIONS.flatMap(({ subject, from, event }) => from.map((state) => `${subject} ${state} ${event}`))
  assert.equal(new Set(keys).size, keys.length)
  assert.deepEqual(new Set(keys), new Set(allowed.keys()))
})

test('a transition stays among the states of its subject', () => {
  for (const { subject, from, to } of TRANSITIONS) {
    const states: readonly State[] = STATES[subject]
    for (const state of [...from, to]) assert.ok(states.includes(state), `${subject} ${state}`)
  }
})

test('every state can be reached, and the ends have no way on', () => {
  const starts: Record<Subject, readonly State[]> = {
    request: ['requested'],
    contract: ['active'],
    renewal: ['awaiting-payment', 'late-pending'],
  }
  const ends: State[] = []
  for (const subject of subjects) {
    const reached = new Set(starts[subject])
    const own = TRANSITIONS.filter((one) => one.subject === subject)
    for (let before = -1; before !== reached.size;) {
      before = reached.size
      for (const { from, to } of own) if (from.some((state) => reached.has(state))) reached.add(to)
    }
    assert.deepEqual(reached, new Set(STATES[subject]))
    for (const state of STATES[subject]) if (!own.some(({ from }) => (from as readonly State[]).includes(state))) ends.push(state)
  }
  assert.deepEqual(ends, ['approved', 'rejected', 'abandoned', 'ended', 'concluded', 'refused', 'lapsed'])
})

test('whatever changes what a mailbox may do moves the mailbox, tells the holder but the dead, and is a fact that the order is told', () => {
  const statusOf = (state: State) => (MAILBOX_STATUS as Record<string, string>)[state]
  for (const { subject, from, to, event, ...effect } of TRANSITIONS) {
    if (subject !== 'contract' || from.every((state) => statusOf(state) === statusOf(to))) continue
    assert.ok('mailbox' in effect, event)
    assert.ok('tell' in effect || event === 'die', event)
    assert.ok('fact' in effect, event)
  }
})
