/** `ceralacca domain`: the certified domains that this provider serves. */
import { clientError } from '../base/errors.ts'
import { choiceOf, table, type Command } from './command.ts'
import { withInstallation } from './connect.ts'

export const domainAdd: Command = {
  words: ['domain', 'add'],
  summary: 'Serve a certified domain.',
  operands: ['DOMAIN'],
  run: ({ config, operands: [name = ''] }) =>
    withInstallation(config, async ({ domains }) => {
      await domains.add(name)
      return { text: `${name.toLowerCase()} is served now.`, json: { domain: name.toLowerCase() } }
    }),
}

export const domainList: Command = {
  words: ['domain', 'list'],
  summary: 'List the certified domains that are served.',
  run: ({ config }) =>
    withInstallation(config, async ({ domains, profiles }) => {
      const names = await domains.list()
      const rows = await Promise.all(names.map(async (name) => [name, await profiles.domainPolicy(name)]))
      return { text: table([['DOMAIN', 'ORDINARY MAIL OUT'], ...rows]), json: names }
    }),
}

export const domainSet: Command = {
  words: ['domain', 'set'],
  summary: 'Change what the mailboxes of a domain may do.',
  operands: ['DOMAIN'],
  options: {
    'outgoing-ordinary': {
      type: 'string',
      value: 'allow|refuse',
      help: 'may they write to ordinary addresses, where the mailbox says nothing else; at first: allow',
    },
  },
  run({ config, options, operands: [name = ''] }) {
    const policy = choiceOf(options, 'outgoing-ordinary', ['allow', 'refuse'])
    if (!policy) throw clientError('usage', 'Say what to change: see "ceralacca domain set --help"')
    return withInstallation(config, async ({ profiles }) => {
      await profiles.setDomainPolicy(name, policy)
      const domain = name.toLowerCase()
      return { text: `Ordinary mail from ${domain}: ${policy}.`, json: { domain, outgoingOrdinary: policy } }
    })
  },
}
