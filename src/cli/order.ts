/** `ceralacca order`: the professional orders. */
import { table, type Command } from './command.ts'
import { withInstallation } from './connect.ts'
import { hostActor } from './host-actor.ts'

export const orderAdd: Command = {
  words: ['order', 'add'],
  summary: 'Record a professional order: its code, such as OMCEO-XX, and its name.',
  operands: ['CODE', 'NAME'],
  options: { email: { type: 'string', value: 'ADDRESS', help: 'ordinary address for notices to the order' } },
  run: ({ config, operands: [code = '', name = ''], options }) =>
    withInstallation(config, async ({ orders }) => {
      const order = { code, name, email: typeof options['email'] === 'string' ? options['email'] : null }
      await orders.add(order, hostActor())
      return { text: `The order ${code} is recorded.`, json: order }
    }),
}

export const orderList: Command = {
  words: ['order', 'list'],
  summary: 'List the orders.',
  run: ({ config }) =>
    withInstallation(config, async ({ orders }) => {
      const all = await orders.list()
      const rows = all.map(({ code, name, email }) => [code, name, email ?? '-'])
      return { text: table([['CODE', 'NAME', 'E-MAIL'], ...rows]), json: all }
    }),
}
