/** `ceralacca notices`: the ordinary e-mail that leaves: what waits, what was not delivered and why, and trying again. */
import { domainOf } from '../base/domain-of.ts'
import { clientError } from '../base/errors.ts'
import { dkimRecord } from '../notices/dkim-record.ts'
import { MAIL_STATES, type MailRow } from '../notices/mail.ts'
import { dkimKey, noticesFrom } from '../wiring/post-parts.ts'
import { choiceOf, table, wholeNumberOf, type Command } from './command.ts'
import { withInstallation } from './connect.ts'
import { hostActor } from './host-actor.ts'
import { printable } from '../base/printable.ts'

const aboutOf = ({ aboutKind, aboutSubject }: MailRow): string => (aboutKind === null ? '-' : `${aboutKind}:${aboutSubject}`)

const noticesList: Command = {
  words: ['notices', 'list'],
  summary: 'List the ordinary e-mail that waits or was not delivered, the newest first.',
  options: {
    state: { type: 'string', value: 'STATE', help: `only that which is: ${MAIL_STATES.join(', ')}` },
    limit: { type: 'string', value: 'NUMBER', help: 'at most so many; 100 unless given' },
  },
  run: ({ config, options }) =>
    withInstallation(config, async ({ postDesk }) => {
      const state = choiceOf(options, 'state', MAIL_STATES)
      const mails = await postDesk.list(state ? [state] : ['waiting', 'failed'], wholeNumberOf(options, 'limit') ?? 100)
      const rows = mails.map((mail) => [
        mail.id,
        mail.createdAt.toISOString(),
        mail.state,
        String(mail.attempts),
        mail.recipient,
        printable(mail.lastWord ?? ''),
      ])
      return { text: table([['ID', 'QUEUED', 'STATE', 'ATTEMPTS', 'RECIPIENT', 'LAST WORD'], ...rows]), json: mails }
    }),
}

const noticesShow: Command = {
  words: ['notices', 'show'],
  summary: 'What became of an e-mail, without what it says.',
  operands: ['ID'],
  run: ({ config, operands: [id = ''] }) =>
    withInstallation(config, async ({ postDesk }) => {
      const mail = await postDesk.get(id)
      const text = table([
        ['Recipient', mail.recipient],
        ['About', aboutOf(mail)],
        ['Queued', mail.createdAt.toISOString()],
        ['State', mail.closedAt ? `${mail.state} at ${mail.closedAt.toISOString()}` : mail.state],
        ['Attempts', String(mail.attempts)],
        ...(mail.state === 'waiting' ? [['Next attempt', mail.dueAt.toISOString()]] : []),
        ...(mail.lastWord === null ? [] : [['Last word', printable(mail.lastWord)]]),
      ])
      return { text, json: mail }
    }),
}

const noticesRetry: Command = {
  words: ['notices', 'retry'],
  summary: 'Try an e-mail that waits now, or send a notice of the agreement anew, with a new link.',
  operands: ['ID'],
  run: ({ config, operands: [id = ''] }) =>
    withInstallation(config, async ({ postDesk }) => {
      const done = await postDesk.retry(id, hostActor())
      return { text: done === 'now' ? 'It is tried now.' : 'The notice is sent anew, as another e-mail.', json: { id, done } }
    }),
}

const noticesDkim: Command = {
  words: ['notices', 'dkim'],
  summary: 'Print the DNS record of the DKIM key that ordinary e-mail is signed with.',
  run: async ({ config }) => {
    const key = dkimKey(config)
    if (!key)
      throw clientError('no-dkim-key', 'Set CERALACCA_DKIM_KEY_FILE: a key is made by "openssl genrsa -out dkim.pem 2048"')
    const record = dkimRecord(key.privateKey, key.selector, domainOf(noticesFrom(config)))
    return { text: `${record.name}. IN TXT ${inStrings(record.value)}`, json: record }
  },
}

/** A string of a TXT record has at most 255 bytes (RFC 1035 3.3): several are put together. */
const inStrings = (value: string): string => (value.match(/.{1,250}/g) ?? []).map((part) => `"${part}"`).join(' ')

export const noticesCommands: readonly Command[] = [noticesList, noticesShow, noticesRetry, noticesDkim]
