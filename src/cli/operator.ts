/** `ceralacca operator`: the people who look after the service. */
import { clientError } from '../base/errors.ts'
import { OPERATOR_ROLES } from '../registry/operators/roles.ts'
import { hostActor } from './host-actor.ts'
import { choosePassword, PASSWORD_OPTION } from './password.ts'
import { table, textOf, type Command } from './command.ts'
import { withInstallation } from './connect.ts'

const ROLES_HELP = [
  'administrator: operators, keys, settings, domains, legal holds.',
  'desk: requests, mailboxes, payments, agreements.',
  'support: finds messages by what the ledger tells of them, never their content.',
  'auditor: reads the ledger and the audit log, and changes nothing.',
].join('\n')

const rolesOf = (text: string): string[] => text.split(',').filter((word) => word !== '')

export const operatorAdd: Command = {
  words: ['operator', 'add'],
  summary: 'Make an operator with roles and a password.',
  operands: ['NAME'],
  options: {
    ...PASSWORD_OPTION,
    roles: { type: 'string', value: 'LIST', help: `of ${OPERATOR_ROLES.join(',')}` },
    order: { type: 'string', value: 'CODE', help: 'somebody of this order, who has no role and sees of it alone' },
  },
  details: `${ROLES_HELP}\nWith the password alone he can do nothing but add a second factor.`,
  async run(invocation) {
    const [name = ''] = invocation.operands
    const roles = rolesOf(String(invocation.options['roles'] ?? ''))
    const order = textOf(invocation.options, 'order')
    if (order !== undefined && roles.length > 0)
      throw clientError('usage', 'Say --roles or --order: a user of an order has no role')
    const { password, made } = await choosePassword(invocation)
    return withInstallation(invocation.config, async ({ operators }) => {
      const known = await operators.list()
      if (known.some((one) => one.name === name)) throw clientError('operator-exists', `There is an operator ${name} already`)
      if (order === undefined) await operators.set(name, password, hostActor(), roles)
      else await operators.addOrderUser(name, password, order, hostActor())
      return {
        text: made ? `Operator ${name}, password ${password}` : `Operator ${name} is made.`,
        json: { name, roles, order: order ?? null, ...(made && { password }) },
      }
    })
  },
}

export const operatorSet: Command = {
  words: ['operator', 'set'],
  summary: 'Make an operator, or give him a new password.',
  operands: ['NAME'],
  options: PASSWORD_OPTION,
  details: 'A new one has no role: see "ceralacca operator roles". Of one that is there, the sessions end.',
  async run(invocation) {
    const [name = ''] = invocation.operands
    const { password, made } = await choosePassword(invocation)
    return withInstallation(invocation.config, async ({ operators }) => {
      await operators.set(name, password, hostActor())
      return {
        text: made ? `Operator ${name}, password ${password}` : `Operator ${name} is set.`,
        json: { name, ...(made && { password }) },
      }
    })
  },
}

export const operatorRoles: Command = {
  words: ['operator', 'roles'],
  summary: 'Set the roles of an operator.',
  operands: ['NAME', 'LIST'],
  details: `LIST with commas, or "none".\n${ROLES_HELP}`,
  run: ({ config, operands: [name = '', list = ''] }) =>
    withInstallation(config, async ({ operators }) => {
      const roles = list === 'none' ? [] : rolesOf(list)
      await operators.setRoles(name, roles, hostActor())
      return { text: `Roles of ${name}: ${roles.join(', ') || 'none'}.`, json: { name, roles } }
    }),
}

const disabling = (word: 'disable' | 'enable', summary: string): Command => ({
  words: ['operator', word],
  summary,
  operands: ['NAME'],
  run: ({ config, operands: [name = ''] }) =>
    withInstallation(config, async ({ operators }) => {
      const disabled = word === 'disable'
      await operators.setDisabled(name, disabled, hostActor())
      return { text: `${name} may ${disabled ? 'not ' : ''}sign in.`, json: { name, disabled } }
    }),
})

export const operatorDisable = disabling('disable', 'Keep an operator out, and end his sessions.')
export const operatorEnable = disabling('enable', 'Let an operator in again.')

export const operatorResetSecondFactor: Command = {
  words: ['operator', 'reset-second-factor'],
  summary: 'Take all second factors and recovery codes of an operator away: he adds a new one when he signs in.',
  operands: ['NAME'],
  details: 'Who knows his password could do so in his place: give him a new one with "ceralacca operator set" too.',
  run: ({ config, operands: [name = ''] }) =>
    withInstallation(config, async ({ operators }) => {
      await operators.resetSecondFactor(name, hostActor())
      return { text: `${name} has no second factor, and no session.`, json: { name } }
    }),
}

export const operatorSessions: Command = {
  words: ['operator', 'sessions'],
  summary: 'Tell how many sessions an operator has; or end them.',
  operands: ['NAME'],
  options: { end: { type: 'boolean', help: 'end all of them' } },
  run: ({ config, operands: [name = ''], options: { end } }) =>
    withInstallation(config, async ({ operators }) => {
      if (end === true) {
        const ended = await operators.endSessions(name, hostActor())
        return { text: `${ended} sessions of ${name} are ended.`, json: { name, ended } }
      }
      const operator = (await operators.list()).find((one) => one.name === name)
      if (!operator) throw clientError('no-such-operator', `There is no operator ${name}`)
      return { text: `${name} has ${operator.sessions} sessions.`, json: { name, sessions: operator.sessions } }
    }),
}

export const operatorList: Command = {
  words: ['operator', 'list'],
  summary: 'List the operators with their roles and second factors.',
  run: ({ config }) =>
    withInstallation(config, async ({ operators }) => {
      const all = await operators.list()
      const rows = all.map(({ name, roles, order, disabled, totp, passkeys, recoveryCodes, sessions }) => [
        name,
        disabled ? 'disabled' : order === null ? roles.join(',') || 'none' : `order ${order}`,
        [...(totp ? ['app'] : []), ...(passkeys > 0 ? [`${passkeys} passkeys`] : [])].join(', ') || 'none',
        String(recoveryCodes),
        String(sessions),
      ])
      return { text: table([['NAME', 'ROLES', 'SECOND FACTOR', 'RECOVERY CODES', 'SESSIONS'], ...rows]), json: all }
    }),
}
