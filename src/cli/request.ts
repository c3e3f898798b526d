/** `ceralacca request`: the requests of members, from the agreement's code to the operator's decision. */
import { writeFileSync } from 'node:fs'
import { clientError } from '../base/errors.ts'
import { LANGUAGES } from '../base/languages.ts'
import { STATES } from '../registry/agreement/states.ts'
import { choiceOf, table, textOf, wholeNumberOf, type Command, type Option } from './command.ts'
import { withInstallation } from './connect.ts'
import { hostActor } from './host-actor.ts'
import { readInput } from './roll.ts'

const PERSON = ['CODE', 'TAXCODE', 'SURNAME', 'NAME']
const REASON: Readonly<Record<string, Option>> = { reason: { type: 'string', value: 'TEXT', help: 'what the member is told' } }

const requestCheck: Command = {
  words: ['request', 'check'],
  summary: 'Whether a person is on the roll of an agreement, and which addresses are proposed.',
  operands: PERSON,
  run: ({ config, operands: [code = '', taxCode = '', surname = '', givenName = ''] }) =>
    withInstallation(config, async ({ requests }) => {
      const { agreement, member, proposals } = await requests.check({ code, taxCode, surname, givenName })
      const rows = proposals.map(({ address, free }) => [address, free ? 'free' : 'taken'])
      return { text: table([['ADDRESS', ''], ...rows]), json: { agreement, member, proposals } }
    }),
}

const requestStart: Command = {
  words: ['request', 'start'],
  summary: 'Begin a request for a member who accepts the terms.',
  operands: PERSON,
  options: {
    address: { type: 'string', value: 'ADDRESS', help: 'one of the proposed addresses' },
    email: { type: 'string', value: 'ADDRESS', help: 'ordinary address of the member' },
    phone: { type: 'string', value: 'NUMBER', help: 'telephone number' },
    years: { type: 'string', value: 'YEARS', help: '1 unless given' },
    terms: { type: 'string', value: 'VERSION', help: 'the version of the terms that the member has accepted' },
    language: {
      type: 'string',
      value: LANGUAGES.join('|'),
      help: 'in which the terms were read, and the member is written to; it unless given',
    },
  },
  run: ({ config, operands: [code = '', taxCode = '', surname = '', givenName = ''], options }) =>
    withInstallation(config, async ({ requests }) => {
      const id = await requests.start({
        code,
        taxCode,
        surname,
        givenName,
        address: textOf(options, 'address') ?? '',
        email: textOf(options, 'email') ?? '',
        phone: textOf(options, 'phone') ?? '',
        years: wholeNumberOf(options, 'years') ?? 1,
        termsVersion: textOf(options, 'terms') ?? '',
        language: choiceOf(options, 'language', LANGUAGES) ?? 'it',
      })
      return { text: `The request ${id} has begun: the e-mail address is to be confirmed.`, json: { id } }
    }),
}

const requestLink: Command = {
  words: ['request', 'link'],
  summary: 'Make a new link for the e-mail address of a request; earlier ones are of no use then.',
  operands: ['ID'],
  run: ({ config, operands: [id = ''] }) =>
    withInstallation(config, async ({ requests }) => {
      const token = await requests.confirmationLink(id, hostActor())
      return { text: token, json: { token } }
    }),
}

const requestConfirm: Command = {
  words: ['request', 'confirm'],
  summary: 'Confirm an e-mail address with the token of its link.',
  operands: ['TOKEN'],
  run: ({ config, operands: [token = ''] }) =>
    withInstallation(config, async ({ requests }) => {
      const id = await requests.confirmEmail(token)
      return { text: `The e-mail address of ${id} is confirmed.`, json: { id } }
    }),
}

const requestDocument: Command = {
  words: ['request', 'document'],
  summary: 'Give the identity document of a request (PDF, JPEG, PNG, at most 5 MB), or with --out look at it, which is recorded.',
  operands: ['ID', '[FILE]'],
  options: {
    out: { type: 'string', value: 'FILE', help: 'write the document to this file, which must not be there yet' },
    card: { type: 'boolean', help: 'the member wants to pay by card; by bank transfer unless given' },
  },
  run: ({ config, operands: [id = '', path], options }) =>
    withInstallation(config, async ({ requests, documents, payments }) => {
      const out = textOf(options, 'out')
      if ((out === undefined) === (path === undefined))
        throw clientError('usage', 'Name a FILE to give, or one to write with --out')
      if (out !== undefined) {
        const { mediaType, bytes } = await documents.show(id, hostActor())
        writeFileSync(out, bytes, { mode: 0o600, flag: 'wx' })
        return { text: `${mediaType}, ${bytes.length} bytes, in ${out}`, json: { mediaType, bytes: bytes.length } }
      }
      const row = await requests.giveDocument(
        id,
        readInput(path ?? ''),
        hostActor(),
        options['card'] === true ? 'card' : 'bank-transfer',
      )
      const [payment] = await payments.of(row.slot, id)
      const due =
        payment?.state === 'awaited' ? `: ${payment.cents} cents are awaited, with the reference ${payment.reference}` : ''
      return { text: `The request is ${row.state}${due}.`, json: { state: row.state, payment: payment ?? null } }
    }),
}

const requestApprove: Command = {
  words: ['request', 'approve'],
  summary: 'Approve a request: the mailbox is made.',
  operands: ['ID'],
  run: ({ config, operands: [id = ''] }) =>
    withInstallation(config, async ({ requests, contracts }) => {
      const contract = await contracts.get(await requests.approve(id, hostActor()))
      return { text: `${contract.address} is active until ${contract.expiresOn}; contract ${contract.id}.`, json: contract }
    }),
}

const decision = (word: 'ask-document' | 'reject', summary: string, done: string): Command => ({
  words: ['request', word],
  summary,
  operands: ['ID'],
  options: REASON,
  run: ({ config, operands: [id = ''], options }) =>
    withInstallation(config, async ({ requests }) => {
      const reason = textOf(options, 'reason') ?? ''
      await (word === 'reject' ? requests.reject : requests.askDocument)(id, reason, hostActor())
      return { text: done, json: await requests.get(id) }
    }),
})

const requestReject = decision('reject', 'Reject a request, with the reason.', 'The request is rejected.')
const requestAskDocument = decision(
  'ask-document',
  'Ask for a better document, with the reason.',
  'Another document is asked for.',
)

const requestShow: Command = {
  words: ['request', 'show'],
  summary: 'A request with its payments and notices.',
  operands: ['ID'],
  run: ({ config, operands: [id = ''] }) =>
    withInstallation(config, async ({ requests, payments, notices }) => {
      const row = await requests.get(id)
      const json = { ...row, payments: await payments.of(row.slot, id), notices: await notices.of(row.slot, id) }
      return { text: JSON.stringify(json, null, 2), json }
    }),
}

const requestList: Command = {
  words: ['request', 'list'],
  summary: 'The requests of an order, the oldest first.',
  operands: ['ORDER'],
  options: {
    state: { type: 'string', value: 'STATE', help: `only those that are: ${STATES.request.join(', ')}` },
    after: { type: 'string', value: 'ID', help: 'begin behind this one' },
    limit: { type: 'string', value: 'NUMBER', help: 'at most so many; 100 unless given' },
  },
  run: ({ config, operands: [order = ''], options }) =>
    withInstallation(config, async ({ orders, requests }) => {
      await orders.get(order)
      const all = await requests.list(order, {
        state: choiceOf(options, 'state', STATES.request) ?? null,
        after: textOf(options, 'after') ?? null,
        limit: wholeNumberOf(options, 'limit') ?? 100,
      })
      const rows = all.map((one) => [
        one.id,
        one.state,
        one.stateAt.toISOString().slice(0, 10),
        `${one.surname} ${one.givenName}`,
        one.address,
      ])
      return { text: table([['ID', 'STATE', 'SINCE', 'NAME', 'ADDRESS'], ...rows]), json: all }
    }),
}

export const requestCommands: readonly Command[] = [
  requestCheck,
  requestStart,
  requestLink,
  requestConfirm,
  requestDocument,
  requestApprove,
  requestReject,
  requestAskDocument,
  requestShow,
  requestList,
]
