import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALLOWED, checkedRoles, OPERATOR_ROLES, requireRole, roleFor, type OperatorAct, type OperatorRole } from './roles.ts'

/** Written once more, by role, so that neither table is changed alone. */
const EXPECTED: Record<OperatorRole, readonly OperatorAct[]> = {
  administrator: [
    'read-figures',
    'manage-operators',
    'manage-keys',
    'manage-settings',
    'manage-domains',
    'manage-tokens',
    'manage-webhooks',
    'manage-holds',
  ],
  desk: ['read-figures', 'manage-agreements', 'decide-requests', 'manage-mailboxes', 'register-payments', 'read-mailboxes'],
  support: ['read-figures', 'read-mailboxes', 'find-messages'],
  auditor: ['read-figures', 'read-mailboxes', 'find-messages', 'read-ledger', 'read-audit'],
}

const acts = Object.keys(ALLOWED) as OperatorAct[]

for (const act of acts) {
  for (const role of OPERATOR_ROLES) {
    const allowed = EXPECTED[role].includes(act)
    test(`${role}: ${act}: ${allowed ? 'yes' : 'no'}`, () => {
      assert.equal(roleFor(act, [role]), allowed ? role : undefined)
      if (allowed) assert.equal(requireRole(act, [role]), role)
      else assert.throws(() => requireRole(act, [role]), { code: 'not-allowed' })
    })
  }
}

test('every combination of roles allows what one of them does, and no role nothing', () => {
  for (let mask = 0; mask < 2 ** OPERATOR_ROLES.length; mask++) {
    const roles = OPERATOR_ROLES.filter((_, bit) => (mask >> bit) % 2 === 1)
    for (const act of acts) {
      const role = roleFor(act, roles)
      assert.equal(
        role !== undefined,
        roles.some((one) => EXPECTED[one].includes(act)),
      )
      if (role) assert.ok(roles.includes(role))
    }
  }
})

test('an auditor changes nothing', () => {
  assert.deepEqual(
    EXPECTED.auditor.filter((act) => !/^(read|find)-/.test(act)),
    [],
  )
})

test('roles are read from words', () => {
  assert.deepEqual(checkedRoles(['desk', 'auditor', 'desk']), ['desk', 'auditor'])
  assert.throws(() => checkedRoles(['root']), { code: 'no-such-role' })
})
