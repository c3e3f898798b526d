/** `ceralacca webhook`: who is told of what, and what was sent. */
import { clientError } from '../base/errors.ts'
import { SUBSCRIBABLE } from '../webhooks/event-kinds.ts'
import type { Owner, Subscription } from '../webhooks/subscriptions.ts'
import { readDate, table, textOf, wholeNumberOf, type Command } from './command.ts'
import { withInstallation } from './connect.ts'
import { hostActor } from './host-actor.ts'
import { OWNER_OPTIONS, wantedOwner } from './owner-options.ts'

const ownerOf = ({ bound, name }: Owner): string => (bound === 'provider' ? 'provider' : `${bound} ${name}`)
const stateOf = ({ state, pausedBecause }: Subscription): string =>
  pausedBecause === null ? state : `${state} (${pausedBecause})`

const add: Command = {
  words: ['webhook', 'add'],
  summary: 'Send events to an address (https) as they happen; prints the secret that signs them.',
  operands: ['URL'],
  options: {
    events: { type: 'string', value: 'LIST', help: 'kinds of events, separated by commas (see below)' },
    ...OWNER_OPTIONS,
  },
  details: `Kinds: ${SUBSCRIBABLE.join(', ')}.\nThe secret is shown once.`,
  run: ({ config, operands: [url = ''], options }) =>
    withInstallation(config, async ({ webhooks }) => {
      const kinds = (textOf(options, 'events') ?? '').split(',').filter((kind) => kind !== '')
      const made = await webhooks.add({ ...wantedOwner(options), url, kinds }, hostActor())
      return { text: `Webhook ${made.id}\nSecret  ${made.secret}`, json: made }
    }),
}

const list: Command = {
  words: ['webhook', 'list'],
  summary: 'List the webhooks.',
  run: ({ config }) =>
    withInstallation(config, async ({ webhooks }) => {
      const all = await webhooks.list()
      const rows = all.map((one) => [one.id, stateOf(one), ownerOf(one), one.url])
      return { text: table([['ID', 'STATE', 'OF', 'ADDRESS'], ...rows]), json: all }
    }),
}

const show: Command = {
  words: ['webhook', 'show'],
  summary: 'Show a webhook and what was sent to it, the last event first.',
  operands: ['ID'],
  options: { limit: { type: 'string', value: 'NUMBER', help: 'at most so many events; default 20' } },
  run: ({ config, operands: [id = ''], options }) =>
    withInstallation(config, async ({ webhooks }) => {
      const webhook = await webhooks.get(id)
      const waiting = await webhooks.waiting(id)
      const limit = wholeNumberOf(options, 'limit') ?? 20
      const deliveries = await webhooks.deliveries(id, { state: null, before: null, limit })
      const rows = deliveries.map((one) => [
        one.createdAt.toISOString(),
        one.event,
        one.kind,
        one.state,
        String(one.attempts),
        one.answer ?? '-',
      ])
      const text = [
        `${webhook.url}, of ${ownerOf(webhook)}: ${stateOf(webhook)}; ${waiting} events wait`,
        `Events: ${webhook.kinds.join(', ')}`,
        table([['AT', 'EVENT', 'KIND', 'STATE', 'ATTEMPTS', 'ANSWER'], ...rows]),
      ].join('\n')
      return { text, json: { ...webhook, waiting, deliveries } }
    }),
}

const pause: Command = {
  words: ['webhook', 'pause'],
  summary: 'Send nothing for a while; events are kept for 30 days.',
  operands: ['ID'],
  run: ({ config, operands: [id = ''] }) =>
    withInstallation(config, async ({ webhooks }) => {
      const changed = await webhooks.pause(id, hostActor())
      return { text: changed ? 'It is paused.' : 'It was paused already.', json: { id, changed } }
    }),
}

const resume: Command = {
  words: ['webhook', 'resume'],
  summary: 'Send again, beginning with what waits.',
  operands: ['ID'],
  run: ({ config, operands: [id = ''] }) =>
    withInstallation(config, async ({ webhooks }) => {
      const changed = await webhooks.resume(id, hostActor())
      return { text: changed ? 'It is active.' : 'It was active: what waits is sent now.', json: { id, changed } }
    }),
}

const replay: Command = {
  words: ['webhook', 'replay'],
  summary: 'Send once more what was sent, from a time or an event on.',
  operands: ['ID'],
  options: {
    since: { type: 'string', value: 'TIME', help: 'from a day or a time on, such as 2026-03-15T09:00:00Z' },
    event: { type: 'string', value: 'EVENT', help: 'from this event on' },
  },
  run: ({ config, operands: [id = ''], options }) =>
    withInstallation(config, async ({ webhooks }) => {
      const [since, event] = [textOf(options, 'since'), textOf(options, 'event')]
      if ((since === undefined) === (event === undefined)) throw clientError('usage', 'Give --since or --event')
      const from = event === undefined ? { since: new Date(readDate(since ?? '')) } : { event }
      const events = await webhooks.replay(id, from, hostActor())
      return { text: `${events} events are sent once more.`, json: { id, events } }
    }),
}

const skip: Command = {
  words: ['webhook', 'skip'],
  summary: 'Do not send an event that the receiver does not take.',
  operands: ['ID', 'EVENT'],
  run: ({ config, operands: [id = '', event = ''] }) =>
    withInstallation(config, async ({ webhooks }) => {
      await webhooks.skip(id, event, hostActor())
      return { text: `${event} is not sent any more.`, json: { id, event } }
    }),
}

const test: Command = {
  words: ['webhook', 'test'],
  summary: 'Send an event "webhook.test".',
  operands: ['ID'],
  run: ({ config, operands: [id = ''] }) =>
    withInstallation(config, async ({ webhooks }) => {
      const event = await webhooks.test(id)
      return { text: `${event} is on its way: see "ceralacca webhook show ${id}".`, json: { id, event } }
    }),
}

const changeSecret: Command = {
  words: ['webhook', 'secret'],
  summary: 'Make a new secret; the one before signs too, for a day.',
  operands: ['ID'],
  run: ({ config, operands: [id = ''] }) =>
    withInstallation(config, async ({ webhooks }) => {
      const made = await webhooks.changeSecret(id, hostActor())
      return {
        text: `Secret ${made.secret}\nThe one before signs until ${made.oldSecretUntil.toISOString()}.`,
        json: { id, ...made },
      }
    }),
}

const remove: Command = {
  words: ['webhook', 'remove'],
  summary: 'Remove a webhook, with all that waits for it.',
  operands: ['ID'],
  run: ({ config, operands: [id = ''] }) =>
    withInstallation(config, async ({ webhooks }) => {
      await webhooks.remove(id, hostActor())
      return { text: 'It is removed.', json: { id } }
    }),
}

export const webhookCommands: readonly Command[] = [add, list, show, pause, resume, replay, skip, test, changeSecret, remove]
