/**
 * Writes what of the documents derives from the code: `node scripts/run.mjs scripts/docs.ts` writes docs/reference/configuration.md.
 * test/docs.test.ts fails while the file is not what this writes.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readConfig } from '../src/config/config.ts'
import { SETTINGS } from '../src/config/settings.ts'

export const CONFIGURATION_PATH = fileURLToPath(new URL('../docs/reference/configuration.md', import.meta.url))

/** What the services behind the ports are, by the names of `Config.ports`. */
const SERVICES: Readonly<Record<string, string>> = {
  submissions: 'Submission (SMTP), TLS',
  submission: 'Submission (SMTP), STARTTLS',
  imaps: 'IMAP, TLS',
  imap: 'IMAP, STARTTLS',
  pop3s: 'POP3, TLS',
  pop3: 'POP3, STARTTLS',
  mx: 'MX (SMTP), STARTTLS',
  https: 'HTTPS: first page, `/healthz`',
}

/** The text of docs/reference/configuration.md, from the table of settings and the default ports. */
export function configurationReference(): string {
  const settings = Object.entries(SETTINGS).map(([name, { help, ...rest }]) => settingRow(name, help, 'secret' in rest))
  const ports = Object.entries(readConfig({}).ports).map(([service, port]) => `| ${SERVICES[service] ?? service} | ${port} |`)
  return `${[
    '<!-- Written by scripts/docs.ts from src/config/settings.ts: change that, then run it again. -->',
    '',
    '# Configuration',
    '',
    'Settings are environment variables. They may also stand in a file, one `NAME=VALUE` a line, whose path is in `CERALACCA_CONFIG`; the',
    'environment goes before the file. An empty value counts as not set. A `CERALACCA_` name that is not listed here is an error, so that a',
    'misspelt one shows. `npm run ceralacca -- config` prints the settings in force, secrets only as set or not set.',
    '',
    '| setting | meaning | default |',
    '|---|---|---|',
    ...settings,
    '',
    '## Ports',
    '',
    '`CERALACCA_PORT_OFFSET` is added to each.',
    '',
    '| service | port |',
    '|---|---|',
    ...ports,
  ].join('\n')}\n`
}

const DEFAULT = / Default: (.+)$/

function settingRow(name: string, help: string, secret: boolean): string {
  const meaning = `${help.replace(DEFAULT, '')}${secret ? ' Secret: never printed.' : ''}`
  const cells = [`\`${name}\``, meaning, DEFAULT.exec(help)?.[1] ?? '']
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(dirname(CONFIGURATION_PATH), { recursive: true })
  writeFileSync(CONFIGURATION_PATH, configurationReference())
}
