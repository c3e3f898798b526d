/** `ceralacca elsewhere`: certified addresses that members have at other providers. */
import { readTaxCode } from '../registry/people/tax-code.ts'
import { table, type Command } from './command.ts'
import { withInstallation } from './connect.ts'
import { hostActor } from './host-actor.ts'

const elsewhereStart: Command = {
  words: ['elsewhere', 'start'],
  summary: 'Note the certified address that a member has elsewhere, and send a code there that proves it.',
  operands: ['ORDER', 'TAXCODE', 'SURNAME', 'NAME', 'ADDRESS'],
  run: ({ config, operands: [order = '', taxCode = '', surname = '', givenName = '', address = ''] }) =>
    withInstallation(config, async ({ elsewhere }) => {
      const id = await elsewhere.start(order, { taxCode, surname, givenName }, address, hostActor())
      return { text: `A code is being sent to ${address}: give it with "ceralacca elsewhere prove ${id} CODE".`, json: { id } }
    }),
}

const elsewhereProve: Command = {
  words: ['elsewhere', 'prove'],
  summary: 'Give the code that came to an address elsewhere: it is the member’s from then on.',
  operands: ['ID', 'CODE'],
  run: ({ config, operands: [id = '', code = ''] }) =>
    withInstallation(config, async ({ elsewhere }) => {
      const row = await elsewhere.prove(id, code, hostActor())
      return { text: `${row.address} is proved to be that of ${row.surname} ${row.givenName}.`, json: row }
    }),
}

const elsewhereEnd: Command = {
  words: ['elsewhere', 'end'],
  summary: 'Note that a member has an address elsewhere no more.',
  operands: ['ID'],
  run: ({ config, operands: [id = ''] }) =>
    withInstallation(config, async ({ elsewhere }) => {
      const row = await elsewhere.end(id, hostActor())
      return { text: `${row.address} is ended.`, json: row }
    }),
}

const elsewhereList: Command = {
  words: ['elsewhere', 'list'],
  summary: 'The addresses that a member has and had elsewhere, with the certified message that proves each.',
  operands: ['ORDER', 'TAXCODE'],
  run: ({ config, operands: [order = '', taxCode = ''] }) =>
    withInstallation(config, async ({ elsewhere }) => {
      const all = await elsewhere.of(order, readTaxCode(taxCode).code)
      const rows = all.map((one) => [one.id, one.address, one.state, one.createdAt.toISOString(), one.sentMsgid ?? '-'])
      return { text: table([['ID', 'ADDRESS', 'STATE', 'SINCE', 'MESSAGE'], ...rows]), json: all }
    }),
}

export const elsewhereCommands: readonly Command[] = [elsewhereStart, elsewhereProve, elsewhereEnd, elsewhereList]
