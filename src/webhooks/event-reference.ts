/** The text of docs/reference/webhook-events.md, from the one list. Written by scripts/docs.ts. */
import { EVENT_KINDS } from './event-kinds.ts'

const rows = (fields: Readonly<Record<string, string>>, who: string): string[] =>
  Object.entries(fields).map(([name, meaning]) => `| \`${name}\` | ${meaning} | ${who} |`)

export function webhookReference(): string {
  const sections = Object.entries(EVENT_KINDS).flatMap(([kind, about]) => [
    `## \`${kind}\``,
    '',
    about.says,
    '',
    '| in `data` | meaning | told to |',
    '|---|---|---|',
    ...rows(about.data, 'everybody who listens'),
    ...('own' in about ? rows(about.own, 'the mailbox itself') : []),
    '',
  ])
  return [
    '<!-- Written by scripts/docs.ts from src/webhooks/event-kinds.ts: change that, then run it again. -->',
    '',
    '# Events of webhooks',
    '',
    'The body of each is JSON: `type` (the kind), `timestamp` (when it happened, ISO 8601) and `data`. How they are sent and checked is in the',
    '[guide](../guides/webhooks.md).',
    '',
    ...sections,
  ].join('\n')
}
