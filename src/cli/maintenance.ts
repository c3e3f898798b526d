/** `ceralacca maintenance`: planned maintenance, declared beforehand. */
import { clientError } from '../base/errors.ts'
import { serviceLevelOf } from '../wiring/service-level-parts.ts'
import { readDate, table, type Command } from './command.ts'
import { withInstallation } from './connect.ts'

const FAR = { from: 0, to: 8e12 }

export const maintenanceAdd: Command = {
  words: ['maintenance', 'add'],
  summary: 'Declare planned maintenance beforehand: outages in that time are counted apart.',
  options: {
    from: { type: 'string', value: 'DATE', help: 'its beginning: 2026-03-15T22:00:00Z; times are UTC where they do not say' },
    to: { type: 'string', value: 'DATE', help: 'its end' },
    reason: { type: 'string', value: 'TEXT', help: 'what is done' },
  },
  run: ({ config, options: { from, to, reason } }) => {
    if (typeof from !== 'string' || typeof to !== 'string') throw clientError('usage', 'say --from and --to')
    if (typeof reason !== 'string' || reason === '') throw clientError('usage', 'say what is done with --reason')
    const span = { from: readDate(from), to: readDate(to) }
    return withInstallation(config, async (installation) => {
      const window = await serviceLevelOf(config, installation).declareMaintenance(span, reason)
      return { text: `Maintenance ${window.id} is declared.`, json: window }
    })
  },
}

export const maintenanceList: Command = {
  words: ['maintenance', 'list'],
  summary: 'List declared maintenance.',
  run: ({ config }) =>
    withInstallation(config, async (installation) => {
      const windows = await serviceLevelOf(config, installation).queries.maintenance(FAR)
      const time = (ms: number): string => new Date(ms).toISOString()
      const rows = windows.map(({ id, from, to, reason }) => [id, time(from), time(to), reason])
      return { text: table([['ID', 'FROM', 'TO', 'REASON'], ...rows]), json: windows }
    }),
}

export const maintenanceRemove: Command = {
  words: ['maintenance', 'remove'],
  summary: 'Remove declared maintenance that has not begun.',
  operands: ['ID'],
  run: ({ config, operands: [id = ''] }) =>
    withInstallation(config, async (installation) => {
      const removed = await serviceLevelOf(config, installation).queries.removeMaintenance(id, installation.now())
      if (!removed) throw clientError('no-such-maintenance', `There is no maintenance ${id} that has not begun`)
      return { text: `Maintenance ${id} is removed.`, json: { id } }
    }),
}
