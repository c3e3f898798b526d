/** `ceralacca config`: the settings in force. */
import { shownSettings } from '../config/config.ts'
import { SETTINGS } from '../config/settings.ts'
import { table, type Command } from './command.ts'

const SETTINGS_HELP = Object.entries(SETTINGS)
  .map(([name, { help }]) => `  ${name}\n      ${help}`)
  .join('\n')

export const config: Command = {
  words: ['config'],
  summary: 'Print the settings in force; with --help, all there are.',
  details: `Settings (environment variables, or lines of the file that CERALACCA_CONFIG names):\n\n${SETTINGS_HELP}`,
  async run({ config }) {
    const shown = shownSettings(config)
    const rows = Object.entries(shown).map(([name, value]) => [
      name,
      value === null ? '(not set)' : typeof value === 'string' ? value : JSON.stringify(value),
    ])
    return { text: table(rows), json: shown }
  },
}
