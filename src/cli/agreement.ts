/** `ceralacca agreement`: the agreements with professional orders. */
import { clientError } from '../base/errors.ts'
import { PAYERS, type Agreement } from '../registry/agreement/agreements.ts'
import { choiceOf, table, textOf, wholeNumberOf, type Command, type Invocation, type Option } from './command.ts'
import { withInstallation } from './connect.ts'
import { hostActor } from './host-actor.ts'

const TERMS: Readonly<Record<string, Option>> = {
  from: { type: 'string', value: 'DAY', help: 'first day, such as 2026-03-15; today unless given' },
  until: { type: 'string', value: 'DAY', help: 'last day, or none; none unless given' },
  payer: { type: 'string', value: 'WHO', help: 'who pays: member (unless given) or order' },
  price: { type: 'string', value: 'CENTS', help: 'price of a year in cents; 0 unless given' },
  durations: { type: 'string', value: 'YEARS', help: 'years that a member may take, such as 1,3; 1,2,3 unless given' },
  rule: {
    type: 'string',
    value: 'RULE',
    help: 'what stands before the "@": of name, names, n, surname; name.surname unless given',
  },
  quota: { type: 'string', value: 'BYTES', help: 'bytes of a mailbox; as the installation does unless given' },
  terms: { type: 'string', value: 'VERSION', help: 'version of the terms that members accept; 1 unless given' },
}

/** The terms that are named. @throws `usage` */
function termsOf(options: Invocation['options']): Partial<Agreement> {
  const until = textOf(options, 'until')
  const given = {
    validFrom: textOf(options, 'from'),
    validUntil: until === 'none' ? null : until,
    payer: choiceOf(options, 'payer', PAYERS),
    centsPerYear: wholeNumberOf(options, 'price'),
    durations: textOf(options, 'durations')?.split(',').map(Number),
    addressRule: textOf(options, 'rule'),
    quota: wholeNumberOf(options, 'quota'),
    termsVersion: textOf(options, 'terms'),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

export const agreementAdd: Command = {
  words: ['agreement', 'add'],
  summary: "Record an agreement with an order: its code, the order's code, the domain of its members' addresses.",
  operands: ['CODE', 'ORDER', 'DOMAIN'],
  options: TERMS,
  run: ({ config, operands: [code = '', order = '', domain = ''], options }) =>
    withInstallation(config, async ({ agreements }) => {
      await agreements.add({ code, order, domain, ...termsOf(options) }, hostActor())
      return { text: `The agreement ${code} with ${order} is recorded.`, json: await agreements.get(code) }
    }),
}

export const agreementSet: Command = {
  words: ['agreement', 'set'],
  summary: 'Change the terms of an agreement, for what is asked from now on.',
  operands: ['CODE'],
  options: TERMS,
  run: ({ config, operands: [code = ''], options }) =>
    withInstallation(config, async ({ agreements }) => {
      const terms = termsOf(options)
      if (Object.keys(terms).length === 0) throw clientError('usage', 'Say what to change: see "ceralacca agreement set --help"')
      await agreements.set(code, terms, hostActor())
      return { text: `The agreement ${code} is changed.`, json: await agreements.get(code) }
    }),
}

export const agreementList: Command = {
  words: ['agreement', 'list'],
  summary: 'List the agreements.',
  run: ({ config }) =>
    withInstallation(config, async ({ agreements }) => {
      const all = await agreements.list()
      const rows = all.map((one) => [
        one.code,
        one.order,
        one.domain,
        `${one.validFrom} - ${one.validUntil ?? ''}`.trim(),
        one.payer,
        `${one.centsPerYear}`,
        one.durations.join(','),
        one.addressRule,
      ])
      return { text: table([['CODE', 'ORDER', 'DOMAIN', 'VALID', 'PAYER', 'CENTS', 'YEARS', 'RULE'], ...rows]), json: all }
    }),
}
