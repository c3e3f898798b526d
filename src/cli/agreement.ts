/** `ceralacca agreement`: the agreements with professional orders. */
import { table, type Command } from './command.ts'
import { withInstallation } from './connect.ts'

export const agreementAdd: Command = {
  words: ['agreement', 'add'],
  summary: "Record an agreement with an order: its code, the order's name, the domain of its members' addresses.",
  operands: ['CODE', 'ORDER', 'DOMAIN'],
  run: ({ config, operands: [code = '', order = '', domain = ''] }) =>
    withInstallation(config, async ({ agreements }) => {
      await agreements.add({ code, order, domain })
      return { text: `The agreement ${code} with ${order} is recorded.`, json: { code, order, domain } }
    }),
}

export const agreementList: Command = {
  words: ['agreement', 'list'],
  summary: 'List the agreements.',
  run: ({ config }) =>
    withInstallation(config, async ({ agreements }) => {
      const all = await agreements.list()
      const rows = all.map(({ code, order, domain }) => [code, order, domain])
      return { text: table([['CODE', 'ORDER', 'DOMAIN'], ...rows]), json: all }
    }),
}
