/**
 * Writes what of the documents derives from the code, into docs/reference: `node scripts/run.mjs scripts/docs.ts`. test/docs.test.ts fails while a
 * file is not what this writes.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readConfig } from '../src/config/config.ts'
import { SETTINGS } from '../src/config/settings.ts'
import { SAMPLES, sampleLetter, type Sample } from '../src/notices/letters/samples.ts'
import { PROBLEM_TYPES } from '../src/protocols/http/api/problem-types.ts'
import { openApiDocument } from '../src/protocols/http/api/written-document.ts'
import { webhookReference } from '../src/webhooks/event-reference.ts'

const reference = (name: string): string => fileURLToPath(new URL(`../docs/reference/${name}`, import.meta.url))

/** What the services behind the ports are, by the names of `Config.ports`. */
const SERVICES: Readonly<Record<string, string>> = {
  submissions: 'Submission (SMTP), TLS',
  submission: 'Submission (SMTP), STARTTLS',
  imaps: 'IMAP, TLS',
  imap: 'IMAP, STARTTLS',
  pop3s: 'POP3, TLS',
  pop3: 'POP3, STARTTLS',
  mx: 'MX (SMTP), STARTTLS',
  https: 'HTTPS: pages, API (`/api/v1`), `/healthz`',
}

/** The text of docs/reference/configuration.md, from the table of settings and the default ports. */
function configurationReference(): string {
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

const READERS: Readonly<Record<Sample['to'], string>> = { holder: 'to the holder', order: 'to the order' }
const titleOf = ({ kind, to, data }: Sample): string => `\`${kind}\` ${READERS[to]}${'fact' in data ? `: ${data['fact']}` : ''}`

/** The text of docs/reference/notices.md: what each notice says, in both languages. */
function noticesReference(): string {
  const letters = SAMPLES.flatMap((sample) => [
    `## ${titleOf(sample)}`,
    '',
    ...(['it', 'en'] as const).flatMap((language) => {
      const { subject, text } = sampleLetter(sample, language)
      return ['```text', `Subject: ${subject}`, '', text.trimEnd(), '```', '']
    }),
  ])
  return `${[
    '<!-- Written by scripts/docs.ts from src/notices/letters: change that, then run it again. -->',
    '',
    '# The notices',
    '',
    'What members and orders are told by ordinary e-mail, with made-up names and links. Each goes as text and as HTML, which',
    '[notices.html](notices.html) shows in a browser. How they are sent: [the guide](../guides/notices.md).',
    '',
    ...letters,
  ]
    .join('\n')
    .trimEnd()}\n`
}

const attribute = (html: string): string => html.replaceAll('&', '&amp;').replaceAll('"', '&quot;')

/** The same in HTML, for a browser: docs/reference/notices.html. */
function noticesPreview(): string {
  const letters = SAMPLES.flatMap((sample) =>
    (['it', 'en'] as const).map((language) => {
      const { subject, html } = sampleLetter(sample, language)
      const title = `${titleOf(sample).replaceAll('`', '')}, ${language}: ${subject}`
      return `<h2>${attribute(title)}</h2>\n<iframe title="${attribute(title)}" sandbox width="640" height="560" srcdoc="${attribute(html)}"></iframe>`
    }),
  )
  return `<!-- Written by scripts/docs.ts from src/notices/letters: change that, then run it again. -->
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>The notices</title></head>
<body>
<h1>The notices</h1>
${letters.join('\n')}
</body>
</html>
`
}

/** The text of docs/reference/errors.md, from the table of the API's errors. */
function errorsReference(): string {
  const rows = Object.entries(PROBLEM_TYPES)
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([code, [status, meaning]]) => `| <a id="${code}"></a>\`${code}\` | ${status} | ${meaning.replaceAll('|', '\\|')} |`)
  return `${[
    '<!-- Written by scripts/docs.ts from src/protocols/http/api/problem-types.ts: change that, then run it again. -->',
    '',
    '# Errors of the API',
    '',
    'An error is a problem ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)): `type` leads here, `code` is stable, `detail` says what is wrong and',
    'what to do. An error has changed nothing. What has no row is 400, or 503 if it may work later.',
    '',
    '| code | status | meaning |',
    '|---|---|---|',
    ...rows,
  ].join('\n')}\n`
}

/** The files that are written, with their texts. */
export const writtenDocuments = async (): Promise<Readonly<Record<string, string>>> => ({
  [reference('configuration.md')]: configurationReference(),
  [reference('errors.md')]: errorsReference(),
  [reference('notices.md')]: noticesReference(),
  [reference('notices.html')]: noticesPreview(),
  [reference('webhook-events.md')]: webhookReference(),
  [reference('openapi.json')]: `${JSON.stringify(await openApiDocument(), null, 2)}\n`,
})

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of Object.entries(await writtenDocuments())) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}
