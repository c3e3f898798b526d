/** `ceralacca token`: programs that use the API. */
import { API_SCOPES } from '../registry/api-scopes.ts'
import { table, textOf, wholeNumberOf, type Command } from './command.ts'
import { withInstallation } from './connect.ts'
import { hostActor } from './host-actor.ts'
import { OWNER_OPTIONS, wantedOwner } from './owner-options.ts'

const add: Command = {
  words: ['token', 'add'],
  summary: 'Make a token with which a program uses the API; it is shown once.',
  operands: ['NAME'],
  options: {
    scopes: { type: 'string', value: 'LIST', help: `what it is good for, of ${API_SCOPES.join(',')}` },
    days: { type: 'string', value: 'NUMBER', help: 'how long it is good, up to 1095; default 365' },
    ...OWNER_OPTIONS,
  },
  run: ({ config, operands: [name = ''], options }) =>
    withInstallation(config, async ({ tokens }) => {
      const scopes = (textOf(options, 'scopes') ?? '').split(',').filter((scope) => scope !== '')
      const { bound, name: boundName } = wantedOwner(options)
      const days = wholeNumberOf(options, 'days') ?? 365
      const made = await tokens.add({ name, scopes, days, bound, boundName }, hostActor())
      return { text: `${made.token}\nGood until ${made.expiresAt.toISOString()}. It is not shown again.`, json: made }
    }),
}

const list: Command = {
  words: ['token', 'list'],
  summary: 'List the tokens of programs.',
  run: ({ config }) =>
    withInstallation(config, async ({ tokens, now }) => {
      const all = await tokens.list()
      const stateOf = ({ revokedAt, expiresAt }: (typeof all)[number]): string =>
        revokedAt !== null
          ? 'revoked'
          : expiresAt.getTime() <= now()
            ? 'expired'
            : `until ${expiresAt.toISOString().slice(0, 10)}`
      const rows = all.map((one) => [
        one.name,
        `cera_${one.id}...`,
        stateOf(one),
        one.bound === 'provider' ? 'provider' : `${one.bound} ${one.boundName}`,
        one.lastUsedOn ?? 'never',
        one.scopes.join(','),
      ])
      return { text: table([['NAME', 'TOKEN', 'GOOD', 'OF', 'LAST USED', 'FOR'], ...rows]), json: all }
    }),
}

const revoke: Command = {
  words: ['token', 'revoke'],
  summary: 'Revoke a token: it opens nothing from then on.',
  operands: ['NAME'],
  run: ({ config, operands: [name = ''] }) =>
    withInstallation(config, async ({ tokens }) => {
      await tokens.revoke(name, hostActor())
      return { text: `The token ${name} is revoked.`, json: { name } }
    }),
}

export const tokenCommands: readonly Command[] = [add, list, revoke]
