/** `ceralacca domain`: the certified domains that this provider serves. */
import type { Command } from './command.ts'
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
    withInstallation(config, async ({ domains }) => {
      const names = await domains.list()
      return { text: names.join('\n'), json: names }
    }),
}
